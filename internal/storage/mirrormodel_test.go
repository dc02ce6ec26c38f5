package storage_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/trial"
)

// regionModel is what a store should hold at one version.
type regionModel map[string]string

// walk returns what a scan should visit.
func (m regionModel) walk(r storage.Range, reverse bool) (list []string) {
	for k := range m {
		if k >= string(r.Lo) && (r.Hi == nil || k < string(r.Hi)) {
			list = append(list, k)
		}
	}
	sort.Strings(list)
	for i, k := range list {
		list[i] = k + "=" + m[k]
	}
	if reverse {
		slices.Reverse(list)
	}
	return list
}

func someKey(rnd *rand.Rand) []byte {
	return regionKey("di"[rnd.IntN(2)], 1+rnd.IntN(3), "%0*d", 1+rnd.IntN(2), rnd.IntN(60))
}

func someRange(rnd *rand.Rand) storage.Range {
	space, n := "di"[rnd.IntN(2)], 1+rnd.IntN(3)
	r := regionRange(space, n)
	switch rnd.IntN(4) {
	case 0:
		r.Lo = regionKey(space, n, "%d", rnd.IntN(60))
	case 1:
		r.Hi = regionKey(space, n, "%d", rnd.IntN(60))
	case 2:
		r = storage.Range{Lo: someKey(rnd), Hi: someKey(rnd)}
	}
	return r
}

// A store that mirrors, with room for some of its regions, must show every
// snapshot what a plain map of its version holds.
func TestMirrorModel(t *testing.T) {
	rnd := trial.Random(t)
	s := openMirrored(t, new(counted).engine(), mirrorOptions(int64(2000+rnd.IntN(20_000))))
	type held struct {
		snap  *storage.Snapshot
		model regionModel
	}
	var snaps []held
	now, sizes, mirrored := regionModel{}, map[string]storage.PartSet{}, 0
	for range 250 * trial.Effort() {
		next := regionModel{}
		for k, v := range now {
			next[k] = v
		}
		var writes []storage.Write
		written := map[string]bool{} // a large value must be known to replace it
		for range rnd.IntN(6) {
			k := someKey(rnd)
			if written[string(k)] {
				continue
			}
			written[string(k)] = true
			w := storage.Write{Key: k, Delete: rnd.IntN(3) == 0, Replaces: sizes[string(k)]}
			delete(sizes, string(k))
			delete(next, string(k))
			if !w.Delete {
				w.Value = bytes.Repeat([]byte{byte(rnd.IntN(256))}, rnd.IntN(100))
				if rnd.IntN(2000) == 0 {
					w.Value = large(rnd.IntN(256), 2)
				}
				next[string(k)] = string(w.Value)
			}
			writes = append(writes, w)
		}
		must(t, commit(s, writes...))
		now = next
		snap, err := s.Snapshot()
		must(t, err)
		for k, v := range now {
			if len(v) > storage.LargeValue {
				e, err := snap.Get([]byte(k))
				must(t, err)
				sizes[k] = e.Parts
			}
		}
		snaps = append(snaps, held{snap, now})
		if len(snaps) > 5 {
			i := rnd.IntN(len(snaps))
			snaps[i].snap.Release()
			snaps = slices.Delete(snaps, i, i+1)
		}
		for _, h := range snaps {
			if r := someRange(rnd); h.snap.Mirrored(r.Lo) {
				mirrored++
			}
			if err := agrees(h.snap, h.model, rnd); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, h := range snaps {
		h.snap.Release()
	}
	st := s.Stats()
	t.Logf("%d loads, %d drops, %d reads of mirrors", st.MirrorLoads, st.MirrorDrops, mirrored)
	if st.MirrorLoads == 0 || mirrored == 0 {
		t.Error("nothing was mirrored")
	}
	must(t, s.Verify(context.Background()))
}

// agrees compares one random scan and one random key.
func agrees(snap *storage.Snapshot, m regionModel, rnd *rand.Rand) error {
	r, reverse := someRange(rnd), rnd.IntN(2) == 0
	c := snap.Scan(r, storage.ScanOptions{Reverse: reverse})
	defer c.Close()
	want := m.walk(r, reverse)
	for i, w := range want {
		if !c.Next() || string(c.Key())+"="+string(c.Own()) != w {
			return fmt.Errorf("version %d, scan of %x, mirrored %v, reverse %v: entry %d of %d is %q, %v", snap.Version(), r, snap.Mirrored(r.Lo), reverse, i, len(want), c.Key(), c.Err())
		}
	}
	if c.Next() || c.Err() != nil {
		return fmt.Errorf("version %d, scan of %x, mirrored %v, reverse %v: goes on to %q behind %d entries, %v", snap.Version(), r, snap.Mirrored(r.Lo), reverse, c.Key(), len(want), c.Err())
	}
	k := someKey(rnd)
	e, err := snap.Get(k)
	if v, ok := m[string(k)]; err != nil || string(e.Value) != v || (e.Value != nil) != ok {
		return fmt.Errorf("version %d, key %q: %d bytes, %v, want %d", snap.Version(), k, len(e.Value), err, len(v))
	}
	return nil
}
