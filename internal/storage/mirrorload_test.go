package storage_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/internal/storage/storagetest"
)

// slowly is an engine whose cursors wait at each step while it is held.
type slowly struct {
	held    atomic.Bool
	steps   atomic.Int64  // that cursors have taken
	arrived chan struct{} // receives once a cursor waits
	once    sync.Once
}

func (w *slowly) engine() storage.Engine {
	w.arrived = make(chan struct{})
	return storagetest.Faulty(memory.Open(memory.Options{}), func(c storagetest.Call) error {
		for c.Op == storagetest.Next && !c.After && w.held.Load() {
			w.once.Do(func() { close(w.arrived) })
			time.Sleep(100 * time.Microsecond)
		}
		if c.Op == storagetest.Next && c.After {
			w.steps.Add(1)
		}
		return nil
	})
}

// startLoad has the loader wait at the first step of region d1, of n keys.
func startLoad(t *testing.T, w *slowly, s *storage.Store, n int) {
	t.Helper()
	fillRegion(t, s, 'd', 1, n, 20)
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	for range 7 {
		_, err := snap.Get(regionKey('d', 1, "000000"))
		must(t, err)
	}
	w.held.Store(true)
	_, err = snap.Get(regionKey('d', 1, "000000"))
	must(t, err)
	<-w.arrived
}

// What is written while a region is loaded is in its mirror in the end.
func TestMirrorBacklog(t *testing.T) {
	var w slowly
	s := openMirrored(t, w.engine(), mirrorOptions(4<<20))
	startLoad(t, &w, s, 3000)
	for i := range 3000 {
		switch k := string(regionKey('d', 1, "%06d", i)); i % 3 {
		case 0:
			must(t, commit(s, set(k, fmt.Append(nil, "new", i))))
		case 1:
			must(t, commit(s, storage.Write{Key: []byte(k), Delete: true}, set(k+"x", nil)))
		}
	}
	if list := s.Mirrors(); len(list) != 1 || !list[0].Loading || list[0].Bytes < 3000*70 || list[0].Bytes != s.Stats().Mirrors {
		t.Errorf("while loading: %+v, %d bytes", list, s.Stats().Mirrors)
	}
	w.held.Store(false)
	for i := 0; !mirroredNow(t, s, 'd', 1); i++ { // and while the backlog is made good
		must(t, commit(s, set(string(regionKey('d', 1, "late%06d", i)), nil)))
	}
	must(t, s.Verify(context.Background()))
	if got, _ := get(t, s, string(regionKey('d', 1, "002999"))); string(got) != "\xb7\xb7\xb7\xb7\xb7\xb7\xb7\xb7\xb7\xb7\xb7\xb7\xb7\xb7\xb7\xb7\xb7\xb7\xb7\xb7" && string(got) != "new2999" {
		t.Errorf("got %q", got)
	}
	if list := s.Mirrors(); list[0].Loading || list[0].Entries < 3000 || list[0].Bytes != s.Stats().Mirrors {
		t.Errorf("loaded: %+v, %d bytes", list, s.Stats().Mirrors)
	}
}

// A backlog counts: one that is too long ends the load.
func TestMirrorBacklogLimit(t *testing.T) {
	var w slowly
	s := openMirrored(t, w.engine(), mirrorOptions(64<<10))
	startLoad(t, &w, s, 100)
	for i := range 2000 {
		must(t, commit(s, set(string(regionKey('d', 1, "000007")), fmt.Append(nil, i))))
		if used := s.Stats().Mirrors; used > 64<<10 {
			t.Fatalf("%d bytes after %d writes", used, i)
		}
	}
	if len(s.Mirrors()) != 0 || s.Stats().Mirrors != 0 {
		t.Errorf("still loading: %+v, %d bytes", s.Mirrors(), s.Stats().Mirrors)
	}
	w.held.Store(false)
	mirror(t, s, 'd', 1)
}

func TestMirrorDropWhileLoading(t *testing.T) {
	var w slowly
	s := openMirrored(t, w.engine(), mirrorOptions(1<<20))
	startLoad(t, &w, s, 100)
	_, err := s.Commit(context.Background(), &storage.Request{Garbage: []storage.Range{regionRange('d', 1)}})
	must(t, err)
	if len(s.Mirrors()) != 0 || s.Stats().Mirrors != 0 {
		t.Errorf("still loading: %+v, %d bytes", s.Mirrors(), s.Stats().Mirrors)
	}
	w.held.Store(false)
	eventually(t, "sweep", func() bool { return s.Stats().Garbage == 0 })
	fillRegion(t, s, 'd', 2, 100, 20)
	mirror(t, s, 'd', 2)
}

// Close does not wait for the rest of a load.
func TestMirrorCloseEndsALoad(t *testing.T) {
	var w slowly
	s := openMirrored(t, w.engine(), mirrorOptions(16<<20))
	startLoad(t, &w, s, 10_000)
	before := w.steps.Load()
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	eventually(t, "closing", func() bool { return errors.Is(commit(s, set("k", nil)), fault.ErrClosed) })
	w.held.Store(false)
	must(t, <-closed)
	if n := w.steps.Load() - before; n > 1000 {
		t.Errorf("the load took %d steps of 10000 more", n)
	}
}

// Close beside a load leaves nothing behind it.
func TestMirrorCloseWhileLoading(t *testing.T) {
	for round := range 10 {
		e := storagetest.Strict(t, storagetest.Faulty(memory.Open(memory.Options{}), func(c storagetest.Call) error {
			if c.Op == storagetest.Next && !c.After && c.N%100 == 0 {
				time.Sleep(10 * time.Microsecond)
			}
			return nil
		}))
		s, err := storage.New(e, mirrorOptions(16<<20))
		must(t, err)
		fillRegion(t, s, 'd', 1, 10_000, 20)
		snap, err := s.Snapshot()
		must(t, err)
		c := snap.Scan(regionRange('d', 1), storage.ScanOptions{})
		c.Next()
		time.Sleep(time.Duration(round) * time.Millisecond)
		must(t, s.Close())
		if c.Next() || !errors.Is(c.Err(), fault.ErrClosed) {
			t.Errorf("cursor after Close: %v", c.Err())
		}
		if s.Mirrors() != nil {
			t.Error("mirrors after Close")
		}
		c.Close()
		snap.Release()
	}
}

// A store that has stopped writing goes on reading, and mirrors no more: nobody
// knows what the engine holds.
func TestMirrorAfterFailedWrite(t *testing.T) {
	errDisk := errors.New("disk on fire")
	var failing atomic.Bool
	s := openMirrored(t, storagetest.Faulty(memory.Open(memory.Options{}), func(c storagetest.Call) error {
		if c.Op == storagetest.Apply && c.After && failing.Load() {
			return errDisk
		}
		return nil
	}), mirrorOptions(1<<20))
	fillRegion(t, s, 'd', 1, 10, 20)
	fillRegion(t, s, 'd', 2, 10, 20)
	mirror(t, s, 'd', 1)
	failing.Store(true)
	k := string(regionKey('d', 1, "000003"))
	if err := commit(s, set(k, []byte("new")), set(string(regionKey('d', 2, "new")), nil)); !errors.Is(err, fault.ErrReadOnly) {
		t.Fatalf("commit: %v", err)
	}
	for range 100 {
		if got := len(readAll(t, s, regionRange('d', 2), storage.ScanOptions{})); got != 10 {
			t.Fatalf("%d keys in a region that had 10", got)
		}
	}
	if got, _ := get(t, s, k); string(got) == "new" || !mirroredNow(t, s, 'd', 1) || mirroredNow(t, s, 'd', 2) {
		t.Errorf("got %q, mirrors %+v", got, s.Mirrors())
	}
}

func TestMirrorReadOnly(t *testing.T) {
	e := kept{memory.Open(memory.Options{})}
	s, err := storage.New(e, storage.Options{})
	must(t, err)
	fillRegion(t, s, 'd', 1, 10, 20)
	must(t, s.Close())
	o := mirrorOptions(1 << 20)
	o.ReadOnly = true
	s = openMirrored(t, storagetest.Faulty(e, func(storagetest.Call) error { return nil }), o)
	s.Start(storage.Hooks{}, "meta")
	mirror(t, s, 'd', 1)
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	if snap.Meta() != "meta" || count(t, snap, regionRange('d', 1)) != 10 {
		t.Errorf("meta %v", snap.Meta())
	}
}
