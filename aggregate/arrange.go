package aggregate

import (
	"context"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// An arrangement is how a program runs on one database: what it asks of it, and the
// steps that are left.
type arrangement struct {
	request *query.Request           // nil for nothing
	counted func(int64) document.Doc // of the documents only their number is wanted, from which this makes one; nil otherwise
	steps   []step
}

// arrange arranges a program for a collection whose documents also have to meet
// extra, conditions in the form that filters take.
func (p *Program) arrange(r *run, collection string, extra []any) (arrangement, error) {
	x := arrangement{steps: p.steps}
	if p.access.nothing {
		return x, nil
	}
	access, err := p.access.in(r.db, collection)
	if err != nil {
		return x, err
	}
	filter, err := access.filterFor(r, extra)
	if err != nil {
		return x, err
	}
	x.request = access.request(filter)
	if name := access.count; name != "" {
		x.counted = func(n int64) document.Doc { return countDoc(name, n) }
		return x, nil
	}
	if len(p.steps) == 0 || access.skip > 0 || access.limit > 0 || p.plain {
		return x, nil
	}
	g, ok := p.steps[0].(*group)
	if !ok {
		return x, nil
	}
	if g.counts() {
		x.counted, x.steps = g.counted, p.steps[1:]
		return x, nil
	}
	if request, steps, ok, err := g.inOrder(r.db, collection, *x.request, p.steps[1:]); ok || err != nil {
		return arrangement{request: request, steps: steps}, err
	}
	x.request.Loose, x.request.Brief = g.loose && x.request.Sort == nil, true
	_, x.request.Bare = g.columns(x.request.Needs)
	return x, nil
}

// source returns the documents that are asked for.
func (x *arrangement) source(r *run, collection string) source {
	switch {
	case x.request == nil:
		return &listed{}
	case x.counted != nil:
		return &counted{run: r, collection: collection, filter: x.request.Filter, make: x.counted}
	}
	return &found{db: r.db, collection: collection, request: x.request}
}

// open returns the documents that the program makes of those of a collection that
// also meet extra, conditions in the form that filters take.
func (p *Program) open(_ context.Context, r *run, collection string, extra []any) (source, error) {
	x, err := p.arrange(r, collection, extra)
	if err != nil {
		return nil, err
	}
	return through(r, x.source(r, collection), x.steps)
}

// through returns what steps make of the documents of src.
func through(r *run, src source, steps []step) (source, error) {
	for _, s := range steps {
		next, err := s.open(r, src)
		if err != nil {
			src.close()
			return nil, err
		}
		src = next
	}
	return src, nil
}

// counts reports whether the group asks for nothing but the number of documents.
func (g *group) counts() bool {
	if _, ok := g.key.whole.Constant(); !ok {
		return false
	}
	for _, o := range g.outputs.fields {
		one, ok := o.by.Operand().Constant()
		if n, whole := one.Int64(); !ok || !whole || n != 1 || !one.IsInt() || o.by.Name() != "$sum" && o.by.Name() != "$count" {
			return false
		}
	}
	return true
}

// counted returns the one group of n documents.
func (g *group) counted(n int64) document.Doc {
	id, _ := g.key.whole.Constant()
	if !id.Exists() {
		id = document.NullValue()
	}
	var b document.Builder
	b.BeginObject()
	b.Field("_id", id)
	for _, o := range g.outputs.fields {
		b.Field(o.name, document.Int(n))
	}
	b.End()
	return document.FromRaw(b.Bytes())
}
