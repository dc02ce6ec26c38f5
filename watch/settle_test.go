package watch

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

func TestCallbacks(t *testing.T) {
	db := newTable(t, 0)
	var seen []int
	s := db.watch(t, request(t, nil, nil, 0), Options{OnChange: func(snap Snapshot) {
		time.Sleep(time.Millisecond)
		seen = append(seen, len(snap.Docs))
	}})
	for i := range 10 {
		db.write(put(i, 0, 0))
	}
	if err := db.feed.Settle(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(seen) == 0 || seen[len(seen)-1] != 10 { // no race: Settle waits for OnChange
		t.Errorf("seen %v", seen)
	}
	if _, err := s.Next(context.Background()); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

// TestCloseInCallback: a callback may close its stream, and is the last then.
func TestCloseInCallback(t *testing.T) {
	db := newTable(t, 0)
	var s *Stream
	opened, calls := make(chan struct{}), 0
	s = db.watch(t, request(t, nil, nil, 0), Options{OnChange: func(Snapshot) {
		<-opened
		calls++
		s.Close()
		db.write(put(1, 1, 1))
	}})
	close(opened)
	<-s.Done()
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
}

func TestSettle(t *testing.T) {
	db := newTable(t, 0)
	db.store(&state{version: 7, docs: map[document.ID]document.Doc{}}) // from before the feed
	s := db.watch(t, request(t, document.M{"score": document.M{"$gt": 5}}, nil, 0), Options{})
	short, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if err := db.feed.Settle(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a first snapshot that nobody has taken: %v", err)
	}
	next(t, s)
	db.write(put(1, 1, 1)) // gives no snapshot, and needs no reader
	if err := db.feed.Settle(context.Background()); err != nil {
		t.Error(err)
	}
	db.write(put(1, 1, 9))
	done := make(chan error)
	go func() { done <- db.feed.Settle(context.Background()) }()
	select {
	case err := <-done:
		t.Errorf("settled with a snapshot that nobody has taken: %v", err)
	case <-time.After(5 * time.Millisecond):
	}
	next(t, s)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
