package rules

import (
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// holdsOn reports whether the rule holds for doc. Where the rule needs one value of
// a path that leads to an array, or to several values, the rule is asked for each
// of them and has to hold for one.
func (e *evaluation) holdsOn(doc document.Doc) bool {
	e.doc = document.NullValue()
	if !doc.IsZero() {
		e.doc = doc.Value()
	}
	if len(e.x.pins) == 0 {
		return e.passes()
	}
	candidates := make([][]document.Value, len(e.x.pins))
	e.pins = make([]pin, len(e.x.pins))
	for i, n := range e.x.pins {
		candidates[i] = e.candidates(n.path)
		e.pins[i].path = n.path.text
	}
	return e.choose(candidates, 0)
}

// passes asks the rule, and explains the answer.
func (e *evaluation) passes() bool {
	ok := e.grants()
	e.explain(ok)
	return ok
}

// explain notes what the rule failed at, and, where it is wanted, how it came to
// its answer. Nothing that is evaluated for it is counted.
func (e *evaluation) explain(ok bool) {
	if e.quiet {
		return
	}
	tally := e.tally
	e.tally = nil
	if !ok {
		e.blamed = e.findBlame()
	}
	if e.call.trace != nil && e.stopped == "" {
		*e.call.trace = e.traceOf(e.x.top)
	}
	e.tally = tally
}

// candidates returns what p may stand for where a name is wanted: nothing else can
// be part of an address, or name a member.
func (e *evaluation) candidates(p *path) []document.Value {
	var list []document.Value
	reach(e.doc, p, func(r reached) bool {
		return r.each(inSome, func(v document.Value) bool {
			if _, ok := spelled(v); ok {
				list = append(list, v)
			}
			return e.step()
		})
	})
	return list
}

// choose gives values to the pins from i on, in every way there is, until the rule
// holds.
func (e *evaluation) choose(candidates [][]document.Value, i int) bool {
	if i == len(candidates) {
		if e.choices++; e.choices > maxChoices {
			e.stop("arrays in the document offer too many choices")
		}
		e.reads = e.reads[:0]
		return e.passes()
	}
	if len(candidates[i]) == 0 {
		e.pins[i].value = document.Value{}
		return e.choose(candidates, i+1)
	}
	for _, v := range candidates[i] {
		e.pins[i].value = v
		if e.choose(candidates, i+1) {
			return true
		}
		if e.stopped != "" {
			return false
		}
	}
	return false
}

// pinned returns the one value that the path p in the document stands for.
func (e *evaluation) pinned(p *path) (v document.Value, ok bool) {
	if !e.proving {
		for _, pin := range e.pins {
			if pin.path == p.text {
				return pin.value, pin.value.Exists()
			}
		}
		return document.Value{}, false
	}
	ok = e.facts.eachPin(p, func(fixed document.Value) bool {
		v = fixed
		_, isName := spelled(fixed)
		return isName
	})
	return v, ok
}

// prove makes e a proof about all documents that f, which may be nil, matches.
func (e *evaluation) prove(f *query.Filter) {
	e.proving = true
	if e.filter = f; f != nil {
		e.facts.add(f.Term(), false)
	}
}

// maxBranches bounds how many ways through a filter a proof follows.
const maxBranches = 1000

// proves reports whether the rule holds for all documents that have the facts of e.
// Where they do not tell, the ways through an "or" are followed one by one.
func (e *evaluation) proves() bool {
	if e.branches++; e.branches > maxBranches {
		e.stop("the filter has too many alternatives")
		return false
	}
	b := &e.facts
	ok := e.grants()
	if ok || e.stopped != "" || len(b.choices) == 0 {
		e.explain(ok)
		return ok
	}
	last := len(b.choices) - 1
	c, facts := b.choices[last], len(b.facts)
	for i := range c.term.Len() {
		b.choices = b.choices[:last]
		b.add(c.term.At(i), c.negative)
		if !e.proves() {
			return false
		}
		b.facts = b.facts[:facts]
	}
	b.choices = append(b.choices[:last], c)
	return true
}
