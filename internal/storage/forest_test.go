package storage_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/virgadb/virga/internal/storage"
)

// A forest and its clones are driven at random beside plain maps, with keys shorter
// than a region's prefix, keys that zeroes make equal to one, and several regions.
func TestForestAgainstMaps(t *testing.T) {
	type pair struct {
		forest *storage.Forest
		want   map[string]string
	}
	rapid.Check(t, func(t *rapid.T) {
		all := []pair{{storage.NewForest(), map[string]string{}}}
		part := func(t *rapid.T, of ...string) string { return rapid.SampledFrom(of).Draw(t, "part") }
		key := rapid.Custom(func(t *rapid.T) string {
			return part(t, "", "\x00", "a\x00", "a\x00\x00\x00\x00", "a\x00\x00\x00\x01", "a\x00\x00\x01\x00", "\xff\xff\xff\xff\xff") +
				part(t, "", "\x00", "\x00\x00") + part(t, "", "1", "2", "3")
		})
		pick := func() *pair { return &all[rapid.IntRange(0, len(all)-1).Draw(t, "forest")] }
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				p, k, v := pick(), key.Draw(t, "k"), rapid.String().Draw(t, "v")
				p.forest.Set([]byte(k), []byte(v), 7)
				p.want[k] = v
			},
			"delete": func(t *rapid.T) {
				p, k := pick(), key.Draw(t, "k")
				_, had := p.want[k]
				if p.forest.Delete([]byte(k)) != had {
					t.Fatalf("delete %q: had %v", k, had)
				}
				delete(p.want, k)
			},
			"clone": func(t *rapid.T) {
				p := pick()
				all = append(all, pair{p.forest.Clone(), maps.Clone(p.want)})
			},
			"": func(t *rapid.T) {
				p, k := pick(), key.Draw(t, "k")
				agree(t, p.forest, p.want)
				walk(t, p.forest, p.want, key)
				if e, _ := p.forest.Get([]byte(k)); e.Value != nil {
					if _, had := p.want[k]; !had {
						t.Fatalf("%q is there", k)
					}
				}
			},
		})
	})
}

// Clones are written by a goroutine each, which nothing but the race detector and a
// look at what they hold can tell from one after the other.
func TestForestClonesAreWrittenAtOnce(t *testing.T) {
	first := storage.NewForest()
	key := func(i int) []byte { return fmt.Appendf(nil, "r%04d%03d", i%7, i) }
	for i := range 500 {
		first.Set(key(i), nil, 1)
	}
	clones := []*storage.Forest{first.Clone(), first.Clone(), first.Clone()}
	var wg sync.WaitGroup
	for n, f := range clones {
		wg.Go(func() {
			for i := n; i < 500; i += len(clones) {
				f.Delete(key(i))
				if i%50 == 0 {
					f = f.Clone()
				}
			}
			clones[n] = f
		})
	}
	wg.Wait()
	for n, f := range clones {
		want := map[string]string{}
		for i := range 500 {
			if i%len(clones) != n {
				want[string(key(i))] = ""
			}
		}
		c := f.Scan(storage.Range{}, storage.ScanOptions{})
		for _, k := range slices.Sorted(maps.Keys(want)) {
			if !c.Next() || string(c.Key()) != k {
				t.Fatalf("clone %d: %q, want %q", n, c.Key(), k)
			}
		}
		if c.Next() {
			t.Fatalf("clone %d goes on with %q", n, c.Key())
		}
	}
}
