package storage_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/trial"
)

// A tree that is high grows and shrinks at random, by keys in order and out of it, some of
// them with the same eight first bytes. It and its clones keep their rules, and hold what
// maps do.
func TestLargeTrees(t *testing.T) {
	rnd := trial.Random(t)
	for range trial.Times(2) {
		tree, want := storage.NewTree(), map[string]string{}
		key := func(i int) string { return fmt.Sprintf("%d-%012d", i%3, i/3*1_000) }
		var clone *storage.Tree
		var cloned map[string]string
		for _, p := range []struct {
			sets  float64 // so many of the writes
			order func(i int) int
		}{
			{1, func(i int) int { return i }},
			{0.1, func(i int) int { return i }},
			{1, func(i int) int { return 30_000 - i }},
			{0.5, func(int) int { return rnd.IntN(30_000) }},
			{0.9, func(int) int { return rnd.IntN(60_000) }},
			{0.1, func(int) int { return rnd.IntN(60_000) }},
			{0, func(i int) int { return 60_000 - i }},
		} {
			clone, cloned = tree.Clone(), maps.Clone(want)
			for i := range 20_000 + rnd.IntN(45_000) {
				k := key(p.order(i))
				if rnd.Float64() < p.sets {
					v := ""
					if i%5 == 0 {
						v = k
					}
					tree.Set([]byte(k), []byte(v), 7)
					want[k] = v
				} else {
					_, had := want[k]
					if tree.Delete([]byte(k)) != had {
						t.Fatalf("delete of %s: not %v", k, had)
					}
					delete(want, k)
				}
			}
			holds(t, rnd, tree, want)
			holds(t, rnd, clone, cloned)
		}
	}
}

// Long keys leave no memory behind with the short ones beside them when they go.
func TestLongKeysLeaveShortOnes(t *testing.T) {
	rnd := trial.Random(t)
	tree := storage.NewTree()
	short := func(i int) []byte { return fmt.Appendf(nil, "%05d", i) }
	long := func(i int) []byte { return fmt.Appendf(nil, "%05d%0*d", i, 1+i%8*300, 0) }
	const many = 3000
	for _, i := range rnd.Perm(many) {
		tree.Set(short(i), nil, 1)
		tree.Set(long(i), nil, 1)
	}
	clone := tree.Clone()
	for _, i := range rnd.Perm(many) {
		tree.Delete(long(i))
	}
	for i := range many { // each goes as soon as it has come
		tree.Set(long(i), nil, 1)
		tree.Delete(long(i))
	}
	if err := tree.Sane(); err != nil || tree.Len() != many {
		t.Fatalf("%d keys, want %d: %v", tree.Len(), many, err)
	}
	if err := clone.Sane(); err != nil || clone.Len() != 2*many {
		t.Fatalf("the clone has %d keys, want %d: %v", clone.Len(), 2*many, err)
	}
}

// holds compares a tree with what it should hold.
func holds(t *testing.T, rnd *rand.Rand, tree *storage.Tree, want map[string]string) {
	t.Helper()
	if err := tree.Sane(); err != nil {
		t.Fatal(err)
	}
	keys := slices.Sorted(maps.Keys(want))
	if tree.Len() != len(keys) {
		t.Fatalf("%d keys, want %d", tree.Len(), len(keys))
	}
	for _, reverse := range []bool{false, true} {
		lo, hi := rnd.IntN(len(keys)+1), rnd.IntN(len(keys)+1)
		r := storage.Range{}
		if lo > 0 && lo < len(keys) {
			r.Lo = []byte(keys[lo])
		} else {
			lo = 0
		}
		if hi < len(keys) {
			r.Hi = []byte(keys[hi])
		}
		part := slices.Clone(keys[min(lo, hi):hi])
		if reverse {
			slices.Reverse(part)
		}
		c := tree.Scan(r, storage.ScanOptions{Reverse: reverse})
		for _, k := range part {
			if !c.Next() || string(c.Key()) != k || string(c.Value()) != want[k] || c.Version() != 7 {
				t.Fatalf("%q, want %q", c.Key(), k)
			}
		}
		for range 2 { // the end is the end
			if c.Next() {
				t.Fatalf("the walk goes on with %q", c.Key())
			}
		}
	}
	for range 100 {
		k := fmt.Sprintf("%d-%012d", rnd.IntN(3), rnd.IntN(30_000)*1_000)
		v, had := want[k]
		if e, _ := tree.Get([]byte(k)); (e.Value != nil) != had || string(e.Value) != v {
			t.Fatalf("%s has %q, want %q", k, e.Value, v)
		}
	}
}
