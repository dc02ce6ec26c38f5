package storage_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/virgadb/virga/internal/storage"
)

// A peek finds what Get finds or leaves it to that, whatever keys are asked for: many, few,
// none, some that are not there or are large, on all engines and behind the snapshot's end.
func TestPeek(t *testing.T) {
	eachEngine(t, func(t *testing.T, s *storage.Store, rnd *rand.Rand) {
		large := bytes.Repeat([]byte("large"), storage.LargeValue/4)
		var writes []storage.Write
		for i := range 5000 {
			writes = append(writes, set(fmt.Sprintf("k0000%05d", i), []byte(fmt.Sprint(i))))
		}
		writes = append(writes, set("k0000large", large), set("k0000none", nil))
		must(t, commit(s, writes...))
		snap, err := s.Snapshot()
		must(t, err)
		must(t, commit(s, set("k000000000", []byte("later"))))
		tree := strings.HasSuffix(t.Name(), "/tree") // an engine whose values need no check
		found := 0
		for range 50 {
			keys := [][]byte{[]byte("k0000large"), []byte("k0000none"), nil}[:rnd.IntN(3)]
			for range rnd.IntN(50) {
				keys = append(keys, fmt.Appendf(nil, "k0000%05d", rnd.IntN(6000)))
			}
			rnd.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
			values := make([][]byte, len(keys))
			for i := range values {
				values[i] = []byte("stale")
			}
			if checked := snap.Peek(keys, values); checked != (tree && len(keys) > 1) {
				t.Errorf("a peek for %d keys says that they are checked: %v", len(keys), checked)
			}
			for i, k := range keys {
				e, err := snap.Get(k)
				must(t, err)
				if values[i] != nil {
					found++
					if e.Value == nil || !bytes.Equal(values[i], e.Value) {
						t.Fatalf("%s has %.20q, a peek finds %.20q", k, e.Value, values[i])
					}
				}
			}
		}
		if tree != (found > 0) {
			t.Errorf("%d found", found)
		}
		for key, whole := range map[string]bool{"k000000001": true, "k0000large": false} {
			e, err := snap.Get([]byte(key))
			must(t, err)
			c := snap.Scan(storage.Range{Lo: []byte(key)}, storage.ScanOptions{})
			if !c.Next() || e.Checked != (tree && whole) || c.Checked() != e.Checked {
				t.Errorf("%s is checked: %v, by a walk %v", key, e.Checked, c.Checked())
			}
			c.Close()
		}
		if !snap.Live() {
			t.Error("a snapshot that has not been released is not live")
		}
		snap.Release()
		values := [][]byte{[]byte("stale"), []byte("stale")}
		if snap.Peek([][]byte{[]byte("k000000001"), []byte("k000000002")}, values); values[0] != nil || values[1] != nil || snap.Live() {
			t.Errorf("behind the end of the snapshot a peek finds %q", values)
		}
	})
}
