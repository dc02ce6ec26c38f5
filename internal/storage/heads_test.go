package storage_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/trial"
)

// Heads are those of the keys that a walk comes by, and what lies ahead is what comes,
// also where a walk goes on with single steps or passes all below a bound, on a tree
// and on an engine that copies, and behind any prefix: in full keys and in those that
// end before.
func TestHeads(t *testing.T) {
	eachEngine(t, func(t *testing.T, s *storage.Store, rnd *rand.Rand) {
		var writes []storage.Write
		for range 5000 {
			key := fmt.Sprintf("k%05d-%08d", rnd.IntN(100_000), rnd.IntN(100_000_000))
			writes = append(writes, set(key[:2+rnd.IntN(len(key)-1)], nil), set("k0000"+key[:rnd.IntN(len(key))], nil))
		}
		must(t, commit(s, writes...))
		snap, err := s.Snapshot()
		must(t, err)
		defer snap.Release()
		for i := range trial.Times(20) {
			all := storage.Range{Lo: fmt.Appendf(nil, "k%d", rnd.IntN(5)), Hi: fmt.Appendf(nil, "k%d", 5+rnd.IntN(5))}
			compareHeads(t, snap, all, i%18, func() int { return rnd.IntN(600) - 100 })
			region := storage.Range{Lo: []byte("k0000"), Hi: []byte("k0001")}
			compareHeads(t, snap, region, storage.RegionLen, func() int { return rnd.IntN(600) - 300 })
		}
		s.Close()
		if c := snap.Scan(storage.Range{}, storage.ScanOptions{KeysOnly: true}); c.Heads(0, make([]uint64, 9)) != 0 || c.Err() == nil {
			t.Errorf("heads of a closed store, %v", c.Err())
		}
	})
}

// compareHeads walks over a range by heads, as many at a time as next says, by a single
// step where that is not positive, and by passing as many where it is far below.
func compareHeads(t *testing.T, snap *storage.Snapshot, r storage.Range, skip int, next func() int) {
	c, steps := snap.Scan(r, storage.ScanOptions{KeysOnly: true}), snap.Scan(r, storage.ScanOptions{KeysOnly: true})
	defer c.Close()
	defer steps.Close()
	for {
		n := next()
		if n < -50 {
			if !comparePasses(t, c, steps, skip, -n) {
				return
			}
			continue
		}
		if n <= 0 {
			more := steps.Next()
			if c.Next() != more || string(c.Key()) != string(steps.Key()) {
				t.Fatalf("a step to %s, want %s", c.Key(), steps.Key())
			}
			if more && c.Head(skip) != storage.HeadOf(steps.Key(), skip) {
				t.Fatalf("head %x behind %d bytes of %s", c.Head(skip), skip, c.Key())
			}
			continue
		}
		ahead := make([][]byte, n/3)
		for _, key := range ahead[:c.Ahead(ahead)] {
			if !steps.Next() || string(key) != string(steps.Key()) {
				t.Fatalf("%s lies ahead, want %s", key, steps.Key())
			}
		}
		if string(c.Key()) != string(steps.Key()) {
			t.Fatalf("ahead at %s, want %s", c.Key(), steps.Key())
		}
		to := make([]uint64, n)
		got := c.Heads(skip, to)
		for _, head := range to[:got] {
			if !steps.Next() || head != storage.HeadOf(steps.Key(), skip) {
				t.Fatalf("head %x behind %d bytes of %s", head, skip, steps.Key())
			}
		}
		if got == 0 {
			if steps.Next() || c.Err() != nil {
				t.Fatalf("the walk ended before %s, %v", steps.Key(), c.Err())
			}
			return
		}
		if string(c.Key()) != string(steps.Key()) {
			t.Fatalf("at %s, want %s", c.Key(), steps.Key())
		}
	}
}

// comparePasses lets c pass what has lesser heads than the entry that is some steps on,
// and reports whether there is one.
func comparePasses(t *testing.T, c, steps *storage.Cursor, skip, ahead int) bool {
	var heads []uint64
	for range ahead {
		if !steps.Next() {
			break
		}
		heads = append(heads, storage.HeadOf(steps.Key(), skip))
	}
	ended := len(heads) < ahead
	if !slices.IsSorted(heads) || len(heads) == 0 { // keys that differ in their first skip bytes
		for range heads {
			c.Next()
		}
		if ended && c.Next() {
			t.Fatalf("the walk goes on to %s", c.Key())
		}
		return !ended
	}
	bound := heads[len(heads)-1]
	if ended {
		bound = math.MaxUint64
	}
	passed, arrived := 0, false
	for n := 1; n > 0; passed += n {
		n, arrived = c.Pass(skip, bound)
	}
	for passed+1 < len(heads) && heads[passed] >= bound { // several entries have the bound's head
		if !c.Next() {
			t.Fatal("the walk ended early")
		}
		passed++
	}
	want := len(heads)
	if !ended {
		want--
	}
	if passed != want || arrived == ended || arrived && string(c.Key()) != string(steps.Key()) {
		t.Fatalf("passed %d of %d entries below %x, arrived %v at %s, want %s", passed, want, bound, arrived, c.Key(), steps.Key())
	}
	return !ended
}
