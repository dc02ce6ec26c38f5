package storage

import (
	"context"
	"errors"
	"testing"

	"github.com/virgadb/virga/internal/fault"
)

// The seat has just been passed to a request when its context ends: it must go on
// to the next in line, or become free.
func TestSeatIsPassedOnByWhoLeaves(t *testing.T) {
	q := &queue{}
	first, second, third := &pending{}, &pending{}, &pending{}
	if leads, err := q.join(first); !leads || err != nil {
		t.Fatal(leads, err)
	}
	for _, p := range []*pending{second, third} {
		if leads, err := q.join(p); leads || err != nil {
			t.Fatal(leads, err)
		}
	}
	second.alone = true
	if group := q.take(); len(group) != 1 || group[0] != first {
		t.Fatalf("group of %d", len(group))
	}
	q.finish([]*pending{first})
	if !second.leads || third.leads {
		t.Fatal("the head of the queue does not lead")
	}
	if !q.leave(second) || !third.leads {
		t.Fatal("the seat is lost")
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	third.wake = nil // only the context is left to hear from
	if leads, err := q.wait(ended, third); leads || !errors.Is(err, context.Canceled) {
		t.Fatal(leads, err)
	}
	if leads, err := q.join(&pending{}); !leads || err != nil {
		t.Fatalf("the seat is not free: %v", err)
	}
}

// The queue misses those who were there when the last group was done, as many as a
// group can hold.
func TestQueueMissesTheLastGroup(t *testing.T) {
	q := &queue{}
	if n := q.missing(); n != 0 {
		t.Errorf("%d missing before the first group", n)
	}
	enter := func(n int) {
		for range n {
			if _, err := q.join(&pending{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	enter(3)
	group := q.take()
	enter(2)
	q.finish(group)
	for i := range 4 {
		if n := q.missing(); n != max(0, 3-i) {
			t.Errorf("%d missing when %d are back", n, i)
		}
		enter(1)
	}
	q.finish(q.take())
	enter(2 * groupMembers)
	q.finish(q.take())
	if n := q.missing(); n != 0 {
		t.Errorf("%d missing when a group is full", n)
	}
}

// Close comes between the word that a request leads and its taking a group.
func TestQueueClosesBeforeTheLeaderSits(t *testing.T) {
	q := &queue{}
	p := &pending{}
	if leads, _ := q.join(p); !leads {
		t.Fatal("nobody leads")
	}
	q.close() // must not wait for a leader that will find nothing
	if group := q.take(); len(group) != 0 || !errors.Is(p.err, fault.ErrClosed) {
		t.Errorf("group of %d, %v", len(group), p.err)
	}
	if _, err := q.join(&pending{}); !errors.Is(err, fault.ErrClosed) {
		t.Errorf("join after close: %v", err)
	}
}
