package virga

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/plan"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/txn"
)

// Get returns the documents. None is no error.
func (q *Query) Get(ctx context.Context) ([]Doc, error) {
	q, call := q.observed("find")
	docs := []Doc{}
	bytes := 0
	err := call.run(ctx, func() error {
		err := q.each(ctx, false, func(doc Doc) bool {
			if len(docs) == 0 {
				docs = make([]Doc, 0, q.firstRoom())
			}
			docs = append(docs, doc)
			bytes += len(doc.Raw())
			return true
		})
		if err == nil {
			err = q.coll.db.checkReply(bytes)
		}
		return err
	})
	if err != nil {
		return nil, q.coll.fail("find", err)
	}
	return docs, nil
}

// firstRoom is for how many documents Get makes room at first.
func (q *Query) firstRoom() int {
	const most = 128
	if q.limit > 0 {
		return min(q.limit, most)
	}
	return most / 4
}

// One returns the first document. None is [ErrNotFound].
func (q *Query) One(ctx context.Context) (Doc, error) {
	q, call := q.observed("find")
	var first Doc
	err := call.run(ctx, func() (err error) {
		first, err = q.one(ctx)
		return err
	})
	if err != nil {
		return Doc{}, q.coll.fail("find", err)
	}
	return first, nil
}

func (q *Query) one(ctx context.Context) (first Doc, err error) {
	err = q.Limit(1).each(ctx, false, func(doc Doc) bool {
		first = doc
		return false
	})
	if err == nil && first.IsZero() {
		err = fmt.Errorf("no document matches: %w", fault.ErrNotFound)
	}
	return first, err
}

// Exists reports whether a document matches.
func (q *Query) Exists(ctx context.Context) (bool, error) {
	q, call := q.observed("exists")
	found := false
	err := call.run(ctx, func() (err error) {
		found, err = q.exists(ctx)
		return err
	})
	return found && err == nil, q.coll.fail("exists", err)
}

func (q *Query) exists(ctx context.Context) (found bool, err error) {
	if err := q.ready(ctx); err != nil {
		return false, err
	}
	if q.skip > 0 || !q.after.IsZero() {
		one := *q
		one.limit, one.fields = 1, nil
		err := one.each(ctx, false, func(Doc) bool {
			found = true
			return false
		})
		return found, err
	}
	r, err := q.matching()
	if err != nil {
		return false, err
	}
	err = q.read(ctx, r, func(in reading) error {
		found, err = plan.Exists(ctx, in.snap, in.coll, in.request, q.coll.plan())
		return err
	})
	return found, err
}

// Each returns a loop over the documents, all of one moment. They are read as the
// loop goes on, so it may run over any number. An error comes as the last pair,
// also that of ctx as soon as it is done. Leaving the loop releases everything.
func (q *Query) Each(ctx context.Context) iter.Seq2[Doc, error] {
	return func(yield func(Doc, error) bool) {
		q, call := q.observed("find")
		call.yield(ctx, yield, func(f func(Doc) bool) error { return q.each(ctx, true, f) }, func(err error) error { return q.coll.fail("find", err) })
	}
}

// each calls f for every document until it returns false. users says that f runs
// code of the user's, whose time is not the query's.
func (q *Query) each(ctx context.Context, users bool, f func(Doc) bool) error {
	if err := q.ready(ctx); err != nil {
		return err
	}
	r, err := q.compile()
	if err != nil {
		return err
	}
	return q.eachOf(ctx, r, users, f)
}

// eachOf is each for what q was compiled to.
func (q *Query) eachOf(ctx context.Context, r *query.Request, users bool, f func(Doc) bool) error {
	most := q.coll.db.cut(r)
	return q.read(ctx, r, func(in reading) error {
		cursor := plan.Find(in.snap, in.coll, in.request, q.coll.plan())
		defer cursor.Close()
		for n := 1; cursor.Next(ctx); n++ {
			if most > 0 && n > most {
				q.tellCut(most)
				return nil
			}
			if users {
				cursor.Away()
			}
			more := f(cursor.Doc())
			if users {
				cursor.Back()
			}
			if !more {
				return nil
			}
		}
		return cursor.Err()
	})
}

// Count returns the number of documents that match. Order, skip, limit and field
// have no part in it. Counting all documents of a collection reads none.
func (q *Query) Count(ctx context.Context) (int64, error) {
	q, call := q.observed("count")
	n := int64(0)
	err := call.run(ctx, func() (err error) {
		n, err = q.count(ctx)
		return err
	})
	if err != nil {
		return 0, q.coll.fail("count", err)
	}
	return n, nil
}

func (q *Query) count(ctx context.Context) (n int64, err error) {
	if err := q.ready(ctx); err != nil {
		return 0, err
	}
	if err := q.coll.outOfTransaction("count"); err != nil {
		return 0, err
	}
	r, err := q.matching()
	if err != nil {
		return 0, err
	}
	err = q.read(ctx, r, func(in reading) error {
		n, err = plan.Count(ctx, in.snap, in.coll, in.request, q.coll.plan())
		return err
	})
	return n, err
}

// Distinct returns the different values at path in the documents that match, in
// ascending order, decoded as [Doc.Map] does. The elements of an array count each
// for itself. Documents without the path add nothing.
func (q *Query) Distinct(ctx context.Context, path string) ([]any, error) {
	q, call := q.observed("distinct")
	var values []any
	err := call.run(ctx, func() (err error) {
		values, err = q.distinct(ctx, path)
		return err
	})
	if err != nil {
		return nil, q.coll.fail("distinct", err)
	}
	return values, nil
}

func (q *Query) distinct(ctx context.Context, path string) ([]any, error) {
	if err := q.ready(ctx); err != nil {
		return nil, err
	}
	p, err := document.ParsePath(path)
	if err == nil && strings.HasPrefix(path, "$") {
		err = fmt.Errorf("a path starts with a dollar sign: %w", fault.ErrInvalid)
	}
	if err != nil {
		return nil, fault.At(path, err)
	}
	r, err := q.matching()
	if err != nil {
		return nil, err
	}
	var values []document.Value
	err = q.read(ctx, r, func(in reading) error {
		values, err = plan.Distinct(ctx, in.snap, in.coll, in.request, p, q.coll.plan())
		return err
	})
	if err != nil {
		return nil, err
	}
	decoded := make([]any, len(values))
	for i, v := range values {
		decoded[i] = v.Any()
	}
	return decoded, nil
}

// read calls f with r as who calls may ask it, of one moment.
func (q *Query) read(ctx context.Context, r *query.Request, f func(reading) error) error {
	return q.readFor(ctx, deed{op: rules.Read}, r, f)
}

// readFor is read for what d needs to find.
func (q *Query) readFor(ctx context.Context, d deed, r *query.Request, f func(reading) error) error {
	snap, err := q.coll.snapshot()
	if err != nil {
		return err
	}
	defer snap.Release()
	coll := snap.Catalog().Collection(q.coll.name)
	if coll == nil {
		if err := q.coll.db.known(coll); err != nil {
			return err
		}
	}
	in := reading{snap: snap, coll: coll, request: r}
	if q.coll.db.who != nil {
		if in.request, in.added, err = q.coll.permitted(ctx, snap, coll, d, r); err != nil {
			return err
		}
	}
	return f(in)
}

// A reading is what a query reads from, and what it asks there.
type reading struct {
	snap    txn.Snapshot
	coll    *txn.Collection // nil when it does not exist
	request *query.Request
	added   any // the condition in it that rules have added; nil for none
}

// permitted returns r narrowed to what an identity may find for d, and the condition
// that narrows it.
func (c *Collection) permitted(ctx context.Context, snap txn.Snapshot, coll *txn.Collection, d deed, r *query.Request) (*query.Request, any, error) {
	p, err := c.permit(snap, coll)
	if err != nil {
		return nil, nil, err
	}
	if d.update != nil {
		p.call.Data = rules.DataOfUpdate(d.update)
	}
	return p.permitted(ctx, d.op, r)
}

// permitted is [Collection.permitted] of this permit.
func (p *permit) permitted(ctx context.Context, op rules.Operation, r *query.Request) (*query.Request, any, error) {
	filter, extra, err := p.narrow(ctx, op, r.Filter)
	if err != nil || extra == nil {
		return r, nil, err
	}
	next := *r
	next.Filter = filter
	return &next, extra, nil
}
