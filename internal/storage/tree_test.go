package storage_test

import (
	"bytes"
	"fmt"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"github.com/virgadb/virga/internal/storage"
)

// A tree and its clones are driven at random beside plain maps; each must go on
// holding what its map holds, however the others are written.
func TestTreeAgainstMaps(t *testing.T) {
	type pair struct {
		tree *storage.Tree
		want map[string]string
	}
	rapid.Check(t, func(t *rapid.T) {
		all := []pair{{storage.NewTree(), map[string]string{}}}
		key := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint(rapid.IntRange(0, 400).Draw(t, "key")) })
		pick := func() *pair { return &all[rapid.IntRange(0, len(all)-1).Draw(t, "tree")] }
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				p, k, v := pick(), key.Draw(t, "k"), rapid.String().Draw(t, "v")
				p.tree.Set([]byte(k), []byte(v), 7)
				p.want[k] = v
			},
			"fill": func(t *rapid.T) {
				p := pick()
				for i := range rapid.IntRange(0, 400).Draw(t, "n") {
					k := fmt.Sprint(i)
					p.tree.Set([]byte(k), nil, 7)
					p.want[k] = ""
				}
			},
			"delete": func(t *rapid.T) {
				p, k := pick(), key.Draw(t, "k")
				_, had := p.want[k]
				if p.tree.Delete([]byte(k)) != had {
					t.Fatalf("delete %q: had %v", k, had)
				}
				delete(p.want, k)
			},
			"clone": func(t *rapid.T) {
				p := pick()
				want := map[string]string{}
				for k, v := range p.want {
					want[k] = v
				}
				all = append(all, pair{p.tree.Clone(), want})
			},
			"": func(t *rapid.T) {
				p := pick()
				if p.tree.Len() != len(p.want) {
					t.Fatalf("%d keys, want %d", p.tree.Len(), len(p.want))
				}
				if err := p.tree.Sane(); err != nil {
					t.Fatal(err)
				}
				agree(t, p.tree, p.want)
				walk(t, p.tree, p.want, key)
			},
		})
	})
}

// A sorted map is a tree or a forest.
type sorted interface {
	Get(key []byte) (storage.Entry, error)
	Scan(r storage.Range, o storage.ScanOptions) storage.EngineCursor
	Bytes() int64
}

func agree(t *rapid.T, tree sorted, want map[string]string) {
	bytes := int64(0)
	for k, v := range want {
		e, err := tree.Get([]byte(k))
		if err != nil || e.Value == nil || string(e.Value) != v || e.Version != 7 {
			t.Fatalf("%q: %q %d %v", k, e.Value, e.Version, err)
		}
		bytes += storage.EntrySize(len(k), len(v))
	}
	if tree.Bytes() != bytes {
		t.Fatalf("%d bytes accounted, want %d", tree.Bytes(), bytes)
	}
}

func walk(t *rapid.T, tree sorted, want map[string]string, key *rapid.Generator[string]) {
	r := storage.Range{Lo: []byte(key.Draw(t, "lo")), Hi: []byte(key.Draw(t, "hi"))}
	if rapid.Bool().Draw(t, "open end") {
		r.Hi = nil
	}
	o := storage.ScanOptions{Reverse: rapid.Bool().Draw(t, "reverse")}
	var keys []string
	for k := range want {
		if k >= string(r.Lo) && (r.Hi == nil || k < string(r.Hi)) {
			keys = append(keys, k)
		}
	}
	sort.Slice(keys, func(i, j int) bool { return (keys[i] < keys[j]) != o.Reverse })
	c := tree.Scan(r, o)
	for _, k := range keys {
		if !c.Next() || string(c.Key()) != k || !bytes.Equal(c.Value(), []byte(want[k])) {
			t.Fatalf("walk of %q %+v: %q, want %q", r, o, c.Key(), k)
		}
	}
	if c.Next() || c.Err() != nil {
		t.Fatalf("walk of %q %+v goes on: %v", r, o, c.Err())
	}
}

func TestTreeBytesOutliveIt(t *testing.T) {
	tree := storage.NewTree()
	for i := range 1000 {
		tree.Set(fmt.Appendf(nil, "k%03d", i), fmt.Appendf(nil, "v%d", i), 1)
	}
	c := tree.Scan(storage.Range{}, storage.ScanOptions{})
	var keys, values [][]byte
	for c.Next() {
		keys, values = append(keys, c.Key()), append(values, c.Value())
	}
	next := tree.Clone()
	for _, k := range keys {
		next.Delete(k)
	}
	for i := range keys {
		if string(keys[i]) != fmt.Sprintf("k%03d", i) || string(values[i]) != fmt.Sprint("v", i) {
			t.Fatalf("entry %d became %q %q", i, keys[i], values[i])
		}
	}
	if next.Len() != 0 || next.Bytes() != 0 {
		t.Errorf("emptied: %d keys, %d bytes", next.Len(), next.Bytes())
	}
}
