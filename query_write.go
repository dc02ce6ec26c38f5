package virga

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/plan"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/txn"
)

// A commit of a query's update or remove takes this many documents, or fewer when
// together they have more than batchBytes.
const (
	batchDocs  = 500
	batchBytes = 1 << 20
)

// Update changes fields of every document that matches: a plain value sets its
// field, an object inside an object merges into it, a command of package query
// (query.Inc, query.Push, query.Remove …) does what it says. The documents are
// those of one moment, each checked again before it changes, and each changes
// atomically by itself. After an error the result tells how many were done.
//
// Update needs conditions: use Where(M{}) to mean all documents. A query with an
// order, skip, limit or field is [ErrInvalid].
func (q *Query) Update(ctx context.Context, data any) (UpdateResult, error) {
	q, call := q.observed("update")
	var res UpdateResult
	err := call.run(ctx, func() error { return q.update(ctx, data, &res) })
	if call.lost() {
		res = UpdateResult{}
	}
	return res, q.coll.fail("update", err)
}

func (q *Query) update(ctx context.Context, data any, res *UpdateResult) error {
	if err := q.writable(ctx); err != nil {
		return err
	}
	filter, update, err := q.compileUpdate(data, q.coll.db.scope())
	if err != nil {
		return err
	}
	d := deed{op: rules.Update, many: true, filter: filter, update: update}
	return q.batches(ctx, d, func(ids []document.Value) error {
		seen := make([]UpdateResult, len(ids)) // an edit may run again
		err := q.coll.apply(ctx, d, ids, func(i int, old document.Doc) (txn.Edit, error) {
			var e txn.Edit
			var err error
			e, seen[i], err = updateOne(old, filter, update)
			return e, err
		})
		if err != nil {
			return err
		}
		for _, one := range seen {
			res.Matched += one.Matched
			res.Updated += one.Updated
		}
		return nil
	})
}

// updateOne says what update makes of old if it still matches filter.
func updateOne(old document.Doc, filter *query.Filter, update *query.Update) (txn.Edit, UpdateResult, error) {
	if ok, err := matches(old, filter); err != nil || !ok {
		return txn.Edit{}, UpdateResult{}, err
	}
	doc, changed, err := update.Apply(old, filter)
	switch {
	case err != nil:
		return txn.Edit{}, UpdateResult{}, fault.On(old.ID().String(), err)
	case !changed:
		return txn.Edit{}, UpdateResult{Matched: 1}, nil
	}
	return txn.Edit{Op: txn.Update, Doc: doc, Touches: update.Touches, Paths: update.Paths()}, UpdateResult{Matched: 1, Updated: 1}, nil
}

// matches reports whether a document exists and matches; a nil filter takes all.
func matches(doc document.Doc, filter *query.Filter) (bool, error) {
	if doc.IsZero() || filter == nil {
		return !doc.IsZero(), nil
	}
	return filter.Match(doc)
}

// Remove removes every document that matches, as [Query.Update] changes them.
func (q *Query) Remove(ctx context.Context) (RemoveResult, error) {
	q, call := q.observed("remove")
	var res RemoveResult
	err := call.run(ctx, func() error { return q.remove(ctx, &res) })
	if call.lost() {
		res = RemoveResult{}
	}
	return res, q.coll.fail("remove", err)
}

func (q *Query) remove(ctx context.Context, res *RemoveResult) error {
	if err := q.writable(ctx); err != nil {
		return err
	}
	filter, err := q.filter(q.coll.db.scope())
	if err != nil {
		return err
	}
	d := deed{op: rules.Delete, many: true, filter: filter}
	return q.batches(ctx, d, func(ids []document.Value) error {
		removed := make([]bool, len(ids))
		err := q.coll.apply(ctx, d, ids, func(i int, old document.Doc) (txn.Edit, error) {
			ok, err := matches(old, filter)
			removed[i] = ok
			if err != nil || !ok {
				return txn.Edit{}, err
			}
			return txn.Edit{Op: txn.Remove}, nil
		})
		if err != nil {
			return err
		}
		for _, ok := range removed {
			if ok {
				res.Removed++
			}
		}
		return nil
	})
}

// An UpdateOneResult is the result of [Query.UpdateAndReturn].
type UpdateOneResult struct {
	UpdateResult
	Doc Doc // the document as it is now; the zero Doc when none matched
}

// UpdateAndReturn changes the first document that matches, in the order of the
// query, and returns it as it is afterwards. Finding and changing are one step:
// of several callers no two get the same document in the same state.
func (q *Query) UpdateAndReturn(ctx context.Context, data any) (UpdateOneResult, error) {
	q, call := q.observed("update")
	var res UpdateOneResult
	err := call.run(ctx, func() (err error) {
		res, err = q.updateAndReturn(ctx, data)
		return err
	})
	if err != nil {
		return UpdateOneResult{}, q.coll.fail("update", err)
	}
	return res, nil
}

func (q *Query) updateAndReturn(ctx context.Context, data any) (UpdateOneResult, error) {
	var res UpdateOneResult
	if err := q.ready(ctx); err != nil {
		return res, err
	}
	if err := q.coll.db.forProgram("UpdateAndReturn"); err != nil {
		return res, err
	}
	if q.skip > 0 || q.limit > 0 || q.fields != nil || !q.after.IsZero() {
		return res, fmt.Errorf("UpdateAndReturn takes no skip, limit, after or field: %w", fault.ErrInvalid)
	}
	in := q.coll.db.scope()
	filter, update, err := q.compileUpdate(data, in)
	if err != nil {
		return res, err
	}
	// The first to match, and some to spare: until it is locked, another writer may have
	// changed it.
	first, err := q.Limit(8).compileIn(in)
	if err != nil {
		return res, err
	}
	d := deed{op: rules.Update, many: true, filter: filter, update: update}
	for {
		candidates, err := q.candidates(ctx, first)
		if err != nil || len(candidates) == 0 {
			return res, err
		}
		for _, id := range candidates {
			err := q.coll.apply(ctx, d, []document.Value{id}, func(_ int, old document.Doc) (txn.Edit, error) {
				e, one, err := updateOne(old, filter, update)
				res = UpdateOneResult{UpdateResult: one, Doc: e.Doc}
				if one.Matched > 0 && one.Updated == 0 {
					res.Doc = old
				}
				return e, err
			})
			if err != nil {
				return UpdateOneResult{}, err
			}
			if res.Matched > 0 {
				return res, nil
			}
		}
	}
}

// candidates returns the ids of what r finds.
func (q *Query) candidates(ctx context.Context, r *query.Request) ([]document.Value, error) {
	var ids []document.Value
	err := q.eachOf(ctx, r, false, func(doc Doc) bool {
		ids = append(ids, doc.Value().Field("_id"))
		return true
	})
	return ids, err
}

// writable reports why the query must not update or remove, or nil.
func (q *Query) writable(ctx context.Context) error {
	if err := q.ready(ctx); err != nil {
		return err
	}
	switch {
	case q.cond == nil:
		return fmt.Errorf("conditions are needed, use Where(M{}) to mean all documents: %w", fault.ErrInvalid)
	case !q.after.IsZero() || (len(q.order) > 0 || q.skip > 0 || q.limit > 0 || q.fields != nil) && !q.ignores():
		return fmt.Errorf("order, skip, limit, after and field do not go with this: %w", fault.ErrInvalid)
	}
	return nil
}

func (q *Query) compileUpdate(data any, in expr.Scope) (*query.Filter, *query.Update, error) {
	filter, err := q.filter(in)
	if err != nil {
		return nil, nil, err
	}
	update, err := q.coll.db.compileUpdate(data, in)
	if err != nil {
		return nil, nil, err
	}
	if update.NeedsFilter() && filter == nil {
		return nil, nil, errPositional
	}
	return filter, update, nil
}

// batches calls f with the ids of the documents that match in one snapshot, some at
// a time.
func (q *Query) batches(ctx context.Context, d deed, f func(ids []document.Value) error) error {
	return q.readFor(ctx, d, &query.Request{Filter: d.filter, Hint: q.hint}, func(in reading) error {
		cursor := plan.Find(in.snap, in.coll, in.request, q.coll.plan())
		defer cursor.Close()
		var ids []document.Value
		bytes := 0
		for cursor.Next(ctx) {
			doc := cursor.Doc()
			ids = append(ids, doc.Value().Field("_id").Clone())
			bytes += len(doc.Raw())
			if len(ids) < batchDocs && bytes < batchBytes {
				continue
			}
			if err := f(ids); err != nil {
				return err
			}
			ids, bytes = nil, 0
		}
		if err := cursor.Err(); err != nil || len(ids) == 0 {
			return err
		}
		return f(ids)
	})
}
