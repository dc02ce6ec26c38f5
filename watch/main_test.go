package watch

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/trial"
	"github.com/virgadb/virga/query"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A table is a database of one collection that remembers every version of it.
type table struct {
	feed    *Feed
	writing sync.Mutex
	now     atomic.Pointer[state]
	states  sync.Map      // by version
	delay   time.Duration // between a version's being seen and its being published
	reads   atomic.Int64
	fail    atomic.Pointer[error] // what reads end with
}

type state struct {
	version uint64
	docs    map[document.ID]document.Doc
}

func newTable(t testing.TB, limit int64) *table {
	db := &table{}
	db.feed = NewFeed(db.find, limit)
	db.store(&state{docs: map[document.ID]document.Doc{}})
	t.Cleanup(func() {
		db.feed.Close()
		db.feed.Wait()
		if n := db.feed.backlog.Load(); n != 0 {
			t.Errorf("%d bytes are reckoned to backlogs when there are none", n)
		}
		if len(db.feed.collections) > 0 {
			t.Errorf("%d collections have an audience still", len(db.feed.collections))
		}
	})
	return db
}

func (db *table) store(s *state) {
	db.states.Store(s.version, s)
	db.now.Store(s)
}

// write makes events of one version. An event without a Before gets the one there is.
func (db *table) write(events ...Event) uint64 {
	db.writing.Lock()
	defer db.writing.Unlock()
	last := db.now.Load()
	next := &state{version: last.version + 1, docs: make(map[document.ID]document.Doc, len(last.docs)+1)}
	for id, d := range last.docs {
		next.docs[id] = d
	}
	for i := range events {
		e := &events[i]
		id := e.id()
		e.Before = next.docs[id]
		if e.After.IsZero() {
			delete(next.docs, id)
		} else {
			next.docs[id] = e.After
		}
	}
	db.store(next)
	time.Sleep(db.delay)
	db.feed.Publish(next.version, func(yield func(string, Event) bool) {
		for _, e := range events {
			if !yield("c", e) {
				return
			}
		}
	}, nil, nil)
	return next.version
}

func (db *table) find(ctx context.Context, collection string, r *query.Request) (Result, error) {
	db.reads.Add(1)
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	if err := db.fail.Load(); err != nil {
		return Result{}, *err
	}
	s := db.now.Load()
	if collection != "c" {
		return Result{Version: s.version, Told: s.version}, nil
	}
	docs, err := s.find(r)
	return Result{Docs: docs, Version: s.version, Told: s.version}, err
}

// find walks over everything.
func (s *state) find(r *query.Request) ([]document.Doc, error) {
	docs := []document.Doc{}
	for _, d := range s.docs {
		if r.Filter != nil {
			if ok, err := r.Filter.Match(d); err != nil || !ok {
				if err != nil {
					return nil, err
				}
				continue
			}
		}
		docs = append(docs, d)
	}
	slices.SortFunc(docs, func(a, b document.Doc) int {
		if r.Sort != nil {
			if c := r.Sort.Compare(a, b); c != 0 {
				return c
			}
		}
		return document.Compare(a.ID().Value(), b.ID().Value())
	})
	if r.Limit > 0 && len(docs) > r.Limit {
		docs = docs[:r.Limit]
	}
	return docs, nil
}

func doc(fields ...document.E) document.Doc {
	d, err := document.Encode(document.D(fields), time.Time{})
	if err != nil {
		panic(err)
	}
	return d
}

// item is a document of a room with a score.
func item(id, room, score int) document.Doc {
	return doc(document.E{Key: "_id", Value: id}, document.E{Key: "room", Value: room}, document.E{Key: "score", Value: score})
}

func put(id, room, score int) Event { return Event{Op: Replace, After: item(id, room, score)} }

// take removes a document that is there.
func (db *table) take(id int) uint64 {
	return db.write(Event{Op: Remove, Before: item(id, 0, 0)})
}

// request compiles a query; a limit of 0 and a nil order are none.
func request(t testing.TB, where, order any, limit int) *query.Request {
	t.Helper()
	r := &query.Request{Limit: limit}
	var err error
	if where != nil {
		if r.Filter, err = query.CompileFilter(where, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if order != nil {
		if r.Sort, err = query.CompileSort(order); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (db *table) watch(t testing.TB, r *query.Request, o Options) *Stream {
	t.Helper()
	s, err := db.feed.Watch(context.Background(), Spec{Collection: "c", Request: r, Options: o})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// next is Next, which must come in time.
func next(t testing.TB, s *Stream) Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), trial.Patience)
	defer cancel()
	snap, err := s.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// silent fails when s has a snapshot that nobody has taken.
func silent(t testing.TB, s *Stream) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), trial.Patience)
	defer cancel()
	if err := s.feed.Settle(ctx); err != nil {
		t.Fatalf("settle: %v", err)
	}
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
