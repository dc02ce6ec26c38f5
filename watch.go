package virga

import (
	"context"
	"fmt"
	"iter"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/plan"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
	"github.com/virgadb/virga/watch"
)

// Watch keeps the query live: the stream it returns shows the documents that match
// now, and then, commit after commit, what becomes of them. Package watch says how.
// The stream ends with its Close, with ctx, or with the database; one that nobody
// closes keeps its documents in memory.
//
//	stream, err := messages.Where(virga.M{"roomId": "chat_001"}).Watch(ctx)
//	defer stream.Close()
//	for snap, err := range stream.All(ctx) { … }
//
// Watch takes conditions, up to 5 fields to order by, and a limit of up to 200; skip,
// after, field, and a query of a transaction are [ErrInvalid]. A collection that does
// not exist yet can be watched. Times relative to the server's, in conditions, are
// resolved once, by Watch.
//
// For an identity, rules are asked when the stream opens and whenever they change; when
// they do not allow any more what it shows, it ends with the denial.
func (q *Query) Watch(ctx context.Context, options ...watch.Options) (*watch.Stream, error) {
	q, call := q.observed("watch")
	stream, err := call.open(ctx, func() (*watch.Stream, error) { return q.watch(ctx, q.coll.fail, options) })
	if err != nil {
		return nil, q.coll.fail("watch", err)
	}
	return stream, nil
}

// Watch keeps the document live, see [Query.Watch]: the list has it while it exists.
// Rules judge it as the query for that _id, for the document changes: what they ask of
// other fields has to be proved by the conditions of a query instead.
func (r *DocRef) Watch(ctx context.Context, options ...watch.Options) (*watch.Stream, error) {
	r, call := r.observed("watch")
	stream, err := call.open(ctx, func() (*watch.Stream, error) { return r.watch(ctx, options) })
	if err != nil {
		return nil, r.fail("watch", err)
	}
	return stream, nil
}

func (r *DocRef) watch(ctx context.Context, options []watch.Options) (*watch.Stream, error) {
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	q := r.coll.Where(query.Raw(D{{Key: "_id", Value: query.Eq(r.id)}})).Field(r.fields)
	return q.watch(ctx, r.fail, options)
}

func (q *Query) watch(ctx context.Context, fail func(op string, err error) error, options []watch.Options) (*watch.Stream, error) {
	if err := q.ready(ctx); err != nil {
		return nil, err
	}
	if q.coll.tx != nil {
		return nil, fmt.Errorf("a transaction sees one moment and cannot watch: %w", fault.ErrInvalid)
	}
	if err := q.coll.db.watchable(); err != nil {
		return nil, err
	}
	if len(options) > 1 {
		return nil, fmt.Errorf("%d sets of options: %w", len(options), fault.ErrInvalid)
	}
	request, err := q.compile()
	if err != nil {
		return nil, err
	}
	spec := watch.Spec{
		Collection: q.coll.name,
		Request:    request,
		Wrap:       func(err error) error { return fail("watch", err) },
	}
	if q.coll.call != nil {
		spec.Before = q.coll.db.beforeSnapshot(q.coll.name)
	}
	if len(options) == 1 {
		spec.Options = options[0]
	}
	if q.coll.db.who != nil {
		if err := q.guard(ctx, &spec); err != nil {
			return nil, err
		}
	}
	return q.coll.db.feed.Watch(q.coll.call.under(ctx), spec)
}

// Settle returns once every stream's reader has what the writes that are finished
// gave for it: Next has returned it, or OnChange has returned from it. It takes the
// place of sleeping in tests. A snapshot that nobody takes, also the first of a
// stream, keeps Settle waiting until ctx ends; what gives no snapshot does not.
func (db *DB) Settle(ctx context.Context) error {
	err := usable(ctx)
	if err == nil {
		err = db.feed.Settle(ctx)
	}
	return fault.Wrap("settle", "", "", err)
}

// tell hands the record of a commit to the streams.
func (db *DB) tell(c *txn.Commit) {
	dropped := make([]string, len(c.Dropped))
	for i, coll := range c.Dropped {
		dropped[i] = coll.Name
	}
	var redefined []string
	for _, coll := range c.Redefined {
		redefined = append(redefined, coll.Name)
	}
	db.feed.Publish(c.Version, events(c.Changes), dropped, redefined)
}

func events(changes []txn.Change) iter.Seq2[string, watch.Event] {
	return func(yield func(string, watch.Event) bool) {
		for i := range changes {
			c := &changes[i]
			if !yield(c.Collection.Name, watch.Event{Op: watchOp(c.Op), Before: c.Before, After: c.After, Paths: c.Paths}) {
				return
			}
		}
	}
}

func watchOp(op txn.Op) watch.Op {
	switch op {
	case txn.Insert:
		return watch.Insert
	case txn.Update:
		return watch.Update
	case txn.Replace:
		return watch.Replace
	}
	return watch.Remove
}

// find reads for the streams.
func (db *DB) find(ctx context.Context, collection string, r *query.Request) (watch.Result, error) {
	snap, err := db.docs.Snapshot()
	if err != nil {
		return watch.Result{}, err
	}
	defer snap.Release()
	return db.findIn(ctx, snap, collection, r)
}

// findIn is find in one state.
func (db *DB) findIn(ctx context.Context, snap txn.Snapshot, collection string, r *query.Request) (watch.Result, error) {
	result := watch.Result{Docs: []document.Doc{}, Version: snap.Version(), Told: snap.Told()}
	cursor := plan.Find(snap, snap.Catalog().Collection(collection), r, db.planUnder(ctx))
	defer cursor.Close()
	for cursor.Next(ctx) {
		result.Docs = append(result.Docs, cursor.Doc())
	}
	return result, cursor.Err()
}
