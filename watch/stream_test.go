package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// TestConcurrent lets streams read beside writers. Every snapshot must be exactly
// what its version held, whatever has been written meanwhile.
func TestConcurrent(t *testing.T) {
	for _, delay := range []time.Duration{0, 50 * time.Microsecond} {
		t.Run(fmt.Sprint("delay ", delay), func(t *testing.T) {
			rnd := newRandom(t)
			db := newTable(t, 0)
			db.delay = delay
			for i := range 200 {
				db.write(put(i, i%7, rnd.IntN(50)))
			}
			c := &crowd{t: t, db: db}
			for i, r := range []*query.Request{
				request(t, nil, document.D{{Key: "score", Value: 1}}, 3),
				request(t, document.M{"room": 3}, document.D{{Key: "score", Value: -1}}, 2),
				request(t, document.M{"room": document.M{"$gt": 3}}, nil, 1),
				request(t, nil, nil, 0),
				request(t, document.M{"room": 5}, nil, 0),
			} {
				c.follow(r, Options{Backlog: 1 << 30, BacklogBytes: 1 << 40})
				if i%2 == 0 {
					c.follow(r, Options{Backlog: 4})
				}
			}
			var writers sync.WaitGroup
			for n := range 2 {
				seed := rnd.Uint64()
				writers.Go(func() { c.write(seed, n, 100*effort()) })
			}
			writers.Wait()
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			defer cancel()
			if err := db.feed.Settle(ctx); err != nil {
				t.Error(err)
			}
			db.feed.Close()
			c.readers.Wait()
			t.Logf("%d snapshots, %d merged, %d reads", c.snapshots.Load(), c.merged.Load(), db.reads.Load())
		})
	}
}

// A crowd is streams beside writers.
type crowd struct {
	t                 *testing.T
	db                *table
	readers           sync.WaitGroup
	snapshots, merged atomic.Int64
}

func (c *crowd) write(seed uint64, n, writes int) {
	rnd := random(seed)
	for range writes {
		id := n*100 + rnd.IntN(100) // each writer has documents of its own
		if rnd.IntN(2) == 0 {
			id = n*100 + rnd.IntN(15)
		}
		switch rnd.IntN(8) {
		case 0: // windows run dry
			var events []Event
			for id := range 60 {
				events = append(events, Event{Op: Remove, Before: item(n*100+id, 0, 0)})
			}
			c.db.write(events...)
		case 2:
			var events []Event
			for range 40 {
				events = append(events, put(n*100+rnd.IntN(100), rnd.IntN(7), rnd.IntN(50)))
			}
			c.db.write(events...)
		case 3, 4:
			c.db.take(id)
		case 1:
			other := n*100 + rnd.IntN(100)
			c.db.write(put(id, rnd.IntN(7), rnd.IntN(50)), put(other, rnd.IntN(7), rnd.IntN(50)))
		default:
			c.db.write(put(id, rnd.IntN(7), rnd.IntN(50)))
		}
	}
}

// follow reads a stream until it ends.
func (c *crowd) follow(r *query.Request, o Options) {
	s := c.db.watch(c.t, r, o)
	c.readers.Go(func() {
		var last Snapshot
		for {
			snap, err := s.Next(context.Background())
			if err != nil {
				if !errors.Is(err, fault.ErrClosed) {
					c.t.Error(err)
				}
				return
			}
			c.snapshots.Add(1)
			if snap.Merged {
				c.merged.Add(1)
				if o.Backlog > 4 {
					c.t.Errorf("version %d is merged", snap.Version)
				}
			}
			if last.ID > 0 && (snap.Version <= last.Version || snap.ID != last.ID+1) {
				c.t.Errorf("snapshot %d of version %d behind %d of %d", snap.ID, snap.Version, last.ID, last.Version)
			}
			c.judge(r, snap, last)
			last = snap
		}
	})
}

func (c *crowd) judge(r *query.Request, snap, last Snapshot) {
	s, _ := c.db.states.Load(snap.Version)
	want, err := s.(*state).find(r)
	if err != nil {
		c.t.Error(err)
	}
	same := func(a, b document.Doc) bool { return string(a.Raw()) == string(b.Raw()) }
	if !slices.EqualFunc(snap.Docs, want, same) {
		c.t.Errorf("version %d shows %v, want %v", snap.Version, snap.Docs, want)
	}
	if got := follow(last.Docs, snap.Changes); !slices.EqualFunc(got, want, same) {
		slices.SortFunc(got, func(a, b document.Doc) int { return document.Compare(a.Value(), b.Value()) })
		slices.SortFunc(want, func(a, b document.Doc) int { return document.Compare(a.Value(), b.Value()) })
		if !slices.EqualFunc(got, want, same) {
			c.t.Errorf("version %d: following the changes gives %v, want %v", snap.Version, got, want)
		}
	}
}

// follow does what a client does with changes.
func follow(docs []document.Doc, changes []Change) []document.Doc {
	docs = slices.Clone(docs)
	for _, c := range changes {
		is := func(d document.Doc) bool { return d.ID() == c.DocID }
		switch c.QueueType {
		case QueueInit, QueueEnqueue:
			docs = append(docs, c.Doc)
		case QueueDequeue:
			docs = slices.DeleteFunc(docs, is)
		case QueueUpdate:
			docs[slices.IndexFunc(docs, is)] = c.Doc
		}
	}
	return docs
}

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
