package query

import (
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
)

// An element is a compiled condition on one element of an array, which is what
// $pull removes. It is immutable and safe for concurrent use.
type element struct{ root *node }

// compileElement compiles cond, which an element meets as the value of a field
// would: a [Condition], an object of operators and a regular expression hold for
// an array, too, one of whose elements they hold for. Any other object asks for an
// element that is an object with those fields, in MongoDB's form; everything else
// for an equal element. Expressions cannot stand in it, so that the variables of in
// are of no use.
func compileElement(cond any, in expr.Scope) (*element, error) {
	c := newCompiler(in)
	s := scope{element: true, exact: true}
	inner, _ := unwrapRaw(cond)
	_, isObject := document.Pairs(inner)
	_, isCommand := inner.(document.Command)
	if isObject || isCommand {
		n, err := c.compile(inner, s)
		if err != nil {
			return nil, err
		}
		return &element{n.asField()}, nil
	}
	n, err := c.equality(inner, s)
	if err == nil && n.test.op == testRegex {
		n = n.asField()
	}
	return &element{n}, err
}

// asField returns n, a condition on an element, as one on a document whose only
// field is the element: in the matcher's slot 0. Where n asks for an object it has
// to be one, and not an array that stands for one.
func (n *node) asField() *node {
	next := *n
	next.kids = make([]*node, len(n.kids))
	for i, k := range n.kids {
		next.kids[i] = k.asField()
	}
	switch {
	case n.op != opLeaf || len(n.path) > 0:
	case n.test.op == testObject:
		next.test = test{op: testType, types: &types{kinds: 1 << document.Object}}
	default:
		next.path, next.slot = make([]segment, 1), 0
	}
	return &next
}

// match reports whether v meets e, with the errors of [Filter.Match].
func (e *element) match(v document.Value) (bool, error) {
	var failure error
	field := [1]document.Value{v}
	m := matcher{slots: field[:], failure: &failure}
	ok := m.holds(e.root, v)
	return ok && failure == nil, failure
}
