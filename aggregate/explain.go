package aggregate

import (
	"context"
	"strings"

	"github.com/virgadb/virga/query"
)

// Explain says how p runs: what is asked of the collection, and then the stages that
// are left. It runs the reading part and writes nothing.
func (p *Program) Explain(ctx context.Context, db Database, collection string, o Options) (query.Explain, error) {
	r := newRun(ctx, db, o)
	e := query.Explain{Plan: query.Stage{Name: "EOF", Text: "nothing"}}
	x, err := p.arrange(r, collection, nil)
	if err != nil {
		return e, err
	}
	if x.request != nil {
		if e, err = x.explain(ctx, db, collection); err != nil {
			return e, err
		}
	}
	e.Operation = "aggregate"
	then := func(name, text string) {
		e.Plan = query.Stage{Name: name, Text: text, Inputs: []query.Stage{e.Plan}, Cost: e.Plan.Cost}
	}
	for _, s := range x.steps {
		then(stageName(s.text()), s.text())
	}
	if p.sink != nil {
		then(stageName(p.sink.text()), p.sink.text())
	}
	run, err := p.Run(ctx, db, collection, o)
	if err != nil {
		return e, err
	}
	defer run.Close()
	for e.Returned = 0; run.Next(ctx); e.Returned++ {
	}
	return e, run.Err()
}

// explain says how what is asked of the collection is found.
func (x *arrangement) explain(ctx context.Context, db Database, collection string) (query.Explain, error) {
	if len(x.steps) > 0 {
		if s, ok := x.steps[0].(*h3Bucket); ok {
			if e, ok, err := s.explain(ctx, db, collection, x.request); ok || err != nil {
				return e, err
			}
		}
	}
	return db.Explain(ctx, collection, x.request, x.counted != nil)
}

// stageName returns the name of a step in the style of a plan's.
func stageName(text string) string {
	name, _, _ := strings.Cut(text, " ")
	return strings.ToUpper(name)
}
