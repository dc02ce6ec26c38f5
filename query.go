package virga

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// Direction is the direction of an order.
type Direction int

// The directions of [Query.OrderBy].
const (
	Asc  Direction = 1
	Desc Direction = -1
)

// A Query says which documents of a collection are meant, in which order, and
// what of them is wanted. Its methods that refine it return a new Query and leave
// the receiver as it is. It is safe for concurrent use.
type Query struct {
	coll   *Collection
	cond   any
	order  D
	skip   int
	limit  int
	fields any
	after  Doc    // only what comes behind it; zero from the beginning
	hint   string // the index to use; empty leaves the choice
	err    error  // the first bad argument
}

// Where returns the query for the documents that match cond: an [M], a [D] or a
// struct of conditions, a command of package query, or nil for all. An object
// inside an object speaks of the paths into it: M{"a": M{"b": 1}} means that a.b
// is 1. Use query.Eq for an object that must be exactly so.
func (c *Collection) Where(cond any) *Query {
	return &Query{coll: c, cond: cond, err: c.err}
}

// Where returns the query with cond in the place of its conditions.
func (q *Query) Where(cond any) *Query {
	next := *q
	next.cond = cond
	return &next
}

// OrderBy returns the query with path added to its order. A path that is in the
// order already keeps its place and takes the new direction. Without an order,
// and where it leaves ties, documents come in the order of their _id. An order has
// [query.MaxSortFields] at most.
func (q *Query) OrderBy(path string, dir Direction) *Query {
	next := *q
	if dir != Asc && dir != Desc {
		return next.refuse("order by %s: the direction %d is neither Asc nor Desc", path, dir)
	}
	if len(q.order) > query.MaxSortFields {
		return &next // refused when it runs, whatever else is added
	}
	next.order = slices.Clone(q.order)
	for i := range next.order {
		if next.order[i].Key == path {
			next.order[i].Value = int(dir)
			return &next
		}
	}
	next.order = append(next.order, E{Key: path, Value: int(dir)})
	return &next
}

// Skip returns the query that passes over the first n documents.
func (q *Query) Skip(n int) *Query {
	next := *q
	if n < 0 {
		return next.refuse("skip of %d", n)
	}
	next.skip = n
	return &next
}

// Limit returns the query for at most n documents. Zero means no limit.
func (q *Query) Limit(n int) *Query {
	next := *q
	if n < 0 {
		return next.refuse("limit of %d", n)
	}
	next.limit = n
	return &next
}

// Field returns the query that returns only some fields: M{"name": true} or
// D{{"name", 1}} those named and _id, M{"note": false} all but those named. Paths
// may be dotted; query.Slice and query.ElemMatch select elements of arrays.
func (q *Query) Field(fields any) *Query {
	next := *q
	next.fields = fields
	return &next
}

// refuse remembers a bad argument for the call that runs the query.
func (q *Query) refuse(format string, args ...any) *Query {
	if q.err == nil {
		q.err = fmt.Errorf(format+": %w", append(args, fault.ErrInvalid)...)
	}
	return q
}

func (q *Query) ready(ctx context.Context) error {
	if q.err != nil {
		return q.err
	}
	return q.coll.ready(ctx)
}

// matching makes a request of the conditions and the hint alone.
func (q *Query) matching() (*query.Request, error) {
	return q.matchingIn(q.coll.db.scope())
}

func (q *Query) matchingIn(in expr.Scope) (*query.Request, error) {
	filter, err := q.filter(in)
	if err != nil {
		return nil, err
	}
	return &query.Request{Filter: filter, Hint: q.hint}, nil
}

// compile makes a request of the whole query.
func (q *Query) compile() (*query.Request, error) {
	return q.compileIn(q.coll.db.scope())
}

func (q *Query) compileIn(in expr.Scope) (*query.Request, error) {
	r, err := q.matchingIn(in)
	if err != nil {
		return nil, err
	}
	r.Skip, r.Limit, r.After = q.skip, q.limit, q.after
	if r.Limit > math.MaxInt-r.Skip {
		r.Limit = 0 // there are not as many documents, and the sum of both must be a number
	}
	if near := r.Filter.Near(); near != nil {
		r.Sort = near.Sort()
	}
	if len(q.order) > 0 {
		if r.Sort, err = query.CompileSort(q.order); err != nil {
			return nil, err
		}
	}
	if q.fields != nil {
		if r.Projection, err = query.CompileProjectionIn(q.fields, in); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// filter compiles the conditions. No conditions give nil.
func (q *Query) filter(in expr.Scope) (*query.Filter, error) {
	if q.cond == nil {
		return nil, nil
	}
	if fields, ok := document.Pairs(q.cond); ok && len(fields) == 0 {
		return nil, nil
	}
	cond, err := q.coll.db.substitute(q.cond)
	if err != nil {
		return nil, err
	}
	return query.CompileFilterIn(cond, in)
}

// scope is what all data of one call is compiled in: the call has one instant, which
// its times relative to the server's have in common.
func (db *DB) scope() expr.Scope {
	return expr.Scope{Now: db.clock.Now(), Schema: meetsSchema, Shapes: db.shapes}
}
