package query

import (
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

// A matcher decides one filter on one document. It belongs to one goroutine and
// lives on its stack.
type matcher struct {
	slots []document.Value // the top-level fields of the document, by slot

	// env is what expressions are evaluated in; nil, or nil there: each has its own. It
	// is a pointer to one for the reason that failure is.
	env **expr.Env

	nearest nearest // what an opNear has measured

	// failure is where the first fault met is left; what is decided after it means
	// nothing. It is a pointer so that returning the fault does not make slots escape
	// to the heap.
	failure *error
}

// holds reports whether n holds for v, the document or the array element that
// n's paths start at.
func (m *matcher) holds(n *node, v document.Value) bool {
	switch n.op {
	case opAlways:
		return true
	case opNever:
		return false
	case opAnd:
		return m.join(n.kids, v, true)
	case opOr:
		return m.join(n.kids, v, false)
	case opNot:
		return !m.holds(n.kids[0], v)
	case opExpr:
		return m.evaluates(n.expr, v)
	case opNear:
		return m.near(n, v)
	case opSchema:
		return m.meetsSchema(n, v)
	}
	if len(n.path) == 0 {
		return m.meets(&n.test, v)
	}
	if n.slot >= 0 {
		return m.walk(m.slots[n.slot], n.path[1:], &n.test)
	}
	return m.enter(v, n.path, &n.test)
}

// join reports whether all kids hold for v, or else one of them. A fault counts only
// where no other kid decides, whichever comes first: an expression that fails must not
// tell, by its error, of documents that another condition keeps from the caller.
func (m *matcher) join(kids []*node, v document.Value, all bool) bool {
	if *m.failure != nil {
		return false
	}
	var fault error
	for _, k := range kids {
		ok := m.holds(k, v)
		switch {
		case *m.failure != nil:
			if fault == nil {
				fault = *m.failure
			}
			*m.failure = nil
		case ok != all:
			return !all
		}
	}
	*m.failure = fault
	return all
}

// enter looks for the first segment of path in v, the object or array that the
// conditions of an $elemMatch are about. An array counts as an object whose
// fields are called 0, 1 and so on: none of its elements is looked into.
func (m *matcher) enter(v document.Value, path []segment, t *test) bool {
	first := document.Value{}
	switch {
	case v.Kind() == document.Object:
		first = m.field(v, path[0].name)
	case v.Kind() == document.Array && path[0].index >= 0:
		first = v.Element(path[0].index)
	}
	return m.walk(first, path[1:], t)
}

// walk reports whether a value that path leads to from v meets t. Where path
// leads nowhere, it leads to the missing value, except beyond an array, whose
// elements that are no objects have no fields at all.
func (m *matcher) walk(v document.Value, path []segment, t *test) bool {
	for len(path) > 0 {
		switch v.Kind() {
		case document.Object:
			v, path = m.field(v, path[0].name), path[1:]
		case document.Array:
			return m.walkArray(v, path, t)
		default:
			m.checkMissing(v)
			return m.meets(t, document.Value{})
		}
	}
	return m.end(v, t)
}

// walkArray goes on with path, which is not empty, from the elements of array.
func (m *matcher) walkArray(array document.Value, path []segment, t *test) bool {
	elements := array.Elements()
	for i := 0; elements.Next(); i++ {
		if m.walkElement(elements.Value(), i, path, t) {
			return true
		}
	}
	m.fail(elements.Err())
	return false
}

// walkElement goes on with path from the i-th element of an array: into its
// fields, and past a first segment that names the element's place.
func (m *matcher) walkElement(e document.Value, i int, path []segment, t *test) bool {
	kind := e.Kind()
	if kind == document.Object && m.walk(e, path, t) {
		return true
	}
	if path[0].index != i {
		return false
	}
	rest := path[1:]
	switch {
	case len(rest) == 0:
		return m.meets(t, e) // an element asked for by its place is not looked into
	case kind == document.Object:
		return m.walk(e, rest, t)
	case kind == document.Array:
		return m.walkArray(e, rest, t)
	}
	return false
}

// end decides t at the end of a path: on v, or, for an array, on it or one of
// its elements.
func (m *matcher) end(v document.Value, t *test) bool {
	if v.Kind() != document.Array || t.whole() {
		m.checkMissing(v)
		return m.meets(t, v)
	}
	elements := v.Elements()
	for elements.Next() {
		if m.meets(t, elements.Value()) {
			return true
		}
	}
	m.fail(elements.Err())
	return m.meets(t, v)
}

// field returns the field of object v called name. Unlike [document.Value.Field]
// it tells a missing field from bytes that cannot be read.
func (m *matcher) field(v document.Value, name string) document.Value {
	fields := v.Fields()
	for fields.Next() {
		if string(fields.Key()) == name {
			return fields.Value()
		}
	}
	m.fail(fields.Err())
	return document.Value{}
}

// checkMissing fails when v has bytes, but of no kind there is.
func (m *matcher) checkMissing(v document.Value) {
	if v.Exists() && v.Kind() == document.Missing {
		m.fail(fmt.Errorf("value of unknown kind: %w", fault.ErrCorrupt))
	}
}

// fail remembers the first fault.
func (m *matcher) fail(err error) {
	if *m.failure == nil {
		*m.failure = err
	}
}
