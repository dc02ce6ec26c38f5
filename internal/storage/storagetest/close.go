package storagetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/trial"
)

// examClose closes a store that everything is being done to.
func examClose(t *testing.T, open func() storage.Engine) {
	for round := range 3 * trial.Effort() {
		s, err := storage.New(open(), storage.Options{Durability: storage.Durability(round % 3), Every: time.Millisecond})
		must(t, err)
		fillForClose(t, s)
		var acknowledged atomic.Int64
		var wg sync.WaitGroup
		for w, work := range closeWorkers(s, round, &acknowledged) {
			for range 2 {
				wg.Go(func() {
					var err error
					for err == nil {
						err = work()
					}
					if !errors.Is(err, fault.ErrClosed) {
						t.Errorf("worker %d ended with %v", w, err)
					}
				})
			}
		}
		time.Sleep(time.Duration(1+round*5) * time.Millisecond)
		within(t, "Close", func() {
			for range 2 {
				wg.Go(func() {
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
		if _, err := s.Snapshot(); !errors.Is(err, fault.ErrClosed) {
			t.Errorf("snapshot after close: %v", err)
		}
		if err := commit(s, set(key("k"), nil)); !errors.Is(err, fault.ErrClosed) {
			t.Errorf("commit after close: %v", err)
		}
		if errs := []error{s.Sync(), s.Compact(context.Background()), s.Verify(context.Background())}; errors.Join(errs...) == nil {
			t.Error("upkeep after close")
		}
		checkAcknowledged(t, open, acknowledged.Load())
	}
}

func fillForClose(t *testing.T, s *storage.Store) {
	t.Helper()
	for from := 0; from < 2000; from += 500 {
		var writes []storage.Write
		for i := from; i < from+500; i++ {
			writes = append(writes, set(key("fill%05d", i), pattern(50, byte(i))))
		}
		must(t, commit(s, writes...))
	}
}

// closeWorkers returns a step for everything a store can be asked for. Each ends
// with the error that the store ends it with.
func closeWorkers(s *storage.Store, round int, acknowledged *atomic.Int64) []func() error {
	var next atomic.Int64
	return []func() error{
		func() error {
			n := next.Add(1)
			err := commit(s, set(key("ack%09d", n), key("%d", n)))
			if err == nil {
				acknowledged.Add(1)
			}
			return err
		},
		// Not a key of a round before: Close may have left its value, which a write
		// that does not name its parts must not replace.
		func() error { return comeAndGo(s, key("large%d-%09d", round, next.Add(1))) },
		func() error {
			r := storage.Range{Lo: key("fill00500"), Hi: key("fill00510")}
			_, err := s.Commit(context.Background(), &storage.Request{Garbage: []storage.Range{r}})
			return err
		},
		func() error { return walk(s, storage.ScanOptions{}) },
		func() error { return walk(s, storage.ScanOptions{Reverse: true, KeysOnly: true}) },
		func() error {
			snap, err := s.Snapshot()
			if err != nil {
				return err
			}
			defer snap.Release()
			_, err = snap.Get(key("fill00001"))
			return err
		},
		func() error { return s.Verify(context.Background()) },
	}
}

// walk reads everything and leaves an open cursor and snapshot behind now and then.
func walk(s *storage.Store, o storage.ScanOptions) error {
	snap, err := s.Snapshot()
	if err != nil {
		return err
	}
	c := snap.Scan(storage.Range{Lo: key("fill")}, o)
	snap.Release()
	defer c.Close()
	for c.Next() {
	}
	return c.Err()
}

// checkAcknowledged opens the engine again and counts what examClose's writers had
// been told is there.
func checkAcknowledged(t *testing.T, open func() storage.Engine, want int64) {
	t.Helper()
	s, err := storage.New(open(), storage.Options{})
	must(t, err)
	s.Start(storage.Hooks{}, nil)
	snap, err := s.Snapshot()
	must(t, err)
	if got := count(t, snap, storage.Range{Lo: key("ack"), Hi: key("acl")}); int64(got) < want {
		t.Errorf("%d acknowledged commits, %d found", want, got)
	}
	snap.Release()
	eventually(t, "sweep", func() bool { return s.Stats().Garbage == 0 })
	must(t, s.Verify(context.Background()))
	must(t, s.Close())
}

// comeAndGo writes a large value and deletes it.
func comeAndGo(s *storage.Store, k []byte) error {
	if err := commit(s, set(k, pattern(storage.LargeValue+1, 1))); err != nil {
		return err
	}
	snap, err := s.Snapshot()
	if err != nil {
		return err
	}
	e, err := snap.Get(k)
	snap.Release()
	if err != nil {
		return err
	}
	return commit(s, storage.Write{Key: k, Delete: true, Replaces: e.Parts})
}
