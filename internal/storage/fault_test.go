package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/internal/storage/storagetest"
)

var errDisk = errors.New("disk on fire")

func TestFailedWriteEndsAllWriting(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprint("after the work ", after), func(t *testing.T) {
			e := kept{memory.Open(memory.Options{})}
			s := open(t, storagetest.Faulty(e, storagetest.FailNth(3, after, errDisk, storagetest.Apply)), storage.Options{})
			must(t, commit(s, set("a", nil)))
			for _, k := range []string{"b", "c"} {
				if err := commit(s, set(k, nil)); !errors.Is(err, fault.ErrReadOnly) || !errors.Is(err, errDisk) {
					t.Errorf("commit of %s: %v", k, err)
				}
			}
			if st := s.Stats(); !errors.Is(st.Failure, errDisk) || st.Version != 2 {
				t.Errorf("stats %+v", st)
			}
			if _, ok := get(t, s, "a"); !ok {
				t.Error("reading ended too")
			}
			if _, ok := get(t, s, "b"); ok {
				t.Error("the failed write is shown")
			}
			must(t, s.Close())
			s = open(t, e, storage.Options{})
			if _, ok := get(t, s, "b"); ok != after {
				t.Errorf("the write whose outcome was unknown is there: %v", ok)
			}
		})
	}
}

func TestFailureReachesThoseWhoWait(t *testing.T) {
	hold := newStall()
	s := open(t, storagetest.Faulty(memory.Open(memory.Options{}), func(c storagetest.Call) error {
		if err := hold.plan(c); err != nil || c.Op != storagetest.Apply || c.Version == 1 {
			return err
		}
		return errDisk
	}), storage.Options{})
	first := start(context.Background(), s, request("first"))
	<-hold.enter
	waits := queued(t, context.Background(), s, 0, request("waits"))
	hold.leave <- struct{}{}
	for _, c := range []<-chan result{first, waits} {
		if got := <-c; !errors.Is(got.err, fault.ErrReadOnly) || !errors.Is(got.err, errDisk) {
			t.Errorf("got %+v", got)
		}
	}
}

func TestFullDiskLeavesTheStoreUsable(t *testing.T) {
	full := fmt.Errorf("no room: %w", fault.ErrFull)
	s := open(t, storagetest.Faulty(memory.Open(memory.Options{}), storagetest.FailNth(3, false, full, storagetest.Apply)), storage.Options{})
	must(t, commit(s, set("a", nil)))
	if err := commit(s, set("b", nil)); !errors.Is(err, fault.ErrFull) || errors.Is(err, fault.ErrReadOnly) {
		t.Errorf("got %v", err)
	}
	if _, ok := get(t, s, "b"); ok {
		t.Error("the refused write is there")
	}
	must(t, commit(s, set("c", nil)))
}

func TestFailedSyncEndsAllWriting(t *testing.T) {
	s := open(t, storagetest.Faulty(memory.Open(memory.Options{}), storagetest.FailNth(1, false, errDisk, storagetest.Sync)), storage.Options{Durability: storage.Fast})
	must(t, commit(s, set("a", nil)))
	if err := s.Sync(); !errors.Is(err, errDisk) {
		t.Errorf("sync: %v", err)
	}
	if err := commit(s, set("b", nil)); !errors.Is(err, fault.ErrReadOnly) {
		t.Errorf("commit: %v", err)
	}
}

// Each call of the engine fails once, before and after its work. Whatever the
// store answered must be true of what is found when it is opened again.
func TestEveryCallFailsOnce(t *testing.T) {
	calls := 0
	for _, cause := range []error{errDisk, fmt.Errorf("no room: %w", fault.ErrFull)} {
		for _, after := range []bool{false, true} {
			if after && errors.Is(cause, fault.ErrFull) {
				continue // the contract: ErrFull means that nothing was written
			}
			for n := 1; ; n++ {
				e := kept{memory.Open(memory.Options{})}
				var reached atomic.Bool // the sweeper has a goroutine of its own
				plan := storagetest.FailNth(n, after, cause)
				failing := storagetest.Faulty(e, func(c storagetest.Call) error {
					err := plan(c)
					if err != nil {
						reached.Store(true)
					}
					return err
				})
				survive(t, fmt.Sprintf("call %d after %v: %v", n, after, cause), failing, e)
				if !reached.Load() {
					calls += n
					break
				}
			}
		}
	}
	t.Logf("%d failing calls", calls)
}

// survive works on a store over failing and checks the outcome on sound. The work
// is done by one goroutine, so that a call has the same number each time; the
// sweeper's calls come between as they will.
func survive(t *testing.T, name string, failing, sound storage.Engine) {
	t.Helper()
	acked, unknown := map[string]int{}, map[string]bool{}
	if s, err := storage.New(failing, storage.Options{}); err == nil {
		for i := range 8 {
			k := fmt.Sprint("k", i%4)
			w := set(k, large(i, 1+i%3))
			if err := replace(s, w); err == nil {
				acked[k] = i
				delete(unknown, k)
			} else {
				unknown[k] = true
			}
		}
		// Whether the range was dropped may stay unknown, so nothing is expected of it.
		s.Commit(context.Background(), &storage.Request{Garbage: []storage.Range{{Lo: []byte("k3"), Hi: []byte("k4")}}})
		unknown["k3"] = true
		s.Close()
	}
	s, err := storage.New(sound, storage.Options{})
	must(t, err)
	s.Start(storage.Hooks{}, nil)
	defer s.Close()
	eventually(t, "sweep", func() bool { return s.Stats().Garbage == 0 })
	if err := s.Verify(context.Background()); err != nil {
		t.Errorf("%s: verify: %v", name, err)
	}
	for k, i := range acked {
		if v, ok := get(t, s, k); !unknown[k] && (!ok || !bytes.Equal(v, large(i, 1+i%3))) {
			t.Errorf("%s: %s was acknowledged and holds %d bytes", name, k, len(v))
		}
	}
}

// replace writes a key, taking the parts of its old value away.
func replace(s *storage.Store, w storage.Write) error {
	snap, err := s.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Release()
	e, err := snap.Get(w.Key)
	if err != nil {
		return err
	}
	w.Replaces = e.Parts
	return commit(s, w)
}

func TestReadErrorsAreReported(t *testing.T) {
	for _, op := range []storagetest.Op{storagetest.Get, storagetest.Next} {
		broken := false
		s := open(t, storagetest.Faulty(memory.Open(memory.Options{}), func(c storagetest.Call) error {
			if broken && c.Op == op {
				return errDisk
			}
			return nil
		}), storage.Options{})
		for i := range 100 {
			must(t, commit(s, set(fmt.Sprintf("k%03d", i), []byte("v"))))
		}
		snap, err := s.Snapshot()
		must(t, err)
		c := snap.Scan(storage.Range{}, storage.ScanOptions{})
		for i := 0; i < 10; i++ {
			c.Next()
		}
		broken = true
		_, err = snap.Get([]byte("k001"))
		for c.Next() {
		}
		want := map[storagetest.Op]bool{op: true}
		if errors.Is(err, errDisk) != want[storagetest.Get] || errors.Is(c.Err(), errDisk) != want[storagetest.Next] {
			t.Errorf("failing %s: get %v, cursor %v", op, err, c.Err())
		}
		broken = false
		snap.Release()
		if st := s.Stats(); st.Cursors != 0 {
			t.Errorf("%d cursors are open", st.Cursors)
		}
	}
}
