package storage_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/trial"
)

// A walk that skips comes to the entries that one without would, in either direction, on a
// tree, on an engine that copies and on one on disk.
func TestCursorsSkip(t *testing.T) {
	eachEngine(t, func(t *testing.T, s *storage.Store, rnd *rand.Rand) {
		var keys []string
		var writes []storage.Write
		for i := range 6000 {
			keys = append(keys, fmt.Sprintf("k%05d", i*7))
			writes = append(writes, set(keys[i], []byte("v")))
		}
		must(t, commit(s, writes...))
		snap, err := s.Snapshot()
		must(t, err)
		defer snap.Release()
		for range trial.Times(100) {
			r := storage.Range{Lo: fmt.Appendf(nil, "k%05d", rnd.IntN(45_000)), Hi: fmt.Appendf(nil, "k%05d", rnd.IntN(45_000))}
			if rnd.IntN(4) == 0 {
				r.Hi = nil
			}
			o := storage.ScanOptions{Reverse: rnd.IntN(2) == 0, KeysOnly: rnd.IntN(2) == 0}
			var want []string
			for _, k := range keys {
				if k >= string(r.Lo) && (r.Hi == nil || k < string(r.Hi)) {
					want = append(want, k)
				}
			}
			if o.Reverse {
				slices.Reverse(want)
			}
			c := snap.Scan(r, o)
			skipThrough(t, rnd, c, want)
			c.Close()
			if c.Skip(1) != 0 {
				t.Fatal("a closed cursor skips")
			}
		}
	})
}

// A walk that passes over what is less than a number stays in its range, and counts what it
// has passed over there.
func TestCursorsPassWithinTheirRange(t *testing.T) {
	eachEngine(t, func(t *testing.T, s *storage.Store, rnd *rand.Rand) {
		const many = 6000
		key := func(i int) []byte { return fmt.Appendf(nil, "kkkkk%08d", i) }
		var writes []storage.Write
		for i := range many {
			writes = append(writes, set(string(key(i)), nil))
		}
		must(t, commit(s, writes...))
		snap, err := s.Snapshot()
		must(t, err)
		defer snap.Release()
		for range trial.Times(100) {
			lo, hi, bound := rnd.IntN(many), rnd.IntN(many), rnd.IntN(many)
			c := snap.Scan(storage.Range{Lo: key(lo), Hi: key(hi)}, storage.ScanOptions{KeysOnly: true})
			passed, arrived := 0, false
			for {
				n, is := c.Pass(5, storage.HeadOf(key(bound), 5))
				if passed += n; n == 0 {
					arrived = is
					break
				}
			}
			if want := max(0, min(bound, hi)-lo); passed != want || arrived != (max(bound, lo) < hi) {
				t.Fatalf("passed %d from %d up to %d in what ends at %d, arrived %v", passed, lo, bound, hi, arrived)
			}
			if arrived && string(c.Key()) != string(key(max(bound, lo))) {
				t.Fatalf("came to %s, want %d", c.Key(), max(bound, lo))
			}
			c.Close()
		}
	})
}

// skipThrough walks to the end of what is wanted by single steps and by skipping.
func skipThrough(t *testing.T, rnd *rand.Rand, c *storage.Cursor, want []string) {
	for at := 0; ; {
		if rnd.IntN(2) == 0 {
			if more := c.Next(); more != (at < len(want)) || more && string(c.Key()) != want[at] {
				t.Fatalf("entry %d of %d is %s", at, len(want), c.Key())
			} else if !more {
				return
			}
			at++
			continue
		}
		n := 1 + rnd.IntN(1+rnd.IntN(2*len(want)+10))
		skipped := 0
		for k := c.Skip(n); k > 0 && skipped < n; k = c.Skip(n - skipped) {
			skipped += k
		}
		if skipped != min(n, len(want)-at) {
			t.Fatalf("skipped %d from %d of %d, asked for %d", skipped, at, len(want), n)
		}
		at += skipped
	}
}
