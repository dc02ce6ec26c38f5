package storage_test

import (
	"sync"
	"testing"

	"github.com/virgadb/virga/internal/storage"
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
func TestLowMark(t *testing.T) {
	var n counted
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
func TestLowMarkBesideWrites(t *testing.T) {
	var n counted
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
