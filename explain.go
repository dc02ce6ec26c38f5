package virga

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/internal/plan"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// Explain says how the query finds its documents: the plan, those that were
// rejected, what running it took, and the index that would help much, if any. It
// runs the query. The result prints as a line, a tree, and as the JSON that
// MongoDB's explain returns.
func (q *Query) Explain(ctx context.Context) (query.Explain, error) {
	e, err := q.explain(ctx, "find", q.ready, q.compile)
	return e, q.coll.fail("explain", err)
}

// ExplainCount is [Query.Explain] for [Query.Count].
func (q *Query) ExplainCount(ctx context.Context) (query.Explain, error) {
	e, err := q.explain(ctx, "count", q.ready, q.matching)
	return e, q.coll.fail("explain", err)
}

// ExplainUpdate is [Query.Explain] for [Query.Update] with data. It finds the
// documents and changes none.
func (q *Query) ExplainUpdate(ctx context.Context, data any) (query.Explain, error) {
	e, err := q.explain(ctx, "update", q.writable, func() (*query.Request, error) {
		if _, _, err := q.compileUpdate(data); err != nil {
			return nil, err
		}
		return q.matching()
	})
	return e, q.coll.fail("explain", err)
}

// ExplainRemove is [Query.Explain] for [Query.Remove]. It finds the documents and
// removes none.
func (q *Query) ExplainRemove(ctx context.Context) (query.Explain, error) {
	e, err := q.explain(ctx, "remove", q.writable, q.matching)
	return e, q.coll.fail("explain", err)
}

// explain plans and runs the reading part of op.
func (q *Query) explain(ctx context.Context, op string, ready func(context.Context) error, compile func() (*query.Request, error)) (e query.Explain, err error) {
	if err := ready(ctx); err != nil {
		return e, err
	}
	r, err := compile()
	if err != nil {
		return e, err
	}
	err = q.read(func(snap txn.Snapshot, coll *txn.Collection) error {
		e, err = plan.Explain(ctx, snap, coll, r, op, q.coll.plan())
		return err
	})
	e.Collection = q.coll.name
	if err != nil {
		return query.Explain{}, fmt.Errorf("%s: %w", op, err)
	}
	return e, nil
}
