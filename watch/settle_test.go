package watch

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/trial"
	"github.com/virgadb/virga/query"
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

// TestSettlePassedOver: what a reader passes over, because it has read a newer state
// already, settles too.
func TestSettlePassedOver(t *testing.T) {
	db := newTable(t, 0)
	s := db.watch(t, request(t, nil, nil, 0), Options{})
	next(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		s.Next(ctx) // has the turn, and finds nothing to show
	}()
	eventually(t, func() bool { return len(s.turn) == 1 })
	db.write()                        // a version that Settle is to wait for
	s.push(group{version: s.version}) // the signal of which is still on its way
	done := make(chan error, 1)
	go func() { done <- db.feed.Settle(ctx) }()
	eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.moved != nil
	})
	s.signal()
	within(t, done)
	cancel()
	<-reading
}

// eventually waits until ok holds.
func eventually(t testing.TB, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(trial.Patience); !ok(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came")
		}
	}
}

// TestSettleBesideLeavingReaders: what the last reader has left is worked on, though
// it left just when Settle had seen it at work.
func TestSettleBesideLeavingReaders(t *testing.T) {
	db := newTable(t, 0)
	s := db.watch(t, request(t, document.M{"score": document.M{"$gt": 5}}, nil, 0), Options{})
	next(t, s)
	s.turn <- struct{}{}   // a reader
	db.write(put(1, 1, 1)) // gives no snapshot
	done := make(chan error, 1)
	go func() { done <- db.feed.Settle(context.Background()) }()
	eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.moved != nil
	})
	<-s.turn // leaves, and its step was before anybody waited for one
	within(t, done)
}

// TestSettleBesideFailingWatch: a stream that never came to be keeps nobody waiting.
func TestSettleBesideFailingWatch(t *testing.T) {
	reading, fail := make(chan struct{}), make(chan struct{})
	feed := NewFeed(func(context.Context, string, *query.Request) (Result, error) {
		close(reading)
		<-fail
		return Result{}, fault.ErrTooLarge
	}, 0)
	watched := make(chan error, 1)
	go func() {
		_, err := feed.Watch(context.Background(), Spec{Collection: "c", Request: request(t, nil, nil, 0), Options: Options{OnChange: func(Snapshot) {}}})
		watched <- err
	}()
	<-reading
	done := make(chan error, 1)
	go func() { done <- feed.Settle(context.Background()) }()
	time.Sleep(time.Millisecond)
	close(fail)
	if err := <-watched; !errors.Is(err, fault.ErrTooLarge) {
		t.Errorf("watch: %v", err)
	}
	within(t, done)
}

// within fails the test when done does not tell of success in time.
func within(t testing.TB, done <-chan error) {
	t.Helper()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(trial.Patience):
		t.Error("nobody told Settle")
	}
}

// TestWatchWithEndedContext: a context that ends at any moment of Watch ends the
// stream, and nothing stays.
func TestWatchWithEndedContext(t *testing.T) {
	db := newTable(t, 0)
	for i := range 500 * trial.Effort() {
		ctx, cancel := context.WithCancel(context.Background())
		if i%2 == 0 {
			cancel()
		} else {
			go cancel()
		}
		var o Options
		if i%3 == 0 {
			o.OnChange = func(Snapshot) {}
		}
		s, err := db.feed.Watch(ctx, Spec{Collection: "c", Request: request(t, nil, nil, 0), Options: o})
		if err == nil {
			<-s.Done()
		} else if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	eventually(t, func() bool {
		db.feed.mu.Lock()
		defer db.feed.mu.Unlock()
		return len(db.feed.streams) == 0
	})
}
