package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
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
	rnd := Random(t)
	s := openStore(t, open, storage.Options{Durability: storage.Fast})
	type held struct {
		snap  *storage.Snapshot
		model model
	}
	now := model{}
	var snaps []held
	for range 400 * Effort() {
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

// examGroup has every writer keep two keys equal and count its own commits.
func examGroup(t *testing.T, open func() storage.Engine) {
	s := openStore(t, open, storage.Options{Durability: storage.Fast})
	var folded, published, requests atomic.Int64
	s.Start(storage.Hooks{
		Fold: func(g *storage.Group) error {
			folded.Add(1)
			requests.Add(int64(len(g.Requests)))
			g.Meta = g.Meta.(int) + len(g.Requests)
			g.Extra = append(g.Extra, set(key("total"), key("%d", g.Meta)))
			return nil
		},
		Published: func(g *storage.Group) { published.Add(1) },
	}, 0)
	end := time.Now().Add(time.Duration(Effort()) * 300 * time.Millisecond)
	var wg sync.WaitGroup
	var commits atomic.Int64
	for w := range 8 {
		wg.Go(func() {
			for n := 1; time.Now().Before(end); n++ {
				text := key("%d", n)
				if err := commit(s, set(key("left%d", w), text), set(key("right%d", w), text)); err != nil {
					t.Error(err)
					return
				}
				commits.Add(1)
				if err := checkPair(s, w, n); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if requests.Load() != commits.Load() || folded.Load() != published.Load() {
		t.Errorf("%d commits, %d folded in %d groups, %d published", commits.Load(), requests.Load(), folded.Load(), published.Load())
	}
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	e, err := snap.Get(key("total"))
	must(t, err)
	if want := fmt.Sprint(commits.Load()); string(e.Value) != want || snap.Meta().(int) != int(commits.Load()) {
		t.Errorf("folded total %s, meta %v, want %s", e.Value, snap.Meta(), want)
	}
	t.Logf("%d commits in %d groups", commits.Load(), folded.Load())
}

// checkPair checks that writer w's keys agree, and with its last commit.
func checkPair(s *storage.Store, w, n int) error {
	snap, err := s.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Release()
	left, err := snap.Get(key("left%d", w))
	if err != nil {
		return err
	}
	c := snap.Scan(storage.Range{Lo: key("right%d", w), Hi: key("right%d", w+1)}, storage.ScanOptions{})
	defer c.Close()
	if !c.Next() || !bytes.Equal(c.Value(), left.Value) || string(left.Value) != fmt.Sprint(n) {
		return fmt.Errorf("writer %d after commit %d: %q and %q", w, n, left.Value, c.Value())
	}
	return nil
}

func examCheck(t *testing.T, open func() storage.Engine) {
	s := openStore(t, open, storage.Options{Durability: storage.Fast})
	errStale := errors.New("stale")
	read := func(snap *storage.Snapshot) (n int, err error) {
		e, err := snap.Get(key("counter"))
		if err == nil && e.Value != nil {
			_, err = fmt.Sscan(string(e.Value), &n)
		}
		return n, err
	}
	var wg sync.WaitGroup
	var refused atomic.Int64
	const writers, each = 4, 50
	for range writers {
		wg.Go(func() {
			for done := 0; done < each; {
				snap, err := s.Snapshot()
				must(t, err)
				n, err := read(snap)
				snap.Release()
				must(t, err)
				_, err = s.Commit(context.Background(), &storage.Request{
					Writes: []storage.Write{set(key("counter"), key("%d", n+1))},
					Alone:  true,
					Check: func(newest *storage.Snapshot) error {
						if now, err := read(newest); err != nil || now != n {
							return errors.Join(errStale, err)
						}
						return nil
					},
				})
				if err == nil {
					done++
				} else if refused.Add(1); !errors.Is(err, errStale) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	if n, err := read(snap); err != nil || n != writers*each {
		t.Errorf("counter %d, want %d (%v)", n, writers*each, err)
	}
	if got := s.Stats().Refused; got != uint64(refused.Load()) {
		t.Errorf("%d refusals counted, %d seen", got, refused.Load())
	}
}

func examLarge(t *testing.T, open func() storage.Engine) {
	s := openStore(t, open, storage.Options{})
	sizes := []int{storage.LargeValue, storage.LargeValue + 1, 2 * storage.LargeValue, 3*storage.LargeValue + 7, 9 << 20}
	var snaps []*storage.Snapshot
	var replaces storage.PartSet
	for i, n := range sizes {
		w := set(key("k"), pattern(n, byte(i)))
		w.Replaces = replaces
		must(t, commit(s, set(key("before"), key("small")), w, set(key("z"), key("small"))))
		snap, err := s.Snapshot()
		must(t, err)
		snaps = append(snaps, snap)
		e, err := snap.Get(key("k"))
		must(t, err)
		if (e.Parts != 0) != (n > storage.LargeValue) {
			t.Errorf("value of %d bytes has parts %d", n, e.Parts)
		}
		replaces = e.Parts
	}
	gone := del(key("k"))
	gone.Replaces = replaces
	must(t, commit(s, gone))
	must(t, s.Verify(context.Background()))
	for i, snap := range snaps {
		want := pattern(sizes[i], byte(i))
		if e, err := snap.Get(key("k")); err != nil || !bytes.Equal(e.Value, want) {
			t.Errorf("size %d: got %d bytes, %v", sizes[i], len(e.Value), err)
		}
		for _, reverse := range []bool{false, true} {
			c := snap.Scan(storage.Range{}, storage.ScanOptions{Reverse: reverse})
			c.Next()
			if !c.Next() || !bytes.Equal(c.Value(), want) || !bytes.Equal(c.Own(), want) {
				t.Errorf("size %d by cursor: %v", sizes[i], c.Err())
			}
			if !c.Next() || c.Parts() != 0 || string(c.Value()) != "small" || c.Next() || c.Err() != nil {
				t.Errorf("size %d: the walk goes wrong behind it: %v", sizes[i], c.Err())
			}
			c.Close()
		}
		snap.Release()
	}
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	if e, err := snap.Get(key("k")); err != nil || e.Value != nil {
		t.Errorf("deleted: %d bytes, %v", len(e.Value), err)
	}
}

func examGarbage(t *testing.T, open func() storage.Engine) {
	s := openStore(t, open, storage.Options{Durability: storage.Fast})
	const n = 3500
	for from := 0; from < n; from += 500 {
		var writes []storage.Write
		for i := from; i < from+500; i++ {
			writes = append(writes, set(key("drop%05d", i), pattern(100, byte(i))))
		}
		must(t, commit(s, writes...))
	}
	must(t, commit(s, set(key("drop00100x"), pattern(2<<20, 9)), set(key("keep"), key("me")), set(key("droq"), key("too"))))
	old, err := s.Snapshot()
	must(t, err)
	dropped := storage.Range{Lo: key("drop"), Hi: key("droq")}
	_, err = s.Commit(context.Background(), &storage.Request{Garbage: []storage.Range{dropped}})
	must(t, err)
	must(t, commit(s, set(key("later"), key("commit"))))
	if got := count(t, old, dropped); got != n+1 {
		t.Errorf("the older snapshot has %d keys, want %d", got, n+1)
	}
	if s.Stats().Garbage != 1 {
		t.Errorf("swept under an older snapshot: %+v", s.Stats())
	}
	old.Release()
	eventually(t, "sweep", func() bool { return s.Stats().Garbage == 0 })
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	if got := count(t, snap, dropped); got != 0 {
		t.Errorf("%d keys are left", got)
	}
	if got := count(t, snap, storage.Range{}); got != 3 {
		t.Errorf("%d keys beside the range, want 3", got)
	}
}

func count(t *testing.T, snap *storage.Snapshot, r storage.Range) (n int) {
	t.Helper()
	c := snap.Scan(r, storage.ScanOptions{KeysOnly: true})
	defer c.Close()
	for c.Next() {
		n++
	}
	must(t, c.Err())
	return n
}

func examStoreReopen(t *testing.T, open func() storage.Engine) {
	rnd := Random(t)
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

// examClose closes a store that everything is being done to.
func examClose(t *testing.T, open func() storage.Engine) {
	for round := range 3 * Effort() {
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

func examUpkeep(t *testing.T, open func() storage.Engine) {
	s := openStore(t, open, storage.Options{Durability: storage.Fast})
	fillForClose(t, s)
	end := time.Now().Add(time.Duration(Effort()) * 200 * time.Millisecond)
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
