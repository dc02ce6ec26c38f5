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
	"github.com/virgadb/virga/internal/trial"
	"github.com/virgadb/virga/query"
)

// TestConcurrent lets streams read beside writers. Every snapshot must be exactly
// what its version held, whatever has been written meanwhile.
func TestConcurrent(t *testing.T) {
	for _, delay := range []time.Duration{0, 50 * time.Microsecond} {
		t.Run(fmt.Sprint("delay ", delay), func(t *testing.T) {
			rnd := trial.Random(t)
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
				writers.Go(func() { c.write(seed, n, 100*trial.Effort()) })
			}
			writers.Wait()
			ctx, cancel := context.WithTimeout(context.Background(), trial.Patience)
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
