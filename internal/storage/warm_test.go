package storage_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/virgadb/virga/internal/storage"
)

// Warming changes nothing, whatever keys are asked for: many, few, none, some that are
// not there, on all engines and behind the snapshot's end.
func TestWarm(t *testing.T) {
	eachEngine(t, func(t *testing.T, s *storage.Store, rnd *rand.Rand) {
		var writes []storage.Write
		for i := range 5000 {
			writes = append(writes, set(fmt.Sprintf("k0000%05d", i), []byte(fmt.Sprint(i))))
		}
		must(t, commit(s, writes...))
		snap, err := s.Snapshot()
		must(t, err)
		for range 50 {
			var keys [][]byte
			for range rnd.IntN(50) {
				keys = append(keys, fmt.Appendf(nil, "k0000%05d", rnd.IntN(6000)))
			}
			snap.Warm(keys)
			snap.Warm([][]byte{[]byte("z"), nil})
			for _, k := range keys {
				e, err := snap.Get(k)
				must(t, err)
				if want := string(k[5:]); e.Value != nil != (want < "05000") || e.Value != nil && fmt.Sprintf("%05s", e.Value) != want {
					t.Fatalf("%s has %q", k, e.Value)
				}
			}
		}
		snap.Release()
		snap.Warm([][]byte{[]byte("k000000001"), []byte("k000000002")})
	})
}
