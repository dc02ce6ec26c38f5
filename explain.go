package virga

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/internal/plan"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
)

// Explain says how the query finds its documents: the plan, those that were
// rejected, what running it took, and the index that would help much, if any. It
// runs the query. The result prints as a line, a tree, and as the JSON that
// MongoDB's explain returns. An identity is not told what running it took.
func (q *Query) Explain(ctx context.Context) (query.Explain, error) {
	e, err := q.explain(ctx, "find", deed{op: rules.Read}, q.ready, q.compile)
	return e, q.coll.fail("explain", err)
}

// ExplainCount is [Query.Explain] for [Query.Count].
func (q *Query) ExplainCount(ctx context.Context) (query.Explain, error) {
	e, err := q.explain(ctx, "count", deed{op: rules.Read}, q.ready, q.matching)
	return e, q.coll.fail("explain", err)
}

// ExplainUpdate is [Query.Explain] for [Query.Update] with data. It finds the
// documents and changes none.
func (q *Query) ExplainUpdate(ctx context.Context, data any) (query.Explain, error) {
	_, update, err := q.compileUpdate(data, q.coll.db.scope())
	if err != nil {
		return query.Explain{}, q.coll.fail("explain", fmt.Errorf("update: %w", err))
	}
	e, err := q.explain(ctx, "update", deed{op: rules.Update, update: update}, q.writable, q.matching)
	return e, q.coll.fail("explain", err)
}

// ExplainRemove is [Query.Explain] for [Query.Remove]. It finds the documents and
// removes none.
func (q *Query) ExplainRemove(ctx context.Context) (query.Explain, error) {
	e, err := q.explain(ctx, "remove", deed{op: rules.Delete}, q.writable, q.matching)
	return e, q.coll.fail("explain", err)
}

// explain plans and runs the reading part of op.
func (q *Query) explain(ctx context.Context, op string, d deed, ready func(context.Context) error, compile func() (*query.Request, error)) (e query.Explain, err error) {
	if err := ready(ctx); err != nil {
		return e, err
	}
	r, err := compile()
	if err != nil {
		return e, err
	}
	err = q.readFor(ctx, d, r, func(in reading) error {
		if e, err = plan.Explain(ctx, in.snap, in.coll, in.request, op, q.coll.plan()); err == nil {
			e.Modifications, err = q.coll.db.modifications(q.cond, in.added)
		}
		return err
	})
	e.Collection = q.coll.name
	if err != nil {
		return query.Explain{}, fmt.Errorf("%s: %w", op, err)
	}
	return q.coll.db.shown(e), nil
}

// shown returns e as who calls may see it.
func (db *DB) shown(e query.Explain) query.Explain {
	if db.who == nil {
		return e
	}
	return e.Withhold()
}

// modifications says what rules have made of conditions: what stands in them for the
// caller, and what was added.
func (db *DB) modifications(cond, added any) (D, error) {
	if db.who == nil {
		return nil, nil
	}
	var m D
	given := map[string]bool{}
	if _, err := query.Substitute(cond, func(text string) (string, bool) {
		if (text == "{openid}" || text == "{uid}") && !given[text] {
			given[text] = true
			value, _ := db.who.auth.Substitute(text)
			m = append(m, E{Key: text, Value: value})
		}
		return "", false
	}); err != nil {
		return nil, err
	}
	if added != nil {
		m = append(m, E{Key: "added", Value: added})
	}
	return m, nil
}
