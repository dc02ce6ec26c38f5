package rules

import (
	"context"
	"maps"
	"sync"

	"github.com/virgadb/virga/query"
)

// A remedy finds the condition with which a denied query passes, once.
type remedy struct {
	once  sync.Once
	e     *evaluation // of a call that nobody else uses
	where any
}

// fresh returns an evaluation of the same rule for c that knows what the filter
// says, all choices open, and counts and explains nothing.
func (e *evaluation) fresh(c *Call) *evaluation {
	n := newEvaluation(e.ctx, c, e.op, e.rule)
	n.data, n.quiet = e.data, true
	n.prove(e.filter)
	return n
}

// missing returns the condition that failed as a filter, in JSON; empty when no
// filter says it.
func (e *evaluation) missing() string {
	if e.blamed == nil {
		return ""
	}
	lacks, o := (&translation{e: e}).of(e.blamed.node, e.blamed.want)
	if o != required {
		return ""
	}
	return jsonOf(lacks)
}

// remedies returns what finds the remedy for e, which has failed. It reads nothing
// more: the database may have moved on when it is asked.
func (e *evaluation) remedies() *remedy {
	alone := *e.call
	alone.Get, alone.Coverage, alone.trace = nil, nil, nil
	alone.read = maps.Clone(e.call.read)
	return &remedy{e: &evaluation{ctx: context.WithoutCancel(e.ctx), call: &alone, op: e.op, rule: e.rule, x: e.x, data: e.data, filter: e.filter}}
}

func (r *remedy) find() any {
	r.once.Do(func() {
		t := &translation{e: r.e.fresh(r.e.call)}
		where, o := t.of(r.e.x.top, true)
		if o != required {
			return
		}
		f, err := query.CompileFilter(where, r.e.call.Now)
		if err != nil {
			return
		}
		again := r.e.fresh(r.e.call)
		again.facts.add(f.Term(), false)
		if again.proves() {
			r.where = where
		}
	})
	return r.where
}

// filter decides a read by taking the rule as a filter.
func (r *Rules) filter(ctx context.Context, c *Call, f *query.Filter) (any, error) {
	e := c.begin(ctx, Read, r.of(Read))
	e.prove(f)
	if e.proves() {
		return nil, nil
	}
	t := &translation{e: e.fresh(c), all: true}
	switch condition, o := t.of(e.x.top, true); {
	case o == required && t.e.err == nil && t.e.stopped == "":
		return condition, nil
	case o == unsayable && e.blamed != nil && e.blamed.reason == "":
		e.blamed.reason = "no filter says this"
	}
	return nil, e.denial()
}
