package query

import (
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
)

// An element is a compiled condition on one element of an array, which is what
// $pull removes. It is immutable and safe for concurrent use.
type element struct{ root *node }

// compileElement compiles cond: a [Condition] or an object of operators asks
// something of the element itself; any other object asks for an element that is
// an object with those fields, in MongoDB's form; a regular expression for a
// string it matches; everything else for an equal element. Expressions cannot stand
// in it, so that the variables of in are of no use.
func compileElement(cond any, in expr.Scope) (*element, error) {
	c := newCompiler(in)
	s := scope{element: true, exact: true}
	inner, _ := unwrapRaw(cond)
	fields, isObject := document.Pairs(inner)
	_, isCommand := inner.(document.Command)
	if !isObject && !isCommand {
		n, err := c.equality(inner, s)
		return &element{n}, err
	}
	n, err := c.compile(inner, s)
	if err != nil {
		return nil, err
	}
	if isObject && (len(fields) == 0 || !isOperator(fields[0].Key)) {
		object := &types{kinds: 1 << document.Object}
		n = all([]*node{leaf(document.Path{}, test{op: testType, types: object}), n})
	}
	return &element{n}, nil
}

// match reports whether v meets e, with the errors of [Filter.Match].
func (e *element) match(v document.Value) (bool, error) {
	var failure error
	m := matcher{failure: &failure}
	ok := m.holds(e.root, v)
	return ok && failure == nil, failure
}
