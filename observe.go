package virga

import (
	"context"
	"errors"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/hook"
	"github.com/virgadb/virga/internal/plan"
	"github.com/virgadb/virga/watch"
)

// A call is one operation under the eyes of an observer. It is nil where nobody
// looks, and costs nothing then.
type call struct {
	hook.Call
	observer hook.Observer
	tx       *Tx
	unheard  bool // the work was done, and the caller does not hear of it
}

// observed returns the call of an operation that begins, nil when nobody observes.
func (db *DB) observed(op, collection, id string, tx *Tx) *call {
	if db.observer == nil {
		return nil
	}
	c := &call{
		Call:     hook.Call{Op: op, Collection: collection, ID: id, InTransaction: tx != nil},
		observer: db.observer,
		tx:       tx,
	}
	if db.who != nil {
		c.Identity, c.Caller = true, db.who.auth.Owner()
	}
	return c
}

// observed returns the handle through which the operation does its work.
func (c *Collection) observed(op string) (*Collection, *call) {
	call := c.db.observed(op, c.name, "", c.tx)
	if call == nil {
		return c, nil
	}
	next := *c
	next.call = call
	return &next, call
}

func (q *Query) observed(op string) (*Query, *call) {
	coll, call := q.coll.observed(op)
	if call == nil {
		return q, nil
	}
	next := *q
	next.coll = coll
	return &next, call
}

func (r *DocRef) observed(op string) (*DocRef, *call) {
	coll, call := r.coll.observed(op)
	if call == nil {
		return r, nil
	}
	call.ID = r.id.String()
	next := *r
	next.coll = coll
	return &next, call
}

func (a *Aggregation) observed() (*Aggregation, *call) {
	coll, call := a.coll.observed("aggregate")
	if call == nil {
		return a, nil
	}
	next := *a
	next.coll = coll
	return &next, call
}

// plan returns the options for the runs of the operation that the handle serves.
func (c *Collection) plan() plan.Options {
	o := c.db.plan
	if c.call != nil {
		o.Trace = c.call.Trace
	}
	return o
}

// run does the work of the call, unless the observer has an error in its place.
func (c *call) run(ctx context.Context, work func() error) error {
	if c == nil {
		return work()
	}
	err := c.observer.Before(ctx, &c.Call)
	if err != nil {
		c.refuse(err)
	} else {
		err = work()
	}
	c.End()
	told := c.observer.After(&c.Call, err)
	c.unheard = err == nil && told != nil
	return told
}

// yield does the work of a loop: each calls its function for every document until that
// returns false. The error that ended it, also that of ctx, is made by fail into the last
// pair, unless the loop was left.
func (c *call) yield(ctx context.Context, yield func(Doc, error) bool, each func(func(Doc) bool) error, fail func(error) error) {
	left := false
	err := c.run(ctx, func() error {
		err := each(func(doc Doc) bool {
			left = !yield(doc, nil)
			return !left && ctx.Err() == nil
		})
		if err == nil {
			err = ctx.Err()
		}
		return err
	})
	if err != nil && !left {
		yield(Doc{}, fail(err))
	}
}

// open is run for the opening of a stream, which a caller who hears nothing of it has
// no use for.
func (c *call) open(ctx context.Context, work func() (*watch.Stream, error)) (*watch.Stream, error) {
	var stream *watch.Stream
	err := c.run(ctx, func() (err error) {
		stream, err = work()
		return err
	})
	if err != nil && stream != nil {
		stream.Close()
	}
	return stream, err
}

// beforeSnapshot returns what a stream asks before it hands out a snapshot.
func (db *DB) beforeSnapshot(collection string) func(context.Context) error {
	return func(ctx context.Context) error {
		return db.observed("snapshot", collection, "", nil).run(ctx, func() error { return nil })
	}
}

// readingCall is the key of a context that a call reads under, where nothing else says
// whose reads they are.
type readingCall struct{}

// under returns ctx for reads of the call.
func (c *call) under(ctx context.Context) context.Context {
	if c == nil {
		return ctx
	}
	return context.WithValue(ctx, readingCall{}, c)
}

// planUnder returns the options for a run under ctx.
func (db *DB) planUnder(ctx context.Context) plan.Options {
	o := db.plan
	if db.observer == nil {
		return o
	}
	if c, ok := ctx.Value(readingCall{}).(*call); ok {
		o.Trace = c.Trace
	}
	return o
}

// refuse does to a transaction what an error of the call would have done: a read that
// fails leaves it as it is, a write and a conflict end it.
func (c *call) refuse(err error) {
	if c.tx != nil && (c.Writes() || errors.Is(err, fault.ErrConflict)) {
		c.tx.tx.Abort(err)
	}
}

// lost reports whether the caller hears nothing of work that was done.
func (c *call) lost() bool { return c != nil && c.unheard }
