//go:build cgo

package geo

import (
	"math"
	"testing"
)

// The boundary of a cell is a valid polygon around its centre, and its map, cut at
// the antimeridian, has the same area on the plane of longitudes and latitudes
// wherever it is cut.
func TestBoundaries(t *testing.T) {
	rnd, seed := random(t)
	for i := range 1500 * effort() {
		n := randomNode(rnd, rnd.IntN(16))
		if i%2 == 0 { // near the antimeridian or a pole
			p := Point{180, 180*rnd.Float64() - 90}
			if i%4 == 0 {
				p[1] = math.Copysign(90, p.Lat())
			}
			c, err := CellOf(p, rnd.IntN(9))
			if err != nil {
				t.Fatal(err)
			}
			n = nodeOf(c)
		}
		c := KeyCell(n.lo())
		b, err := c.Boundary()
		if err != nil {
			t.Fatal(err)
		}
		a, err := NewArea(b)
		if err != nil || !a.hasPoint(c.Center().vector()) {
			t.Fatalf("seed %d: %s: boundary %v: %v", seed, c, b, err)
		}
		m, err := c.MapBoundary()
		if err != nil {
			t.Fatal(err)
		}
		if err := m.check(); err != nil {
			t.Fatalf("seed %d: %s: map %v: %v", seed, c, m, err)
		}
		if !drawn(m, c.Center()) {
			t.Fatalf("seed %d: %s: map %v does not hold the centre %v", seed, c, m, c.Center())
		}
	}
}

// parts returns the rings of a map, and fails those that span the map.
func parts(m Geometry) []LineString {
	if p, ok := m.(Polygon); ok {
		return []LineString{p[0]}
	}
	var rings []LineString
	for _, p := range m.(MultiPolygon) {
		rings = append(rings, p[0])
	}
	return rings
}

// drawn reports whether a flat map has p inside one of the parts, and none of them
// has an edge over more than half of the map but one along a pole.
func drawn(m Geometry, p Point) bool {
	in := false
	for _, ring := range parts(m) {
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			if math.Abs(a.Lng()-b.Lng()) > 180 && math.Abs(a.Lat()) != 90 {
				return false
			}
			if (a.Lat() > p.Lat()) != (b.Lat() > p.Lat()) && p.Lng() < a.Lng()+(b.Lng()-a.Lng())*(p.Lat()-a.Lat())/(b.Lat()-a.Lat()) {
				in = !in
			}
		}
	}
	return in
}
