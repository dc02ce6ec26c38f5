package query

import (
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
)

// A TermKind says what a [Term] asks.
type TermKind uint8

// The kinds of terms.
const (
	TermAlways     TermKind = iota // holds for everything
	TermNever                      // holds for nothing
	TermAnd                        // all of its terms hold
	TermOr                         // one of its terms holds
	TermNot                        // its only term does not hold
	TermEq                         // equal to Value; null asks for missing too
	TermGt                         // greater than Value, of its kind
	TermGte                        // greater or equal
	TermLt                         // less
	TermLte                        // less or equal
	TermIn                         // one of Each
	TermExists                     // not missing
	TermRegex                      // a string that begins with Prefix, and more
	TermElem                       // an array with an element for which its only term holds
	TermPresent                    // something else that no missing value meets
	TermWithin                     // a geometry within Area
	TermIntersects                 // a geometry that has a point in common with Shape
	TermCells                      // a point in Cells
	TermNear                       // a geometry at a distance; see [Filter.Near]
	TermExpr                       // an expression of the document counts as true, or it meets a schema; it has no path
)

// A Term is a node of a filter as a planner sees it: what it asks, of which path,
// with which operands. It is a view that costs nothing to make.
type Term struct{ n *node }

// Term returns the whole filter.
func (f *Filter) Term() Term { return Term{f.root} }

// Kind returns what the term asks.
func (t Term) Kind() TermKind {
	switch t.n.op {
	case opAlways:
		return TermAlways
	case opNever:
		return TermNever
	case opAnd:
		return TermAnd
	case opOr:
		return TermOr
	case opNot:
		return TermNot
	case opExpr, opSchema:
		return TermExpr
	case opNear:
		return TermNear
	}
	switch t.n.test.op {
	case testEq:
		return TermEq
	case testGt:
		return TermGt
	case testGte:
		return TermGte
	case testLt:
		return TermLt
	case testLte:
		return TermLte
	case testIn:
		return TermIn
	case testExists:
		return TermExists
	case testRegex:
		return TermRegex
	case testElem:
		return TermElem
	case testWithin:
		return TermWithin
	case testIntersects:
		return TermIntersects
	case testCells:
		return TermCells
	}
	return TermPresent
}

// Len returns the number of terms below an And, an Or, a Not or an Elem.
func (t Term) Len() int {
	if t.Kind() == TermElem {
		return 1
	}
	return len(t.n.kids)
}

// At returns the i-th of them. The paths of the term of an Elem start at the
// element; an empty one is the element itself.
func (t Term) At(i int) Term {
	if t.Kind() == TermElem {
		return Term{t.n.test.elem}
	}
	return Term{t.n.kids[i]}
}

// Path returns the dotted path that the test is about. And, Or and Not have none.
func (t Term) Path() string { return t.n.dotted }

// Positional reports whether segment i of the path may stand for a place in an array.
func (t Term) Positional(i int) bool { return i < len(t.n.path) && t.n.path[i].index >= 0 }

// Segments returns the number of segments of the path.
func (t Term) Segments() int { return len(t.n.path) }

// Value returns the operand of Eq, Gt, Gte, Lt and Lte.
func (t Term) Value() document.Value { return t.n.test.value }

// Area returns the operand of a Within.
func (t Term) Area() *geo.Area { return t.n.test.geo.area }

// Cells returns the operand of a Cells.
func (t Term) Cells() *geo.CellSet { return t.n.test.geo.cells }

// Near returns the operand of a Near.
func (t Term) Near() *Near { return t.n.test.geo.near }

// Shape returns the operand of an Intersects.
func (t Term) Shape() *geo.Shape { return t.n.test.geo.shape }

// Each yields the members of an In that are values, in ascending order, each once.
func (t Term) Each(yield func(document.Value) bool) {
	s := t.n.test.set
	if s.null && !yield(nullValue) {
		return
	}
	for _, v := range s.values {
		if !yield(v) {
			return
		}
	}
}

// Null reports whether an In has null among its members.
func (t Term) Null() bool { return t.n.test.set.null }

// Members returns the number of members of an In, and how many of them are
// regular expressions.
func (t Term) Members() (all, patterns int) {
	s := t.n.test.set
	all = len(s.values) + len(s.patterns)
	if s.null {
		all++
	}
	return all, len(s.patterns)
}

// Prefix returns what every string that a Regex matches begins with, byte for
// byte; empty when there is no such thing.
func (t Term) Prefix() string { return t.n.test.pattern.BytePrefix() }

// EachPrefix calls f with the prefix of every regular expression of an In.
func (t Term) EachPrefix(f func(string)) {
	for _, p := range t.n.test.set.patterns {
		f(p.BytePrefix())
	}
}

// Admits reports whether the one value v meets the test of an Eq, Gt, Gte, Lt, Lte
// or Exists, or is a member of an In; patterns aside, and an array is not looked
// into. Of all other kinds it reports false.
func (t Term) Admits(v document.Value) bool {
	switch t.Kind() {
	case TermEq, TermGt, TermGte, TermLt, TermLte, TermExists:
		return (&matcher{}).meets(&t.n.test, v)
	case TermIn:
		return t.n.test.set.has(v)
	}
	return false
}
