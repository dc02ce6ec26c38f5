package watch

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

func TestTooManyRecords(t *testing.T) {
	db := newTable(t, 0)
	for i := range 3 {
		db.write(put(i, 0, 0))
	}
	o := Options{MaxRecords: 3}
	s := db.watch(t, request(t, nil, nil, 0), o)
	next(t, s)
	db.write(put(3, 0, 0))
	if _, err := s.Next(context.Background()); !errors.Is(err, fault.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	if _, err := db.feed.Watch(context.Background(), Spec{Collection: "c", Request: request(t, nil, nil, 0), Options: o}); !errors.Is(err, fault.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	limited := db.watch(t, request(t, nil, nil, 2), o)
	if snap := next(t, limited); len(snap.Docs) != 2 {
		t.Errorf("%+v", snap)
	}
}

func TestRefused(t *testing.T) {
	db := newTable(t, 0)
	six := document.D{{Key: "a", Value: 1}, {Key: "b", Value: 1}, {Key: "c", Value: 1}, {Key: "d", Value: 1}, {Key: "e", Value: 1}, {Key: "f", Value: 1}}
	for _, c := range []struct {
		name string
		spec Spec
	}{
		{"skip", Spec{Request: &query.Request{Skip: 1}}},
		{"after", Spec{Request: &query.Request{After: item(1, 1, 1)}}},
		{"field", Spec{Request: &query.Request{Projection: &query.Projection{}}}},
		{"limit", Spec{Request: request(t, nil, nil, 201)}},
		{"order", Spec{Request: request(t, nil, six, 0)}},
		{"negative", Spec{Request: request(t, nil, nil, 0), Options: Options{MaxRecords: -1, Backlog: -1, BacklogBytes: -1}}},
		{"OnError alone", Spec{Request: request(t, nil, nil, 0), Options: Options{OnError: func(error) {}}}},
	} {
		if _, err := db.feed.Watch(context.Background(), c.spec); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
	for _, r := range []*query.Request{request(t, nil, nil, 200), request(t, nil, six[:5], 0)} {
		db.watch(t, r, Options{}).Close()
	}
}

// TestEnds goes through the ways in which a stream ends, with a reader waiting.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(db *table, s *Stream, cancel func())
		want error
	}{
		{"close", func(_ *table, s *Stream, _ func()) { s.Close(); s.Close() }, fault.ErrClosed},
		{"context", func(_ *table, _ *Stream, cancel func()) { cancel() }, context.Canceled},
		{"database", func(db *table, _ *Stream, _ func()) { db.feed.Close() }, fault.ErrClosed},
	} {
		for _, callbacks := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, " callbacks ", callbacks), func(t *testing.T) {
				db := newTable(t, 0)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				var o Options
				failed := make(chan error, 2)
				if callbacks {
					o.OnChange = func(Snapshot) {}
					o.OnError = func(err error) { failed <- err }
				}
				s, err := db.feed.Watch(ctx, Spec{Collection: "c", Request: request(t, nil, nil, 0), Options: o})
				if err != nil {
					t.Fatal(err)
				}
				if !callbacks {
					next(t, s)
					go func() {
						_, err := s.Next(context.Background())
						failed <- err
					}()
				}
				time.Sleep(time.Millisecond)
				c.end(db, s, cancel)
				<-s.Done()
				if callbacks && c.name == "close" {
					failed <- fault.ErrClosed // Close is no error
				}
				if err := <-failed; !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if _, err := s.Next(context.Background()); !callbacks && !errors.Is(err, c.want) {
					t.Errorf("later %v, want %v", err, c.want)
				}
				db.write(put(1, 1, 1))
				if s.backlog.notes != 0 || len(db.feed.streams) > 0 {
					t.Errorf("%d notes, %d streams are left", s.backlog.notes, len(db.feed.streams))
				}
				if len(failed) > 0 {
					t.Errorf("and then %v", <-failed)
				}
			})
		}
	}
}

// A life is a context that counts what is tied to it.
type life struct {
	context.Context
	tied atomic.Int64
}

// Value hides the context beneath, which others would be tied to directly.
func (l *life) Value(any) any { return nil }

// AfterFunc is what context.AfterFunc and the contexts made from l call.
func (l *life) AfterFunc(f func()) func() bool {
	l.tied.Add(1)
	stop := context.AfterFunc(l.Context, f)
	return func() bool {
		l.tied.Add(-1)
		return stop()
	}
}

// TestNothingStaysTied: a stream that has ended hangs on its context no more.
func TestNothingStaysTied(t *testing.T) {
	db := newTable(t, 0)
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, o := range []Options{{}, {OnChange: func(Snapshot) {}}} {
		l := &life{Context: base}
		s, err := db.feed.Watch(l, Spec{Collection: "c", Request: request(t, nil, nil, 0), Options: o})
		if err != nil {
			t.Fatal(err)
		}
		if l.tied.Load() == 0 {
			t.Error("the stream is not tied to its context")
		}
		s.Close()
		<-s.Done()
		if n := l.tied.Load(); n != 0 {
			t.Errorf("%d things are tied to the context still", n)
		}
	}
}

func TestNextContext(t *testing.T) {
	db := newTable(t, 0)
	s := db.watch(t, request(t, nil, nil, 0), Options{})
	next(t, s)
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	db.write(put(1, 1, 1))
	if snap := next(t, s); len(snap.Docs) != 1 {
		t.Errorf("%+v", snap)
	}
}

// TestReadFails: a window that cannot be filled again ends the stream, unless that
// is the context's doing.
func TestReadFails(t *testing.T) {
	db := newTable(t, 0)
	for i := range 100 {
		db.write(put(i, 0, 0))
	}
	s := db.watch(t, request(t, nil, nil, 1), Options{})
	next(t, s)
	var removals []Event
	for i := range 50 {
		removals = append(removals, Event{Op: Remove, Before: item(i, 0, 0)})
	}
	db.write(removals...)
	db.write(put(60, 0, 7)) // and something that is to be taken back
	for _, cause := range []error{context.Canceled, fault.ErrCorrupt} {
		if cause == context.Canceled {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if _, err := s.Next(ctx); !errors.Is(err, cause) {
				t.Errorf("got %v", err)
			}
			if snap := next(t, s); len(snap.Docs) != 1 || snap.Docs[0].ID().Any() != int64(50) || len(snap.Changes) != 2 || snap.Merged {
				t.Errorf("%v", words(snap))
			}
			removals = removals[:0]
			for i := 50; i < 99; i++ {
				removals = append(removals, Event{Op: Remove, Before: item(i, 0, 0)})
			}
			db.write(removals...)
			continue
		}
		db.fail.Store(&cause)
		for range 2 {
			if _, err := s.Next(context.Background()); !errors.Is(err, cause) {
				t.Errorf("got %v", err)
			}
		}
	}
}

func TestAll(t *testing.T) {
	db := newTable(t, 0)
	s := db.watch(t, request(t, nil, nil, 0), Options{})
	db.write(put(1, 1, 1))
	n := 0
	for snap, err := range s.All(context.Background()) {
		if err != nil || len(snap.Docs) != n {
			t.Fatalf("%+v, %v", snap, err)
		}
		if n++; n == 2 {
			break
		}
	}
	if _, err := s.Next(context.Background()); !errors.Is(err, fault.ErrClosed) {
		t.Errorf("behind the loop: %v", err)
	}
	s = db.watch(t, request(t, nil, nil, 0), Options{})
	for snap, err := range s.All(context.Background()) {
		if err == nil {
			s.Close()
		} else if !errors.Is(err, fault.ErrClosed) || snap.ID != 0 {
			t.Errorf("%+v, %v", snap, err)
		}
	}
}
