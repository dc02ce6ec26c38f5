package rules

import (
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// maxMembers bounds how many members of an $in a proof looks at.
const maxMembers = 4096

// within reports whether every value that a positive fact at p admits, save those
// that other facts exclude, meets t.
func (b *branch) within(e *evaluation, p *path, f query.Term, t *test) bool {
	switch f.Kind() {
	case query.TermEq:
		return b.allMembers(e, p, f, t.meets)
	case query.TermIn:
		_, patterns := f.Members()
		return patterns == 0 && b.allMembers(e, p, f, t.meets)
	case query.TermGt, query.TermGte, query.TermLt, query.TermLte:
		return t.kind == testCompare && t.op != opEq && implies(orderOf(f), f.Value(), t.op, t.value)
	}
	return false
}

// apart reports whether every value that a positive fact at p admits, save those
// that other facts exclude, is no array and does not meet t. A value that is no
// array is a part of what is at p: a proof that some part does not meet t.
func (b *branch) apart(e *evaluation, p *path, f query.Term, t *test) bool {
	if t.whole {
		return false
	}
	misses := func(v document.Value) bool { return v.Kind() != document.Array && !t.meets(v) }
	switch f.Kind() {
	case query.TermEq:
		return b.allMembers(e, p, f, misses)
	case query.TermIn:
		_, patterns := f.Members()
		return b.allMembers(e, p, f, misses) && (patterns == 0 || b.noneOf(e, p, document.String, f, t))
	case query.TermRegex:
		return b.noneOf(e, p, document.String, f, t)
	case query.TermGt, query.TermGte, query.TermLt, query.TermLte:
		k := f.Value().Kind()
		return k != document.Array && k != document.Null && b.noneOf(e, p, k, f, t)
	}
	return false
}

// allMembers reports whether f, an Eq or an In, admits only values that ok holds
// for, save those that other facts exclude and those that a pattern admits.
func (b *branch) allMembers(e *evaluation, p *path, f query.Term, ok func(document.Value) bool) bool {
	passes := func(v document.Value) bool { return e.step() && (ok(v) || b.excluded(e, p, v)) }
	passesNull := func(v document.Value) bool {
		return passes(v) && (v.Kind() != document.Null || passes(document.Value{}))
	}
	if f.Kind() == query.TermEq {
		return passesNull(f.Value())
	}
	if all, _ := f.Members(); all > maxMembers {
		return false
	}
	holds := true
	for v := range f.Each {
		holds = holds && passesNull(v)
	}
	return holds
}

// noneOf reports whether no value of kind k that f, a range or a pattern, admits
// meets t.
func (b *branch) noneOf(e *evaluation, p *path, k document.Kind, f query.Term, t *test) bool {
	isRange := f.Kind() != query.TermRegex && f.Kind() != query.TermIn
	misses := func(v document.Value) bool {
		return v.Kind() != k || isRange && !f.Admits(v) || b.excluded(e, p, v)
	}
	switch t.kind {
	case testNull:
		return k != document.Null
	case testAmong:
		for _, v := range t.values {
			if !misses(v) {
				return false
			}
		}
		return true
	case testCompare:
		switch {
		case t.op == opEq:
			return misses(t.value)
		case t.value.Kind() != k:
			return true
		}
		return isRange && disjoint(orderOf(f), f.Value(), t.op, t.value)
	}
	return false
}

// covers reports whether everything that meets t meets f as well, so that where
// nothing meets f nothing meets t.
func covers(f query.Term, t *test) bool {
	switch t.kind {
	case testNull:
		return f.Admits(document.NullValue()) && f.Admits(document.Value{})
	case testTrue:
		return f.Kind() == query.TermExists
	case testAmong:
		for _, v := range t.values {
			if !f.Admits(v) {
				return false
			}
		}
		return !t.null || f.Admits(document.NullValue()) && f.Admits(document.Value{})
	}
	if t.op == opEq {
		return f.Admits(t.value)
	}
	switch f.Kind() {
	case query.TermGt, query.TermGte, query.TermLt, query.TermLte:
		return implies(t.op, t.value, orderOf(f), f.Value())
	}
	return f.Kind() == query.TermExists
}

// orderOf returns the order that a range asks for.
func orderOf(f query.Term) compareOp {
	switch f.Kind() {
	case query.TermGt:
		return opGt
	case query.TermGte:
		return opGte
	case query.TermLt:
		return opLt
	}
	return opLte
}

func isLower(op compareOp) bool  { return op == opGt || op == opGte }
func isStrict(op compareOp) bool { return op == opGt || op == opLt }

// boundsMeet reports whether two bounds bound values of one kind.
func boundsMeet(v, w document.Value) bool { return v.Kind() == w.Kind() && hasOrder(v) && hasOrder(w) }

// implies reports whether every value that stands to v as op says stands to w as
// wanted says.
func implies(op compareOp, v document.Value, wanted compareOp, w document.Value) bool {
	if !boundsMeet(v, w) || isLower(op) != isLower(wanted) {
		return false
	}
	c := document.Compare(v, w)
	if !isLower(op) {
		c = -c
	}
	return c > 0 || c == 0 && (isStrict(op) || !isStrict(wanted))
}

// disjoint reports whether no value stands to v as op says and to w as other says.
func disjoint(op compareOp, v document.Value, other compareOp, w document.Value) bool {
	if !boundsMeet(v, w) || isLower(op) == isLower(other) {
		return false
	}
	c := document.Compare(v, w)
	if !isLower(op) {
		c = -c
	}
	return c > 0 || c == 0 && (isStrict(op) || isStrict(other))
}
