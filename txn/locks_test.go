package txn

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/trial"
)

func TestLocksExclude(t *testing.T) {
	l := newLocks(clock.System())
	var inside [8]atomic.Int32
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(w), 1))
			for range 2000 {
				mine := pick(rnd, len(inside))
				keys := make([]string, len(mine))
				for i, m := range mine {
					keys[i] = fmt.Sprint(m)
				}
				h := l.holder()
				if err := h.takeAll(context.Background(), keys); err != nil {
					t.Error(err)
					return
				}
				for _, m := range mine {
					if inside[m].Add(1) != 1 {
						t.Errorf("two holders of lock %d", m)
					}
				}
				for _, m := range mine {
					inside[m].Add(-1)
				}
				h.release()
			}
		})
	}
	wg.Wait()
	for i := range l.shards {
		if n := len(l.shards[i].held); n != 0 {
			t.Errorf("%d locks left held", n)
		}
	}
}

// pick returns one to three different numbers below n in ascending order.
func pick(rnd *rand.Rand, n int) []int {
	mine := rnd.Perm(n)[:1+rnd.IntN(3)]
	slices.Sort(mine)
	return mine
}

func TestLockGoesToWhoWaitedLongest(t *testing.T) {
	l := newLocks(clock.System())
	ctx := context.Background()
	first := l.holder()
	if err := first.takeAll(ctx, []string{"a"}); err != nil {
		t.Fatal(err)
	}
	got := make(chan int, 3)
	for i := range 3 {
		go func() {
			h := l.holder()
			if err := h.takeAll(ctx, []string{"a"}); err != nil {
				t.Error(err)
			}
			got <- i
			h.release()
		}()
		waitQueued(t, l, "a", i+1)
	}
	first.release()
	for want := range 3 {
		if i := <-got; i != want {
			t.Errorf("lock went to waiter %d, want %d", i, want)
		}
	}
}

func waitQueued(t *testing.T, l *locks, key string, n int) {
	t.Helper()
	for deadline := time.Now().Add(trial.Patience); ; time.Sleep(time.Millisecond) {
		s := l.shard(key)
		s.mu.Lock()
		q := s.held[key]
		queued := q != nil && len(q.waiting) == n
		s.mu.Unlock()
		if queued {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %d waiters for %s", n, key)
		}
	}
}

func TestLockWaitEnds(t *testing.T) {
	c := clock.NewManual(time.Unix(0, 0), 1)
	l := newLocks(c)
	first := l.holder()
	if err := first.takeAll(context.Background(), []string{"a"}); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- l.holder().takeAll(ctx, []string{"a", "b"}) }()
	waitQueued(t, l, "a", 1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled wait: %v", err)
	}

	go func() { done <- l.holder().takeAll(context.Background(), []string{"a", "b"}) }()
	waitQueued(t, l, "a", 1)
	for armed := false; !armed; { // the timer is set just after the waiter has queued
		c.Advance(lockWait)
		select {
		case err := <-done:
			armed = true
			if !errors.Is(err, fault.ErrTimeout) {
				t.Errorf("wait of ten seconds: %v", err)
			}
		case <-time.After(time.Millisecond):
		}
	}

	first.release()
	if err := l.holder().takeAll(context.Background(), []string{"a", "b"}); err != nil {
		t.Errorf("after everybody left: %v", err)
	}
}

// takeAll takes locks as a writer does that sees nothing in between.
func (h *holder) takeAll(ctx context.Context, keys []string) error {
	for {
		if ok, err := h.take(ctx, keys); ok || err != nil {
			return err
		}
	}
}
