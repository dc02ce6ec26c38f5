package storage_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
)

// slow is an engine whose upkeep lasts until its context ends, and a little longer.
type slow struct {
	*memory.Engine
	under atomic.Int64
	begun chan struct{}
}

func (e *slow) wait(ctx context.Context) error {
	e.under.Add(1)
	e.begun <- struct{}{}
	<-ctx.Done()
	time.Sleep(5 * time.Millisecond)
	e.under.Add(-1)
	return ctx.Err()
}

func (e *slow) Compact(ctx context.Context) error { return e.wait(ctx) }
func (e *slow) Verify(ctx context.Context) error  { return e.wait(ctx) }

func (e *slow) Close() error {
	if e.under.Load() != 0 {
		return errors.New("closed under upkeep")
	}
	return e.Engine.Close()
}

func TestCloseEndsUpkeepAndWaitsForIt(t *testing.T) {
	e := &slow{Engine: memory.Open(memory.Options{}), begun: make(chan struct{})}
	s := open(t, e, storage.Options{})
	ends := make(chan error, 2)
	go func() { ends <- s.Compact(context.Background()) }()
	go func() { ends <- s.Verify(context.Background()) }()
	<-e.begun
	<-e.begun
	must(t, s.Close())
	for range 2 {
		if err := <-ends; !errors.Is(err, fault.ErrClosed) {
			t.Errorf("upkeep ended with %v", err)
		}
	}
}

// timers is a clock that counts the timers that have neither run nor been stopped.
type timers struct {
	*clock.Manual
	pending atomic.Int64
}

func (c *timers) AfterFunc(d time.Duration, f func()) clock.Timer {
	c.pending.Add(1)
	return &timer{c.Manual.AfterFunc(d, func() { c.pending.Add(-1); f() }), c}
}

type timer struct {
	clock.Timer
	of *timers
}

func (t *timer) Stop() bool {
	ok := t.Timer.Stop()
	if ok {
		t.of.pending.Add(-1)
	}
	return ok
}

func TestCloseLeavesNoTimer(t *testing.T) {
	c := &timers{Manual: clock.NewManual(time.Unix(0, 0), 1)}
	s := open(t, memory.Open(memory.Options{}), storage.Options{Durability: storage.Interval, Every: time.Minute, Clock: c})
	must(t, commit(s, set("k", nil)))
	if c.pending.Load() != 1 {
		t.Fatalf("%d timers after a commit", c.pending.Load())
	}
	must(t, s.Close())
	if c.pending.Load() != 0 {
		t.Errorf("%d timers after Close", c.pending.Load())
	}
}
