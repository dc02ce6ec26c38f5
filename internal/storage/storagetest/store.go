package storagetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/trial"
)

var storeCases = []testCase{
	{"model", "snapshots agree with a plain model of their version, however they are read", examModel},
	{"group", "writers from many goroutines each get what they wrote, and a snapshot never sees half a commit", examGroup},
	{"check", "of many that increment what they checked alone, none is lost", examCheck},
	{"large", "a large value reads back whole, in snapshots before and after its replacement", examLarge},
	{"garbage", "a dropped range is there for older snapshots and gone from the engine afterwards", examGarbage},
	{"reopen", "what was committed is there after closing, and numbers are not given out twice", examStoreReopen},
	{"close", "Close under readers, cursors and writers ends them with ErrClosed and nothing worse", examClose},
	{"upkeep", "compaction and verification go beside readers and writers", examUpkeep},
}

// openStore opens a store that the test's cleanup verifies and closes.
func openStore(t *testing.T, open func() storage.Engine, o storage.Options) *storage.Store {
	t.Helper()
	s, err := storage.New(open(), o)
	must(t, err)
	t.Cleanup(func() {
		if err := s.Verify(context.Background()); err != nil && !errors.Is(err, fault.ErrClosed) {
			t.Errorf("verify: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func examModel(t *testing.T, open func() storage.Engine) {
	rnd := trial.Random(t)
	s := openStore(t, open, storage.Options{Durability: storage.Fast})
	type held struct {
		snap  *storage.Snapshot
		model model
	}
	now := model{}
	var snaps []held
	for range 400 * trial.Effort() {
		writes := randomWrites(rnd)
		if rnd.IntN(3) == 0 {
			writes = append(writes, set(key("m"), append([]byte{0xc1}, pattern(rnd.IntN(30), 1)...)))
		}
		version, err := s.Commit(context.Background(), &storage.Request{Writes: writes})
		must(t, err)
		now = now.with(version, writes)
		snap, err := s.Snapshot()
		must(t, err)
		if snap.Version() != version {
			t.Fatalf("snapshot of version %d after commit %d", snap.Version(), version)
		}
		snaps = append(snaps, held{snap, now})
		if len(snaps) > 8 {
			i := rnd.IntN(len(snaps))
			snaps[i].snap.Release()
			snaps[i].snap.Release()
			snaps = append(snaps[:i], snaps[i+1:]...)
		}
		for _, h := range snaps {
			r, o := randomRange(rnd), randomOptions(rnd)
			if err := h.model.checkScan(h.snap.Scan(r, o), r, o, rnd.IntN(30)-1); err != nil {
				t.Fatal(err)
			}
			if err := h.model.checkGet(h.snap, randomKey(rnd)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, h := range snaps {
		h.snap.Release()
		if _, err := h.snap.Get(key("k")); !errors.Is(err, fault.ErrClosed) {
			t.Errorf("get after release: %v", err)
		}
	}
	if st := s.Stats(); st.Oldest != st.Version || st.Cursors != 0 {
		t.Errorf("something is held: %+v", st)
	}
}

func examStoreReopen(t *testing.T, open func() storage.Engine) {
	rnd := trial.Random(t)
	now, seen := model{}, map[storage.PartSet]bool{}
	for round := range 4 {
		s, err := storage.New(open(), storage.Options{Durability: storage.Durability(round % 3)})
		must(t, err)
		snap, err := s.Snapshot()
		must(t, err)
		must(t, now.checkScan(snap.Scan(storage.Range{}, storage.ScanOptions{}), storage.Range{}, storage.ScanOptions{}, -1))
		snap.Release()
		must(t, s.Verify(context.Background()))
		for i := range 30 {
			writes := randomWrites(rnd)
			if i == 10 {
				writes = append(writes, set(key("large%d", round), pattern(storage.LargeValue+1, 1)))
			}
			version, err := s.Commit(context.Background(), &storage.Request{Writes: writes})
			must(t, err)
			now = now.with(version, writes)
		}
		snap, err = s.Snapshot()
		must(t, err)
		e, err := snap.Get(key("large%d", round))
		must(t, err)
		snap.Release()
		if seen[e.Parts] || e.Parts == 0 {
			t.Errorf("part set %d is given out again", e.Parts)
		}
		seen[e.Parts] = true
		// Gone with its head, so that only the record keeps its number from use.
		gone := storage.Write{Key: key("large%d", round), Delete: true, Replaces: e.Parts}
		version, err := s.Commit(context.Background(), &storage.Request{Writes: []storage.Write{gone}})
		must(t, err)
		now = now.with(version, []storage.Write{gone})
		must(t, s.Close())
		must(t, s.Close())
	}
}

func examUpkeep(t *testing.T, open func() storage.Engine) {
	s := openStore(t, open, storage.Options{Durability: storage.Fast})
	fillForClose(t, s)
	end := time.Now().Add(time.Duration(trial.Effort()) * 200 * time.Millisecond)
	var wg sync.WaitGroup
	work := []func() error{
		func() error { return s.Compact(context.Background()) },
		func() error { return s.Verify(context.Background()) },
		func() error { return s.Sync() },
		func() error { return walk(s, storage.ScanOptions{}) },
		func() error { return commit(s, set(key("k"), key("v")), del(key("fill00001"))) },
	}
	for _, step := range work {
		wg.Go(func() {
			for time.Now().Before(end) {
				if err := step(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Verify(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("verify with an ended context: %v", err)
	}
}
