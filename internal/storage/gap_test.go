package storage_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/trial"
)

// firstKey walks to the first entry of a range and returns the calls that took.
func firstKey(t *testing.T, s *storage.Store, n *counted, r storage.Range, o storage.ScanOptions) (string, int64) {
	t.Helper()
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	before := n.nexts.Load()
	c := snap.Scan(r, o)
	defer c.Close()
	if !c.Next() {
		must(t, c.Err())
		return "", n.nexts.Load() - before
	}
	return string(c.Key()[storage.RegionLen:]), n.nexts.Load() - before
}

// A mark must be seen where it matters: the engine is asked from there on.
func TestGap(t *testing.T) {
	n := counted{slow: true}
	e := &starts{Engine: n.engine()}
	s := openMirrored(t, e, mirrorOptions(0))
	fillRegion(t, s, 'i', 1, 100, 0)
	all := regionRange('i', 1)
	expect := func(what, key, start string) {
		t.Helper()
		got, _ := firstKey(t, s, &n, all, storage.ScanOptions{})
		if got != key || e.last() != start {
			t.Errorf("%s: first key %q, want %q; the engine was asked from %q, want %q", what, got, key, e.last(), start)
		}
	}
	remove := func(from, to int) {
		t.Helper()
		var writes []storage.Write
		for i := from; i < to; i++ {
			writes = append(writes, storage.Write{Key: regionKey('i', 1, "%06d", i), Delete: true})
		}
		must(t, commit(s, writes...))
	}
	expect("at first", "000000", "")
	expect("learnt", "000000", "000000")
	old, err := s.Snapshot()
	must(t, err)
	defer old.Release()
	remove(0, 50)
	expect("removed", "000050", "000000")
	expect("raised", "000050", "000050")
	if c := old.Scan(all, storage.ScanOptions{}); !c.Next() || string(c.Key()[storage.RegionLen:]) != "000000" {
		t.Errorf("an older snapshot begins at %q", c.Key())
	} else {
		c.Close()
	}
	must(t, commit(s, set(string(regionKey('i', 1, "000020")), nil)))
	expect("lowered", "000020", "000020")
	remove(20, 21)
	expect("removed again", "000050", "000020")
	expect("raised again", "000050", "000050")
	if got, _ := firstKey(t, s, &n, storage.Range{Lo: all.Lo, Hi: regionKey('i', 1, "000030")}, storage.ScanOptions{}); got != "" {
		t.Errorf("found %q below the mark", got)
	}
	if got, _ := firstKey(t, s, &n, all, storage.ScanOptions{Reverse: true}); got != "000099" {
		t.Errorf("backwards: %q", got)
	}
	remove(50, 100)
	expect("emptied", "", "000050")
	expect("empty", "", "\x00end")
	must(t, commit(s, set(string(regionKey('i', 1, "000000")), nil)))
	expect("filled again", "000000", "000000")
}

// A walk that begins before a write below what it finds must not hide the write.
func TestGapBesideWrites(t *testing.T) {
	n := counted{slow: true}
	s := openMirrored(t, n.engine(), mirrorOptions(0))
	fillRegion(t, s, 'i', 1, 20, 0)
	all := regionRange('i', 1)
	firstKey(t, s, &n, all, storage.ScanOptions{})
	var writes []storage.Write
	for i := range 10 {
		writes = append(writes, storage.Write{Key: regionKey('i', 1, "%06d", i), Delete: true})
	}
	must(t, commit(s, writes...))
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	must(t, commit(s, set(string(regionKey('i', 1, "000005")), nil)))
	must(t, walkRange(snap, all)) // sees 000010 first
	if got, _ := firstKey(t, s, &n, all, storage.ScanOptions{}); got != "000005" {
		t.Errorf("the first key is %q", got)
	}
	must(t, commit(s, storage.Write{Key: regionKey('i', 1, "000005"), Delete: true}))
	firstKey(t, s, &n, all, storage.ScanOptions{})
	if got, _ := firstKey(t, s, &n, all, storage.ScanOptions{}); got != "000010" {
		t.Errorf("the first key is %q", got)
	}
}

// Stretches inside a region have gaps of their own, and those used last are kept.
func TestGapInside(t *testing.T) {
	n := counted{slow: true}
	e := &starts{Engine: n.engine()}
	s := openMirrored(t, e, mirrorOptions(0))
	stretch := func(name string) storage.Range {
		return storage.Range{Lo: regionKey('i', 1, "%s", name), Hi: regionKey('i', 1, "%s~", name)}
	}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		var writes []storage.Write
		for i := range 10 {
			writes = append(writes, set(string(regionKey('i', 1, "%s%d", name, i)), nil))
		}
		must(t, commit(s, writes...))
		for i := range writes[:9] {
			writes[i] = storage.Write{Key: writes[i].Key, Delete: true}
		}
		must(t, commit(s, writes[:9]...))
	}
	expect := func(name, start string) {
		t.Helper()
		if got, _ := firstKey(t, s, &n, stretch(name), storage.ScanOptions{}); got != name+"9" || e.last() != start {
			t.Errorf("stretch %s begins at %q, the engine was asked from %q, want %q", name, got, e.last(), start)
		}
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		expect(name, name)
		expect(name, name+"9")
	}
	expect("a", "a9")
	expect("e", "e") // in the place of the oldest
	expect("e", "e9")
	expect("b", "b9")
	expect("a", "a")
	must(t, commit(s, set(string(regionKey('i', 1, "e5")), nil)))
	if got, _ := firstKey(t, s, &n, stretch("e"), storage.ScanOptions{}); got != "e5" {
		t.Errorf("found %q", got)
	}
}

// starts notes where scans of region i1 begin.
type starts struct {
	storage.Engine
	mu sync.Mutex
	lo []byte
}

func (e *starts) last() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if string(e.lo) == string(regionRange('i', 1).Hi) {
		return "\x00end"
	}
	return string(e.lo[storage.RegionLen:])
}

func (e *starts) View() storage.View { return startsView{e.Engine.View(), e} }

type startsView struct {
	storage.View
	engine *starts
}

func (v startsView) Scan(r storage.Range, o storage.ScanOptions) storage.EngineCursor {
	if len(r.Lo) >= storage.RegionLen && r.Lo[0] == 'i' {
		v.engine.mu.Lock()
		v.engine.lo = r.Lo
		v.engine.mu.Unlock()
	}
	return v.View.Scan(r, o)
}

// Whatever is learnt, in whatever order snapshots of several ages are read and
// keys come and go, a scan must find what a plain map of its version holds.
func TestGapModel(t *testing.T) {
	rnd := trial.Random(t)
	n := counted{slow: true}
	s := openMirrored(t, n.engine(), mirrorOptions(0))
	type held struct {
		snap  *storage.Snapshot
		model regionModel
	}
	var snaps []held
	now := regionModel{}
	for range 60 * trial.Effort() {
		next := maps.Clone(now)
		var writes []storage.Write
		low := rnd.IntN(60)
		for i := range 60 { // mostly from the head, as a queue is emptied
			k := regionKey('i', 1, "%02d", i)
			switch {
			case i < low && rnd.IntN(10) > 0 || rnd.IntN(20) == 0:
				delete(next, string(k))
				writes = append(writes, storage.Write{Key: k, Delete: true})
			case rnd.IntN(15) == 0:
				next[string(k)] = "v"
				writes = append(writes, set(string(k), []byte("v")))
			}
		}
		must(t, commit(s, writes...))
		now = next
		snap, err := s.Snapshot()
		must(t, err)
		if snaps = append(snaps, held{snap, now}); len(snaps) > 4 {
			i := rnd.IntN(len(snaps))
			snaps[i].snap.Release()
			snaps = slices.Delete(snaps, i, i+1)
		}
		for range 2 {
			h := snaps[rnd.IntN(len(snaps))]
			r := storage.Range{Lo: regionKey('i', 1, "%s", []string{"", "1", "2", "3"}[rnd.IntN(4)]), Hi: regionRange('i', 1).Hi}
			reverse := rnd.IntN(4) == 0
			c := h.snap.Scan(r, storage.ScanOptions{Reverse: reverse})
			for i, want := range h.model.walk(r, reverse) {
				if !c.Next() || string(c.Key())+"=v" != want {
					t.Fatalf("version %d of %d, from %q, reverse %v: entry %d is %q, want %q", h.snap.Version(), snap.Version(), r.Lo, reverse, i, c.Key(), want)
				}
			}
			if c.Next() {
				t.Fatalf("version %d, from %q: %q is too many", h.snap.Version(), r.Lo, c.Key())
			}
			must(t, c.Err())
		}
		if rnd.IntN(10) == 0 {
			n.slow = false
			must(t, s.Verify(context.Background()))
			n.slow = true
		}
	}
	for _, h := range snaps {
		h.snap.Release()
	}
}
