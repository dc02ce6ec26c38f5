package storage_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/internal/storage/storagetest"
)

// A counter counts what an engine is told to make durable.
type counter struct {
	mu                      sync.Mutex
	applied, durable, syncs int
}

func (c *counter) plan(call storagetest.Call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case call.After:
	case call.Op == storagetest.Sync:
		c.syncs++
	case call.Op == storagetest.Apply && call.Version > 1:
		c.applied++
		if call.Durable {
			c.durable++
		}
	}
	return nil
}

func (c *counter) expect(t *testing.T, when string, applied, durable, syncs int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.applied != applied || c.durable != durable || c.syncs != syncs {
		t.Errorf("%s: %d batches, %d durable, %d syncs; want %d, %d, %d", when, c.applied, c.durable, c.syncs, applied, durable, syncs)
	}
}

func TestDurability(t *testing.T) {
	for _, d := range []storage.Durability{storage.Sync, storage.Interval, storage.Fast} {
		c := &counter{}
		now := clock.NewManual(time.Unix(0, 0), 1)
		s := open(t, storagetest.Faulty(memory.Open(memory.Options{}), c.plan), storage.Options{Durability: d, Clock: now})
		durable := map[storage.Durability]int{storage.Sync: 1}[d]
		ticked := map[storage.Durability]int{storage.Interval: 1}[d]

		must(t, commit(s, set("a", nil)))
		must(t, commit(s, set("b", nil)))
		c.expect(t, "at once", 2, 2*durable, 0)
		now.Advance(99 * time.Millisecond)
		c.expect(t, "before the tick", 2, 2*durable, 0)
		now.Advance(time.Millisecond)
		c.expect(t, "after the tick", 2, 2*durable, ticked)
		now.Advance(time.Hour)
		c.expect(t, "with nothing written", 2, 2*durable, ticked)
		must(t, commit(s, set("c", nil)))
		now.Advance(time.Second)
		c.expect(t, "after more", 3, 3*durable, 2*ticked)
		must(t, s.Sync())
		must(t, s.Close())
		c.expect(t, "closed", 3, 3*durable, 2*ticked+2)
	}
}

// What a later commit counts on is synced whatever the durability.
func TestPartsAreAlwaysDurable(t *testing.T) {
	c := &counter{}
	s := open(t, storagetest.Faulty(memory.Open(memory.Options{}), c.plan), storage.Options{Durability: storage.Fast})
	must(t, replace(s, set("k", large(1, 3)))) // two commits of parts, one of the head
	c.expect(t, "large", 3, 2, 0)
	must(t, replace(s, set("k", nil)))
	c.expect(t, "replaced", 4, 3, 0)
	_, err := s.Commit(context.Background(), &storage.Request{Garbage: []storage.Range{{Lo: []byte("k"), Hi: []byte("l")}}})
	must(t, err)
	eventually(t, "sweep", func() bool { return s.Stats().Garbage == 0 })
	c.expect(t, "dropped", 6, 4, 0)
}

func TestReadOnly(t *testing.T) {
	e := kept{memory.Open(memory.Options{})}
	s := open(t, e, storage.Options{})
	must(t, commit(s, set("k", []byte("v"))))
	must(t, s.Close())
	c := &counter{}
	s = open(t, storagetest.Faulty(e, c.plan), storage.Options{ReadOnly: true})
	if err := commit(s, set("k", nil)); !errors.Is(err, fault.ErrReadOnly) {
		t.Errorf("got %v", err)
	}
	if v, _ := get(t, s, "k"); string(v) != "v" {
		t.Errorf("got %q", v)
	}
	must(t, s.Compact(context.Background()))
	must(t, s.Close())
	c.expect(t, "read-only", 0, 0, 0)

	empty := memory.Open(memory.Options{})
	s = open(t, empty, storage.Options{ReadOnly: true})
	if _, ok := get(t, s, "k"); ok || empty.Version() != 0 {
		t.Error("an empty engine was written to")
	}
}
