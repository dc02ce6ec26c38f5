package rules

import (
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
	facts   []fact
	choices []choice
}

type fact struct {
	term     query.Term
	negative bool
}

// A choice is an "or" of facts, or a denied "and".
type choice struct {
	term     query.Term
	negative bool
}

// add gathers the facts of t, or of its negation.
func (b *branch) add(t query.Term, negative bool) {
	switch t.Kind() {
	case query.TermNot:
		b.add(t.At(0), !negative)
	case query.TermAnd, query.TermOr:
		if (t.Kind() == query.TermOr) != negative {
			b.choices = append(b.choices, choice{t, negative})
			return
		}
		for i := range t.Len() {
			b.add(t.At(i), negative)
		}
	case query.TermElem:
		if !negative {
			b.addElement(t)
		}
	case query.TermAlways, query.TermNever, query.TermExpr:
	default:
		b.facts = append(b.facts, fact{t, negative})
	}
}

// addElement notes nothing yet: what one element of an array meets is no fact of a
// path by itself.
func (b *branch) addElement(query.Term) {}

// on calls f for each fact about the path p, until f returns true, and reports
// whether it did.
func (b *branch) on(e *evaluation, p *path, f func(fact) bool) bool {
	if p.unstored {
		return false
	}
	for _, known := range b.facts {
		if known.term.Path() == p.text && e.step() && f(known) {
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
	return b.on(e, p, func(f fact) bool {
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

// proveMember reports whether the facts say that the list at p has a member that
// meets t, or that it has none.
func (b *branch) proveMember(e *evaluation, p *path, t *test, want bool) bool {
	if t.never() {
		return !want
	}
	return b.on(e, p, func(f fact) bool {
		if want {
			return !f.negative && !t.ofArrays() && b.within(e, p, f.term, t)
		}
		return f.negative && covers(f.term, t)
	})
}

// eachPin calls f with each value that one of those at p equals, until f returns
// true, and reports whether it did. Arrays and null are passed over: the one may be
// the whole that its parts are not, the other be missing.
func (b *branch) eachPin(p *path, f func(document.Value) bool) bool {
	for _, known := range b.facts {
		if known.negative || known.term.Kind() != query.TermEq || p.unstored || known.term.Path() != p.text {
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
