package virga

import (
	"context"
	"fmt"
	"iter"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// An Aggregation is a pipeline on a collection: the documents pass its stages, one
// after the other. Its methods that add a stage return a new Aggregation and leave
// the receiver as it is; package aggregate has the operators that stages take, and
// tells what each stage does. It is safe for concurrent use.
type Aggregation struct {
	coll   *Collection
	pipe   aggregate.Pipeline
	err    error
	plain  bool  // for tests: no stage is moved
	memory int64 // for tests: what a stage may hold; 0 is the usual
}

// Aggregate returns the pipeline without stages on the collection.
func (c *Collection) Aggregate() *Aggregation { return &Aggregation{coll: c, err: c.err} }

// All returns the documents that the pipeline yields. None is no error.
func (a *Aggregation) All(ctx context.Context) ([]Doc, error) {
	a, call := a.observed()
	docs := []Doc{}
	err := call.run(ctx, func() error {
		return a.each(ctx, func(doc Doc) bool {
			docs = append(docs, doc)
			return true
		})
	})
	if err != nil {
		return nil, a.coll.fail("aggregate", err)
	}
	return docs, nil
}

// One returns the first document that the pipeline yields. None is [ErrNotFound].
func (a *Aggregation) One(ctx context.Context) (Doc, error) {
	a, call := a.observed()
	var first Doc
	err := call.run(ctx, func() error {
		err := a.each(ctx, func(doc Doc) bool {
			first = doc
			return false
		})
		if err == nil && first.IsZero() {
			err = fmt.Errorf("the pipeline yields no document: %w", fault.ErrNotFound)
		}
		return err
	})
	if err != nil {
		return Doc{}, a.coll.fail("aggregate", err)
	}
	return first, nil
}

// Each returns a loop over the documents that the pipeline yields, all made from
// one moment of the database. They are made as the loop goes on. An error comes as
// the last pair, also that of ctx. Leaving the loop releases everything.
func (a *Aggregation) Each(ctx context.Context) iter.Seq2[Doc, error] {
	return func(yield func(Doc, error) bool) {
		a, call := a.observed()
		call.yield(ctx, yield, func(f func(Doc) bool) error { return a.each(ctx, f) }, func(err error) error { return a.coll.fail("aggregate", err) })
	}
}

// Explain says how the pipeline runs: the plan for what is asked of the collection,
// which stages move into as far as they can, and the stages that are left. It runs
// the pipeline and writes nothing.
func (a *Aggregation) Explain(ctx context.Context) (query.Explain, error) {
	e, err := a.explain(ctx)
	return e, a.coll.fail("explain", err)
}

func (a *Aggregation) explain(ctx context.Context) (query.Explain, error) {
	var given []any
	p, err := a.compileAs(ctx, func(cond any) (any, error) {
		given = append(given, cond)
		return a.coll.db.substitute(cond)
	})
	if err != nil {
		return query.Explain{}, err
	}
	m, err := a.coll.moment()
	if err != nil {
		return query.Explain{}, err
	}
	defer m.release()
	m.given = given
	began := a.coll.db.plan.Clock.Now()
	e, err := p.Explain(ctx, m, a.coll.name, a.options())
	e.Collection = a.coll.name
	e.Time = a.coll.db.plan.Clock.Now().Sub(began)
	return a.coll.db.shown(e), err
}

// compile compiles the pipeline for a run under ctx.
func (a *Aggregation) compile(ctx context.Context) (*aggregate.Program, error) {
	return a.compileAs(ctx, a.coll.db.substitute)
}

// compileAs is compile with meant returning what conditions mean.
func (a *Aggregation) compileAs(ctx context.Context, meant func(any) (any, error)) (*aggregate.Program, error) {
	if a.err != nil {
		return nil, a.err
	}
	if err := a.coll.ready(ctx); err != nil {
		return nil, err
	}
	if err := a.pipe.Err(); err != nil {
		return nil, err
	}
	if err := a.coll.outOfTransaction("aggregation"); err != nil {
		return nil, err
	}
	p, err := aggregate.CompileIn(a.pipe.Stages(), aggregate.Scope{Filters: a.coll.db.scope(), Meant: meant, Plain: a.plain})
	switch {
	case err != nil || !p.Writes():
		return p, err
	case a.coll.tx != nil:
		return nil, fmt.Errorf("a pipeline that writes cannot run in a transaction: %w", fault.ErrInvalid)
	}
	return p, a.coll.db.administers()
}

// maxAggregate is the most bytes that a stage holds before it goes on in a file.
const maxAggregate = 100 << 20

func (a *Aggregation) options() aggregate.Options {
	db := a.coll.db
	if a.memory > 0 {
		return aggregate.Options{Memory: a.memory, Temp: db.plan.Temp, Uint64: db.clock.Uint64}
	}
	memory := db.plan.Memory
	if memory == 0 {
		memory = plainSort
	}
	return aggregate.Options{Memory: min(max(memory, minAggregate), maxAggregate), Temp: db.plan.Temp, Uint64: db.clock.Uint64}
}

// plainSort is what a stage, like a sort, may hold where nothing is kept in memory.
const plainSort = 64 << 20

// minAggregate is what a stage may hold however little memory the database has.
const minAggregate = 1 << 20

// each calls f for every document until it returns false.
func (a *Aggregation) each(ctx context.Context, f func(Doc) bool) error {
	p, err := a.compile(ctx)
	if err != nil {
		return err
	}
	m, err := a.coll.moment()
	if err != nil {
		return err
	}
	defer m.release()
	if p.Writes() {
		if err := a.coll.db.outside(ctx); err != nil {
			return err
		}
		return p.Write(ctx, m, a.coll.name, a.options())
	}
	run, err := p.Run(ctx, m, a.coll.name, a.options())
	if err != nil {
		return err
	}
	defer run.Close()
	most := a.mostRows()
	for n := 1; run.Next(ctx); n++ {
		if most > 0 && n > most {
			a.coll.Where(nil).tellCut(most)
			return nil
		}
		if !f(run.Doc()) {
			return nil
		}
	}
	return run.Err()
}
