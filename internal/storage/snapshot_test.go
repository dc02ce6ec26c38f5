package storage_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/internal/storage/storagetest"
	"github.com/virgadb/virga/internal/trial"
)

// views counts the views of an engine that have not been released.
type views struct {
	storage.Engine
	open, twice atomic.Int64
	retired     atomic.Uint64
}

type countedView struct {
	storage.View
	of   *views
	gone atomic.Bool
}

func (e *views) View() storage.View {
	e.open.Add(1)
	return &countedView{View: e.Engine.View(), of: e}
}

func (e *views) Retire(version uint64) { e.retired.Store(version); e.Engine.Retire(version) }

func (v *countedView) Release() {
	v.of.open.Add(-1)
	if v.gone.Swap(true) {
		v.of.twice.Add(1)
	}
}

func (v *countedView) Get(key []byte) (storage.Entry, error) {
	if v.gone.Load() {
		return storage.Entry{}, errors.New("read from a released view")
	}
	return v.View.Get(key)
}

func TestViewsAreReleasedOnceAndInTime(t *testing.T) {
	e := &views{Engine: memory.Open(memory.Options{})}
	s := open(t, e, storage.Options{})
	must(t, commit(s, set("k", nil)))
	pin, err := s.Snapshot()
	must(t, err)
	cursor := pin.Scan(storage.Range{}, storage.ScanOptions{})
	for range 200 {
		must(t, commit(s, set("k", nil)))
	}
	if n := e.open.Load(); n != 2 {
		t.Errorf("%d views are open, want the pinned and the newest", n)
	}
	if got := e.retired.Load(); got == 0 || got > pin.Version() {
		t.Errorf("retired %d under a snapshot of %d", got, pin.Version())
	}
	pin.Release()
	if n, oldest := e.open.Load(), s.Stats().Oldest; n != 2 || oldest != pin.Version() {
		t.Errorf("the cursor does not hold its version: %d views, oldest %d", n, oldest)
	}
	if !cursor.Next() || string(cursor.Key()) != "k" {
		t.Errorf("the cursor ended with its snapshot: %v", cursor.Err())
	}
	cursor.Close()
	cursor.Close()
	if n := e.open.Load(); n != 1 {
		t.Errorf("%d views are open at rest", n)
	}
	must(t, s.Compact(context.Background()))
	if got := e.retired.Load(); got != s.Stats().Version {
		t.Errorf("compaction retires up to %d of %d", got, s.Stats().Version)
	}
	left, err := s.Snapshot()
	must(t, err)
	must(t, s.Close())
	left.Release()
	if e.open.Load() != 0 || e.twice.Load() != 0 {
		t.Errorf("after Close: %d open, %d released twice", e.open.Load(), e.twice.Load())
	}
}

// Snapshots are taken, read, shared and released by many goroutines while the
// state they are of goes out of date under them.
func TestSnapshotsUnderFire(t *testing.T) {
	e := &views{Engine: memory.Open(memory.Options{})}
	s := open(t, e, storage.Options{})
	must(t, commit(s, set("k", []byte("0"))))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 * trial.Effort() {
				snap, err := s.Snapshot()
				if err != nil {
					t.Error(err)
					return
				}
				var both sync.WaitGroup
				both.Go(func() { snap.Release() })
				for range 3 {
					e, err := snap.Get([]byte("k"))
					if err != nil && !errors.Is(err, fault.ErrClosed) || err == nil && e.Value == nil {
						t.Error(string(e.Value), err)
					}
				}
				both.Wait()
			}
		})
	}
	wg.Go(func() {
		for i := range 2000 * trial.Effort() {
			if err := commit(s, set("k", fmt.Append(nil, i))); err != nil {
				t.Error(err)
				return
			}
		}
	})
	wg.Wait()
	if e.open.Load() != 1 || e.twice.Load() != 0 {
		t.Errorf("%d views open, %d released twice", e.open.Load(), e.twice.Load())
	}
}

// What Own returns must outlive the cursor's next steps, however it is made.
func TestOwnedValuesLast(t *testing.T) {
	for _, copying := range []bool{false, true} {
		e := storage.Engine(memory.Open(memory.Options{}))
		if copying {
			e = unshared{e}
		}
		s := open(t, e, storage.Options{})
		const n = 2000
		for from := 0; from < n; from += 500 {
			var writes []storage.Write
			for i := from; i < from+500; i++ {
				v := fmt.Appendf(nil, "value %d", i)
				if i%50 == 0 {
					v = append([]byte{0xc1}, v...)
				}
				writes = append(writes, set(fmt.Sprintf("k%05d", i), v))
			}
			must(t, commit(s, writes...))
		}
		snap, err := s.Snapshot()
		must(t, err)
		for round := range 2 {
			c := snap.Scan(storage.Range{}, storage.ScanOptions{})
			var owned [][]byte
			for c.Next() {
				owned = append(owned, c.Own())
			}
			must(t, c.Err())
			for i, v := range owned {
				want := fmt.Sprintf("value %d", i)
				if i%50 == 0 {
					want = "\xc1" + want
				}
				if string(v) != want {
					t.Fatalf("copying %v, round %d: entry %d became %q", copying, round, i, v)
				}
			}
			if len(owned) != n {
				t.Errorf("%d entries, want %d", len(owned), n)
			}
		}
		snap.Release()
		if c := snap.Scan(storage.Range{}, storage.ScanOptions{}); c.Next() || !errors.Is(c.Err(), fault.ErrClosed) {
			t.Errorf("scan after release: %v", c.Err())
		} else {
			c.Close()
		}
	}
}

// Values near the limit of what is stored whole must not pile up in a cursor.
func TestCursorsAreFrugal(t *testing.T) {
	s := open(t, unshared{memory.Open(memory.Options{})}, storage.Options{})
	for i := range 40 {
		must(t, commit(s, set(fmt.Sprintf("k%02d", i), large(i, 1+i%2))))
	}
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	c := snap.Scan(storage.Range{}, storage.ScanOptions{})
	defer c.Close()
	i := 0
	for ; c.Next(); i++ {
		if want := large(i, 1+i%2); string(c.Value()) != string(want) || (c.Parts() != 0) != (i%2 == 1) {
			t.Fatalf("entry %d: %d bytes, parts %d", i, len(c.Value()), c.Parts())
		}
	}
	if i != 40 {
		t.Errorf("%d entries: %v", i, c.Err())
	}
}

func TestClosedStore(t *testing.T) {
	s := open(t, unshared{memory.Open(memory.Options{})}, storage.Options{})
	for i := range 100 {
		must(t, commit(s, set(fmt.Sprintf("k%03d", i), []byte("v"))))
	}
	snap, err := s.Snapshot()
	must(t, err)
	c := snap.Scan(storage.Range{}, storage.ScanOptions{})
	for range 3 {
		c.Next()
	}
	fresh := snap.Scan(storage.Range{}, storage.ScanOptions{})
	if s.Stats().Cursors != 1 {
		t.Errorf("%d cursors hold one of the engine's", s.Stats().Cursors)
	}
	must(t, s.Close())
	for _, c := range []*storage.Cursor{c, fresh} {
		if c.Next() || !errors.Is(c.Err(), fault.ErrClosed) {
			t.Errorf("a cursor goes on: %v", c.Err())
		}
		c.Close()
	}
	if _, err := snap.Get([]byte("k001")); !errors.Is(err, fault.ErrClosed) {
		t.Errorf("get: %v", err)
	}
	snap.Release()
	if s.Stats() != (storage.Stats{}) {
		t.Errorf("stats %+v", s.Stats())
	}
	must(t, s.Close())
}

func TestSweepTriesAgainWhenTheDiskWasFull(t *testing.T) {
	fails := 0
	e := memory.Open(memory.Options{})
	s := open(t, storagetest.Faulty(e, func(c storagetest.Call) error {
		if c.Op == storagetest.Apply && !c.After && c.Version == 4 && fails < 3 {
			fails++
			return fault.ErrFull
		}
		return nil
	}), storage.Options{})
	must(t, commit(s, set("a", nil), set("b", nil)))
	_, err := s.Commit(context.Background(), &storage.Request{Garbage: []storage.Range{{Lo: []byte("a"), Hi: []byte("b")}}})
	must(t, err)
	eventually(t, "sweep", func() bool {
		commit(s, set("c", nil))
		return s.Stats().Garbage == 0
	})
	if _, ok := get(t, s, "a"); ok || fails == 0 {
		t.Errorf("a is there: %v, after %d failures", ok, fails)
	}
}

func TestReleaseBesideACallUnderWay(t *testing.T) {
	hold := make(chan struct{})
	entered := make(chan struct{}, 1)
	stall := atomic.Bool{}
	s := open(t, storagetest.Faulty(memory.Open(memory.Options{}), func(c storagetest.Call) error {
		if c.Op == storagetest.Get && !c.After && stall.CompareAndSwap(true, false) {
			entered <- struct{}{}
			<-hold
		}
		return nil
	}), storage.Options{})
	must(t, commit(s, set("k", []byte("v"))))
	snap, err := s.Snapshot()
	must(t, err)
	stall.Store(true)
	under := make(chan error)
	go func() {
		e, err := snap.Get([]byte("k"))
		if err == nil && string(e.Value) != "v" {
			err = fmt.Errorf("got %q", e.Value)
		}
		under <- err
	}()
	<-entered
	snap.Release()
	if _, err := snap.Get([]byte("k")); !errors.Is(err, fault.ErrClosed) {
		t.Errorf("a later call: %v", err)
	}
	close(hold)
	if err := <-under; err != nil {
		t.Errorf("the call under way: %v", err)
	}
}
