package geo

import (
	"math"

	"github.com/golang/geo/s2"

	"github.com/virgadb/virga/document"
)

// beside reports whether p surely has nothing in common with a stored polygon, of which it
// gets the coordinates. It counts the edges that the meridian from p to the north pole
// crosses, and makes vectors of those that pass over the longitude of p alone: the polygon
// need not be made ready. Of what is inside, on an edge or nearly, wide, or near to a pole
// it is not sure.
func beside(p s2.Point, polygon document.Value) bool {
	m := meridian{p, pointOf(p.Vector).Lng()}
	if math.Abs(p.Z) > polarZ || math.Abs(m.lng) > lastLng {
		return false
	}
	var room [32]Point
	odd := false
	for e := polygon.Elements(); e.Next(); {
		ring, ok := document.AppendPositions(room[:0], e.Value())
		if !ok {
			return false
		}
		crossed, sure := m.crosses(ring)
		if !sure {
			return false
		}
		odd = odd != crossed
	}
	return !odd
}

// A meridian is the way from a point north, up to the pole.
type meridian struct {
	p   s2.Point
	lng float64
}

// What a meridian is sure of. Within these an edge goes east or west all its way, the
// side of a ring that has no pole is the smaller one, and what does not pass over the
// longitude of a point is farther from it than the tolerance.
const (
	polarLat = 85.0
	polarZ   = 0.996 // the sine of less than polarLat
	lastLng  = 179.0 // beyond it what is near may have the other sign
	widest   = 90.0  // degrees from the west of a ring to its east
	vertexBy = 1e-6  // degrees that a vertex is away in longitude: 10 mm where they are shortest
)

// crosses reports whether the meridian crosses an odd number of a ring's edges, and
// whether that is sure.
func (m *meridian) crosses(ring LineString) (odd, sure bool) {
	west, east := math.Inf(1), math.Inf(-1)
	for i, b := range ring {
		if math.Abs(b.Lng()-m.lng) <= vertexBy || math.Abs(b.Lat()) > polarLat {
			return false, false
		}
		west, east = min(west, b.Lng()), max(east, b.Lng())
		if i == 0 || (ring[i-1].Lng() < m.lng) == (b.Lng() < m.lng) {
			continue
		}
		a := ring[i-1]
		if a.Lng() > b.Lng() {
			a, b = b, a
		}
		w := newWay(a.vector(), b.vector())
		switch w.clear(m.p) {
		case s2.Indeterminate:
			return false, false
		case s2.Clockwise: // p lies south of the edge, which goes east
			odd = !odd
		}
	}
	return odd, east-west < widest
}
