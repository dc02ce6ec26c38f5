package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

func TestSlowReader(t *testing.T) {
	db := newTable(t, 0)
	s := db.watch(t, request(t, document.M{"room": 1}, nil, 0), Options{Backlog: 10})
	next(t, s)
	db.write(put(1, 1, 0))
	db.write(put(2, 1, 0))
	if snap := next(t, s); snap.Merged || len(snap.Docs) != 1 {
		t.Errorf("%+v", snap)
	}
	for i := range 1000 {
		db.write(put(1, 1, i))
		if n := len(s.backlog.groups); n > 10 {
			t.Fatalf("a backlog of %d", n)
		}
	}
	db.write(put(3, 1, 0))
	db.take(2)
	snap := next(t, s)
	want := []string{"update/replace 1", "enqueue/add 3"}
	if got := words(snap); !slices.Equal(got, want) || !snap.Merged || len(snap.Docs) != 2 {
		t.Errorf("got %v, want %v: %+v", got, want, snap)
	}
	db.write(put(4, 1, 0))
	if snap := next(t, s); snap.Merged || len(snap.Docs) != 3 {
		t.Errorf("behind the merged one: %+v", snap)
	}
	silent(t, s)
}

func words(snap Snapshot) []string {
	var all []string
	for _, c := range snap.Changes {
		all = append(all, fmt.Sprintf("%s/%s %v", c.QueueType, c.DataType, c.DocID))
	}
	return all
}

func TestBacklogBytes(t *testing.T) {
	db := newTable(t, 0)
	s := db.watch(t, request(t, nil, nil, 0), Options{BacklogBytes: 1000})
	next(t, s)
	for i := range 100 {
		db.write(put(1, 1, i))
	}
	if s.backlog.bytes > 1000 {
		t.Errorf("a backlog of %d bytes", s.backlog.bytes)
	}
	if snap := next(t, s); !snap.Merged {
		t.Errorf("%+v", snap)
	}
}

// TestOneLargeGroup: a version is never too large for a reader who keeps up.
func TestOneLargeGroup(t *testing.T) {
	db := newTable(t, 0)
	s := db.watch(t, request(t, nil, nil, 0), Options{Backlog: 3})
	next(t, s)
	var events []Event
	for i := range 100 {
		events = append(events, put(i, 0, 0))
	}
	db.write(events...)
	if snap := next(t, s); snap.Merged || len(snap.Changes) != 100 {
		t.Errorf("merged %v, %d changes", snap.Merged, len(snap.Changes))
	}
}

func TestStrict(t *testing.T) {
	db := newTable(t, 0)
	s := db.watch(t, request(t, nil, nil, 0), Options{Backlog: 3, Strict: true})
	next(t, s)
	for i := range 5 {
		db.write(put(1, 1, i))
	}
	for range 2 {
		if _, err := s.Next(context.Background()); !errors.Is(err, fault.ErrTooLarge) {
			t.Errorf("got %v", err)
		}
	}
	if n := len(db.feed.streams); n != 0 {
		t.Errorf("%d streams are left", n)
	}
}

// TestAllBacklogs: together they have a limit as well.
func TestAllBacklogs(t *testing.T) {
	db := newTable(t, 10_000)
	var all []*Stream
	for range 50 {
		s := db.watch(t, request(t, nil, nil, 0), Options{})
		next(t, s)
		all = append(all, s)
	}
	for i := range 100 {
		db.write(put(1, 1, i))
		if n := db.feed.backlog.Load(); n > 10_000 {
			t.Fatalf("backlogs of %d bytes", n)
		}
	}
	for _, s := range all {
		for snap := next(t, s); ; snap = next(t, s) {
			if score, _ := snap.Docs[0].Lookup("score").Int64(); score == 99 {
				break
			}
		}
		s.Close()
	}
}
