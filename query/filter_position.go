package query

import (
	"strings"

	"github.com/virgadb/virga/document"
)

// Position returns the place of the first element of the array at the dotted
// path array that met f, which d meets: what "array.$" stands for in an update
// or a projection. Where f asks several things of the array, it is the first
// element that meets all of them, or, when there is none, the first that meets
// the first of them. Negative conditions point at no element, and neither does
// a path that names an element by its place, such as array.0.
func (f *Filter) Position(d document.Doc, array string) (int, bool) {
	path, err := document.ParsePath(array)
	if err != nil {
		return 0, false
	}
	v := path.Lookup(d.Value())
	if v.Kind() != document.Array {
		return 0, false
	}
	var failure error
	m := matcher{slots: make([]document.Value, len(f.slots)), failure: &failure}
	if err := f.fill(d, m.slots); err != nil {
		return 0, false
	}
	leaves := m.about(f.root, d.Value(), array, len(path.Segments()), nil)
	if len(leaves) == 0 {
		return 0, false
	}
	if i, ok := m.first(v, leaves); ok {
		return i, true
	}
	for k := range leaves {
		if i, ok := m.first(v, leaves[k:k+1]); ok {
			return i, true
		}
	}
	return 0, false
}

// A reach is a leaf that asks something of an array, and what is left of its path
// behind that array.
type reach struct {
	rest []segment
	test *test
}

// about appends to found what n, which holds for v, asks of array, a path of the
// given number of segments. Of an "or" only the first branch that holds counts.
func (m *matcher) about(n *node, v document.Value, array string, segments int, found []reach) []reach {
	switch n.op {
	case opAnd:
		for _, k := range n.kids {
			found = m.about(k, v, array, segments, found)
		}
	case opOr:
		for _, k := range n.kids {
			if !m.holds(k, v) || *m.failure != nil {
				*m.failure = nil // another branch has held in spite of it
				continue
			}
			if more := m.about(k, v, array, segments, found); len(more) > len(found) {
				return more
			}
		}
	case opLeaf:
		if n.dotted == array && (n.test.op == testElem || !n.test.whole()) ||
			strings.HasPrefix(n.dotted, array) && n.dotted[len(array):] != "" && n.dotted[len(array)] == '.' {
			found = append(found, reach{n.path[segments:], &n.test})
		}
	}
	return found
}

// first returns the place of the first element of array that meets all of leaves.
func (m *matcher) first(array document.Value, leaves []reach) (int, bool) {
	elements := array.Elements()
	for i := 0; elements.Next(); i++ {
		e := elements.Value()
		meets := true
		for k := 0; k < len(leaves) && meets; k++ {
			meets = m.reaches(leaves[k], e)
		}
		if meets && *m.failure == nil {
			return i, true
		}
	}
	return 0, false
}

// reaches reports whether e, an element of the array r is about, meets r. An element
// that r names by its place was not looked for, and is none.
func (m *matcher) reaches(r reach, e document.Value) bool {
	switch {
	case len(r.rest) > 0:
		return e.Kind() == document.Object && m.walk(e, r.rest, r.test)
	case r.test.op == testElem:
		return m.holds(r.test.elem, e)
	}
	return m.meets(r.test, e)
}
