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

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/trial"
)

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
	end := time.Now().Add(time.Duration(trial.Effort()) * 300 * time.Millisecond)
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
