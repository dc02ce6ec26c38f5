package query

import (
	"fmt"
	"math"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
)

// A Near is the condition of a filter that [GeoNear] makes: that a document has a
// geometry at some distance, by which documents are ordered. It is immutable and
// safe for concurrent use.
type Near struct {
	Origin   *geo.Origin
	min, max float64
	leaf     node        // the path, and the test that measures
	made     *geo.Shapes // of stored geometries; nil keeps none
}

// Near returns what f has of [GeoNear], nil when it has nothing of it.
func (f *Filter) Near() *Near {
	if f == nil {
		return nil
	}
	if f.root.op == opNear {
		return f.root.test.geo.near
	}
	if f.root.op == opAnd {
		for _, k := range f.root.kids {
			if k.op == opNear {
				return k.test.geo.near
			}
		}
	}
	return nil
}

// Beside returns f without its [Near]: what is left to ask of a document whose
// distance is known.
func (f *Filter) Beside() *Filter {
	kids := []*node{f.root}
	if f.root.op == opAnd {
		kids = f.root.kids
	}
	var rest []*node
	for _, k := range kids {
		if k.op != opNear {
			rest = append(rest, k)
		}
	}
	// The slots are those of f: its nodes keep theirs.
	return &Filter{root: all(rest), slots: f.slots, index: f.index, id: f.id}
}

// Path returns the dotted path of the geometries.
func (n *Near) Path() string { return n.leaf.dotted }

// Bounds returns the least and the greatest distance in metres, both included; the
// greatest may be infinite.
func (n *Near) Bounds() (min, max float64) { return n.min, n.max }

// Area returns a circle that holds all that the bounds admit, and a little more. It is
// ErrInvalid when they admit any distance.
func (n *Near) Area() (*geo.Area, error) {
	return geo.NewArea(geo.Circle{Center: n.Origin.Point(), Radius: n.max + 2*rounding})
}

// Sort returns the order by distance, the nearest first.
func (n *Near) Sort() *Sort { return &Sort{Fields: []SortField{{Near: n}}} }

// Distance returns the distance in metres from the origin to the nearest geometry
// of d. It reports false when d has none, or it is out of bounds. Bytes that are no
// document are ErrCorrupt. For a document with one point it does not allocate.
func (n *Near) Distance(d document.Doc) (metres float64, ok bool, err error) {
	m := matcher{failure: &err}
	ok = m.near(&n.leaf, d.Value())
	return m.nearest.metres, ok && err == nil, err
}

// Nearest returns the nearest geometry of d, as it is stored, missing when d has none.
func (n *Near) Nearest(d document.Doc) document.Value {
	var failure error
	m := matcher{failure: &failure}
	m.near(&n.leaf, d.Value())
	return m.nearest.geometry
}

// String describes the order by distance.
func (n *Near) String() string {
	p := n.Origin.Point()
	return fmt.Sprintf("distance of %s from [%v, %v]", n.Path(), p.Lng(), p.Lat())
}

// rounding is the error, in metres, that computed distances may have; what is out of
// bounds by less is within.
const rounding = 3e-8

// A nearest is the nearest geometry met so far.
type nearest struct {
	metres   float64
	geometry document.Value
}

// near measures the geometries that n's path leads to from v, the document, and
// reports whether the nearest is within bounds.
func (m *matcher) near(n *node, v document.Value) bool {
	m.nearest = nearest{metres: math.Inf(1)}
	if n.slot >= 0 {
		m.walk(m.slots[n.slot], n.path[1:], &n.test)
	} else {
		m.enter(v, n.path, &n.test)
	}
	near := n.test.geo.near
	d := m.nearest.metres
	return m.nearest.geometry.Exists() && d >= near.min-rounding && d <= near.max+rounding
}

// A geoTest is the operand of a test of geometries.
type geoTest struct {
	area  *geo.Area    // of testWithin
	shape *geo.Shape   // of testIntersects
	cells *geo.CellSet // of testCells
	near  *Near        // of testNear
	made  *geo.Shapes  // of testWithin and testIntersects: what stored geometries were made into; nil keeps none
}

// measure notes v if it is a geometry, and the nearest so far.
func (m *matcher) measure(near *Near, v document.Value) {
	if v.Kind() != document.Object {
		return
	}
	if d, ok := near.made.Distance(near.Origin, v); ok && (d < m.nearest.metres || !m.nearest.geometry.Exists()) {
		m.nearest = nearest{d, v}
	}
}

// key returns the distance as a value to sort by. It allocates.
func (n *Near) key(d document.Doc) document.Value {
	metres, ok, err := n.Distance(d)
	if err != nil || !ok {
		return nullValue
	}
	return document.Float(metres)
}
