package geo

import (
	"math"

	"github.com/golang/geo/r3"
)

// Boundary returns the hexagon that H3 draws of the cell: five or six corners, more
// where edges of the icosahedron cut it. It is a geometry like any other: it may be
// stored and asked about. Beyond the antimeridian its longitudes jump to the other
// sign; for maps that draw this as a band around the world there is
// [Cell.MapBoundary]. Without cgo it is ErrNotImplemented.
func (c Cell) Boundary() (Polygon, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	corners, err := h3Boundary(c)
	if err != nil {
		return nil, err
	}
	return Polygon{append(LineString(corners), corners[0])}, nil
}

// MapBoundary returns the boundary as a flat map draws it: a [Polygon], or a
// [MultiPolygon] cut along the antimeridian as RFC 7946 has it, with points added to
// edges that a map bends. That of a cell with a pole in it runs along the edge of the
// map there. It is for drawing: such a cell is no polygon on the sphere.
func (c Cell) MapBoundary() (Geometry, error) {
	b, err := c.Boundary()
	if err != nil {
		return nil, err
	}
	ring, _ := closedOnMap(curved(b[0]))
	var parts MultiPolygon
	for _, shift := range []float64{-360, 0, 360} {
		if part := clipMap(ring, shift); len(part) > 3 {
			parts = append(parts, Polygon{part})
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return parts, nil
}

// maxTurn is the most degrees of longitude that an edge of a map spans.
const maxTurn = 10

// curved returns a ring with points added to edges that are no straight lines on a
// map, as those near to a pole.
func curved(ring LineString) LineString {
	out := LineString{ring[0]}
	var add func(a, b Point, depth int)
	add = func(a, b Point, depth int) {
		if depth > 0 && math.Abs(math.Remainder(b.Lng()-a.Lng(), 360)) > maxTurn {
			middle := pointOf(vectorOf(a).Add(vectorOf(b)).Normalize())
			add(a, middle, depth-1)
			add(middle, b, depth-1)
			return
		}
		out = append(out, b)
	}
	for i := 1; i < len(ring); i++ {
		add(ring[i-1], ring[i], 16)
	}
	return out
}

// unrolled returns a closed ring with longitudes that run on beyond 180 degrees
// rather than jump. Round a pole it ends 360 degrees from where it begins.
func unrolled(ring LineString) LineString {
	out := LineString{ring[0]}
	for _, p := range ring[1:] {
		last := out[len(out)-1].Lng()
		p[0] += 360 * math.Round((last-p.Lng())/360)
		out = append(out, p)
	}
	return out
}

// alongPole closes an unrolled ring round a pole, at latitude pole, by the side of the map
// there, from one antimeridian to the next.
func alongPole(ring LineString, turns, pole float64) LineString {
	// Begin where the ring crosses the antimeridian, so that the map is cut nowhere else;
	// where it does so nearest to the pole, as there is nothing but inside from there on.
	n := len(ring) - 1
	first, at := 0, Point{0, -pole}
	for i := range n {
		east, next := turnsOf(ring[i]), turnsOf(ring[i+1])
		if lat := crossingLat(ring[i], ring[i+1]); next != east && math.Abs(pole-lat) < math.Abs(pole-at.Lat()) {
			first, at = i, Point{max(east, next)*360 - 180, lat}
		}
	}
	open := LineString{at}
	for k := 1; k <= n; k++ {
		p := ring[(first+k)%n]
		if first+k >= n {
			p[0] += 360 * turns
		}
		open = append(open, p)
	}
	end := Point{at.Lng() + 360*turns, at.Lat()}
	return append(open, end, Point{end.Lng(), pole}, Point{at.Lng(), pole}, at)
}

// turnsOf returns how many whole turns a longitude is beyond those of the map.
func turnsOf(p Point) float64 { return math.Floor((p.Lng() + 180) / 360) }

// crossingLat returns the latitude at which the edge from a to b crosses the
// antimeridian.
func crossingLat(a, b Point) float64 {
	u, v := vectorOf(a), vectorOf(b)
	p := u.Mul(v.Y).Sub(v.Mul(u.Y)) // on the plane of the edge and that of the meridian
	if p.Norm2() == 0 {
		return a.Lat()
	}
	if p.Dot(u.Add(v)) < 0 {
		p = p.Mul(-1)
	}
	return math.Atan2(p.Z, math.Abs(p.X)) * (180 / math.Pi)
}

// vectorOf is [Point.vector] for longitudes beyond 180 degrees.
func vectorOf(p Point) r3.Vector {
	return Point{math.Remainder(p.Lng(), 360), p.Lat()}.vector().Vector
}

// clipMap returns the part of an unrolled ring that lies on the map when it is moved
// by shift degrees, as a closed ring; empty when there is none. Of a ring that comes back
// over the edge of the map several times the pieces hang together along that edge.
func clipMap(ring LineString, shift float64) LineString {
	moved := make(LineString, len(ring))
	for i, p := range ring {
		moved[i] = Point{p.Lng() + shift, p.Lat()}
	}
	part := clipAt(clipAt(moved, 180, 1), -180, -1)
	if len(part) > 0 && part[0] != part[len(part)-1] {
		part = append(part, part[0])
	}
	return part
}

// clipAt returns what of a closed ring lies on one side of a meridian: towards
// smaller longitudes for side 1, larger ones for side -1.
func clipAt(ring LineString, meridian, side float64) LineString {
	var out LineString
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		inA, inB := (a.Lng()-meridian)*side <= 0, (b.Lng()-meridian)*side <= 0
		if inA && (len(out) == 0 || out[len(out)-1] != a) {
			out = append(out, a)
		}
		if inA != inB && a.Lng() != meridian && b.Lng() != meridian {
			out = append(out, Point{meridian, crossingLat(a, b)})
		}
		if inB && i == len(ring)-1 && len(out) > 0 && out[len(out)-1] != b {
			out = append(out, b)
		}
	}
	for i := range out { // a touch of the meridian alone is no part
		if out[i].Lng() != meridian {
			return out
		}
	}
	return nil
}
