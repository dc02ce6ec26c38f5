package rules

import (
	"context"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// maxSteps bounds one evaluation, in values compared and facts weighed.
const maxSteps = 1 << 20

// stepBytes is how many bytes are compared in one step.
const stepBytes = 64

// maxChoices bounds how often a rule is asked about one document whose arrays
// stand for one of their elements each.
const maxChoices = 100

// An evaluation decides one expression for one call: on a document, or, when it is
// proving, on all documents of which certain facts are known. It belongs to one
// goroutine.
//
// Every condition is asked whether it holds, and every condition below a "!"
// whether it is refuted. The two are questions of their own: on an array both may
// be answered with yes, and when something is not known, neither.
type evaluation struct {
	ctx  context.Context // of the one call that the evaluation is part of
	call *Call
	op   Operation
	rule rule
	x    *expression
	data Data

	doc     document.Value
	pins    []pin
	choices int // of pins, so far

	proving  bool
	filter   *query.Filter // that the proof is about; may be nil
	facts    branch
	branches int // followed so far

	values  []reached // storage of the operands
	reads   []string  // what get() has read, each once
	steps   int
	trouble string // why an operand is unknown
	stopped string // why the evaluation ended early; then nothing holds
	err     error  // a fault that ended it early

	tally  []tally // of a coverage, by condition; may be nil
	blamed *blame  // where the rule failed
	quiet  bool    // nobody asks for an explanation

	fewValues [6]reached
	fewFacts  [6]fact
}

// A pin is the value that a path stands for where one value is wanted.
type pin struct {
	path  string
	value document.Value
}

// begin returns an evaluation of ru for op.
func (c *Call) begin(ctx context.Context, op Operation, ru rule) *evaluation {
	e := newEvaluation(ctx, c, op, ru)
	if c.Coverage != nil {
		e.tally = c.Coverage.of(c.Collection, ru)
	}
	return e
}

func newEvaluation(ctx context.Context, c *Call, op Operation, ru rule) *evaluation {
	e := &evaluation{ctx: ctx, call: c, op: op, rule: ru, x: ru.x, data: c.Data}
	e.values, e.facts.facts, e.facts.tops = e.fewValues[:0], e.fewFacts[:0], ru.x.tops
	return e
}

// step counts a step and reports whether there may be another one.
func (e *evaluation) step() bool {
	if e.steps++; e.steps > maxSteps {
		e.stop("the evaluation takes too long")
	}
	return e.stopped == ""
}

// stop ends the evaluation.
func (e *evaluation) stop(why string) {
	if e.stopped == "" {
		e.stopped = why
	}
}

// grants reports whether the rule as a whole is true.
func (e *evaluation) grants() bool {
	e.values = e.values[:0]
	top := e.x.top
	if top.isCondition() {
		return e.holds(top, true)
	}
	ok := e.asks(e.operand(top), &test{op: opEq, value: document.Boolean(true)}, true)
	e.count(top, true, ok)
	return ok
}

// holds reports whether n holds, or, when want is false, whether it is refuted.
func (e *evaluation) holds(n *node, want bool) bool {
	if !e.step() {
		return false
	}
	ok := e.decide(n, want)
	if e.stopped != "" {
		return false
	}
	e.count(n, want, ok)
	return ok
}

func (e *evaluation) decide(n *node, want bool) bool {
	switch n.kind {
	case nodeOr:
		return e.join(n.kids, want, !want)
	case nodeAnd:
		return e.join(n.kids, want, want)
	case nodeNot:
		return e.holds(n.kids[0], !want)
	case nodeCompare:
		if n.op == opNe {
			return e.compare(n, opEq, !want)
		}
		return e.compare(n, n.op, want)
	case nodeAmong:
		return e.among(n, want)
	case nodeIn:
		return e.in(n, want)
	}
	o := e.operand(n)
	if o.null {
		return !want
	}
	return e.asks(o, &test{kind: testTrue}, want)
}

// join reports whether all kids, or else one of them, are as wanted.
func (e *evaluation) join(kids []*node, want, all bool) bool {
	for _, k := range kids {
		if e.holds(k, want) != all {
			return !all
		}
	}
	return all
}
