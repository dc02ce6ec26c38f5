package rules

import (
	"slices"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// A branch holds what is known of the documents that meet one way through a
// filter: facts, all of which are true of each of them, and choices between sets
// of facts that have not been made yet.
//
// A fact is one test of the filter. It says that one of the values its path leads
// to meets the test, or, when it is negative, that none does: the elements of
// arrays are among those values, so two facts of one path may be true of different
// elements. That is why a proof rests on one positive fact at a time.
type branch struct {
	tops    []string // the top-level fields that matter; nil: all do
	facts   []fact
	choices []choice
}

type fact struct {
	path     string
	term     query.Term
	negative bool
}

// A choice is an "or" of facts, or a denied "and".
type choice struct {
	term     query.Term
	negative bool
}

// add gathers the facts of t, or of its negation, that matter.
func (b *branch) add(t query.Term, negative bool) {
	switch t.Kind() {
	case query.TermNot:
		b.add(t.At(0), !negative)
	case query.TermAnd, query.TermOr:
		if (t.Kind() == query.TermOr) == negative {
			for i := range t.Len() {
				b.add(t.At(i), negative)
			}
		} else if b.matters(t) {
			b.choices = append(b.choices, choice{t, negative})
		}
	case query.TermAlways, query.TermNever, query.TermExpr:
	default:
		if !b.matters(t) {
			return
		}
		if t.Kind() != query.TermElem {
			b.facts = append(b.facts, fact{t.Path(), t, negative})
		} else if !negative {
			b.addElement(t)
		}
	}
}

// matters reports whether t says anything about a field that matters.
func (b *branch) matters(t query.Term) bool {
	switch t.Kind() {
	case query.TermNot, query.TermAnd, query.TermOr:
		for i := range t.Len() {
			if b.matters(t.At(i)) {
				return true
			}
		}
		return false
	}
	top, _, _ := strings.Cut(t.Path(), ".")
	return b.tops == nil || slices.Contains(b.tops, top)
}

// addElement gathers what t, an $elemMatch, says of one element of an array: each
// of its tests is met by one of the values that the path leads to. What it denies of
// that element it does not deny of the others.
func (b *branch) addElement(t query.Term) {
	if t.Positional(t.Segments() - 1) {
		return // an element that is asked for by its place is not looked into
	}
	inner := t.At(0)
	tests := []query.Term{inner}
	if inner.Kind() == query.TermAnd {
		tests = tests[:0]
		for i := range inner.Len() {
			tests = append(tests, inner.At(i))
		}
	}
	for _, test := range tests {
		switch test.Kind() {
		case query.TermEq, query.TermGt, query.TermGte, query.TermLt, query.TermLte, query.TermIn, query.TermRegex:
			if test.Segments() == 0 {
				b.facts = append(b.facts, fact{t.Path(), test, false})
			}
		}
	}
}

// on calls f for each fact about the path p, until f returns true, and reports
// whether it did.
func (b *branch) on(e *evaluation, p *path, f func(fact) bool) bool {
	if p.unstored {
		return false
	}
	for _, known := range b.facts {
		if known.path == p.text && e.step() && f(known) {
			return true
		}
	}
	return false
}

// prove reports whether the facts say that in each document some value at p meets
// t, or, when want is false, that some part of what is there does not.
func (b *branch) prove(e *evaluation, p *path, t *test, want bool) bool {
	if t.never() {
		return !want
	}
	if len(p.names) == 0 { // the document itself, which is an object
		return t.kind == testNull && !want || t.kind == testTrue && want
	}
	return b.above(e, p, t, want) || b.on(e, p, func(f fact) bool {
		switch {
		case !f.negative && want:
			return b.within(e, p, f.term, t)
		case !f.negative:
			return b.apart(e, p, f.term, t)
		case !want:
			return covers(f.term, t)
		}
		// Only beyond an array can there be no value at all, not even a missing one.
		return t.kind == testNull && f.term.Kind() == query.TermExists && len(p.names) == 1
	})
}

// above reports whether an object that facts give as a whole proves t, or its
// negation, at p, which leads into it.
func (b *branch) above(e *evaluation, p *path, t *test, want bool) bool {
	if len(p.names) == 1 || p.unstored {
		return false
	}
	for _, known := range b.facts {
		rest, below := strings.CutPrefix(p.text, known.path+".")
		if !below || known.negative || known.term.Kind() != query.TermEq || known.term.Value().Kind() != document.Object || !e.step() {
			continue
		}
		depth := len(p.names) - strings.Count(rest, ".") - 1
		var o operand
		reachFrom(known.term.Value(), p.names[depth:], p.index[depth:], func(r reached) bool {
			o.list = append(o.list, r)
			return e.step()
		})
		if !o.none() && e.asks(o, t, want) {
			return true
		}
	}
	return false
}

// proveMember reports whether the facts say that the list at p has a member that
// meets t, or that it has none.
func (b *branch) proveMember(e *evaluation, p *path, t *test, want bool) bool {
	if t.never() {
		return !want
	}
	return b.on(e, p, func(f fact) bool {
		if want {
			return !f.negative && t.value.Kind() != document.Array && b.within(e, p, f.term, t)
		}
		return f.negative && covers(f.term, t)
	})
}

// eachPin calls f with each value that one of those at p equals, until f returns
// true, and reports whether it did. Arrays and null are passed over: the one may be
// the whole that its parts are not, the other be missing.
func (b *branch) eachPin(p *path, f func(document.Value) bool) bool {
	for _, known := range b.facts {
		if known.negative || known.term.Kind() != query.TermEq || p.unstored || known.path != p.text {
			continue
		}
		if v := known.term.Value(); v.Kind() != document.Array && !isNull(v) && f(v) {
			return true
		}
	}
	return false
}

// excluded reports whether the facts say that no value at p is v.
func (b *branch) excluded(e *evaluation, p *path, v document.Value) bool {
	return b.on(e, p, func(f fact) bool { return f.negative && f.term.Admits(v) })
}
