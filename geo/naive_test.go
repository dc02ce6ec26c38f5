package geo

import (
	"math"
	"math/rand/v2"
	"slices"
)

// What follows answers the same questions by school trigonometry, on the ways that
// the tests make their shapes: polygons are stars, which each of their rings can be
// seen whole from inside, so that triangles fill them. It shares no code with the
// answers it judges.

type vec [3]float64

func vecOf(p Point) vec {
	lng, lat := p[0]*math.Pi/180, p[1]*math.Pi/180
	return vec{math.Cos(lat) * math.Cos(lng), math.Cos(lat) * math.Sin(lng), math.Sin(lat)}
}

func (a vec) dot(b vec) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

func (a vec) cross(b vec) vec {
	return vec{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}

func (a vec) times(f float64) vec { return vec{a[0] * f, a[1] * f, a[2] * f} }
func (a vec) plus(b vec) vec      { return vec{a[0] + b[0], a[1] + b[1], a[2] + b[2]} }
func (a vec) minus(b vec) vec     { return a.plus(b.times(-1)) }
func (a vec) unit() vec           { return a.times(1 / math.Sqrt(a.dot(a))) }

// side returns a number above 0 when p lies to the left of the edge from a to b. It
// is the product of the three, by differences, and so exact for points close together.
func side(a, b, p vec) float64 { return b.minus(a).cross(p.minus(a)).dot(a) }

// apart returns the angle between two points.
func (a vec) apart(b vec) float64 {
	c := a.cross(b)
	return math.Atan2(math.Sqrt(c.dot(c)), a.dot(b))
}

// plane returns the normal of the plane through a, b and the Earth's centre. By sum
// and difference it is exact for points that are close together, too.
func (a vec) plane(b vec) vec { return b.minus(a).cross(b.plus(a)).unit().times(-1) }

// toEdge returns the angle from p to the nearest point of the edge from a to b.
func (p vec) toEdge(a, b vec) float64 {
	n := a.plane(b)
	if n.cross(a).dot(p.minus(a)) > 0 && b.cross(n).dot(p.minus(b)) > 0 {
		return math.Abs(math.Asin(max(-1, min(1, n.dot(p.minus(a))))))
	}
	return min(p.apart(a), p.apart(b))
}

// A star is a ring around a centre, all of which can be seen from there, nearer than
// a quarter of the globe.
type star struct {
	center vec
	ring   []vec // closed, counter-clockwise
}

// holds reports whether p is in one of the triangles of the centre and an edge.
func (s star) holds(p vec) bool {
	for i := 1; i < len(s.ring); i++ {
		a, b := s.ring[i-1], s.ring[i]
		if side(s.center, a, p) >= 0 && side(a, b, p) >= 0 && side(b, s.center, p) >= 0 {
			return true
		}
	}
	return false
}

// A figure is a polygon, its rings stars, or a line, which has one ring that is not
// closed and no inside.
type figure struct {
	line  bool
	rings []star
}

func (f figure) holds(p vec) bool {
	if f.line || !f.rings[0].holds(p) {
		return false
	}
	return !slices.ContainsFunc(f.rings[1:], func(s star) bool { return s.holds(p) })
}

// edges calls visit with the ends of every edge.
func (f figure) edges(visit func(a, b vec)) {
	for _, s := range f.rings {
		for i := 1; i < len(s.ring); i++ {
			visit(s.ring[i-1], s.ring[i])
		}
	}
}

func (f figure) toEdges(p vec) float64 {
	nearest := math.Inf(1)
	f.edges(func(a, b vec) { nearest = min(nearest, p.toEdge(a, b)) })
	return nearest
}

func (f figure) to(p vec) float64 {
	if f.holds(p) {
		return 0
	}
	return f.toEdges(p)
}

// crosses reports whether edges of f and g cross, and false for sure when that is too
// close to call.
func (f figure) crosses(g figure) (crosses, sure bool) {
	sure = true
	f.edges(func(a, b vec) {
		g.edges(func(c, d vec) {
			if min(a.toEdge(c, d), b.toEdge(c, d), c.toEdge(a, b), d.toEdge(a, b)) < 1e-10 {
				sure = false
			}
			// Each goes from one side of the other to the other, on the same half of the globe.
			if (side(a, b, c) > 0) != (side(a, b, d) > 0) && (side(c, d, a) > 0) != (side(c, d, b) > 0) && (side(a, b, d) > 0) == (side(c, d, a) > 0) {
				crosses = true
			}
		})
	})
	return crosses, sure
}

// meets reports whether f and g have a point in common, and whether that is sure.
func (f figure) meets(g figure) (meets, sure bool) {
	crosses, sure := f.crosses(g)
	meets = crosses
	for _, s := range g.rings {
		meets = meets || f.holds(s.ring[0])
	}
	for _, s := range f.rings {
		meets = meets || g.holds(s.ring[0])
	}
	return meets, sure
}

// covers reports whether all of g is in the polygon f, and whether that is sure.
func (f figure) covers(g figure) (covers, sure bool) {
	crosses, sure := f.crosses(g)
	covers = !crosses
	for _, s := range g.rings {
		covers = covers && f.holds(s.ring[0])
	}
	for _, hole := range f.rings[1:] {
		covers = covers && !g.holds(hole.ring[0])
	}
	return covers, sure
}

// farthest returns the angle from p to the farthest of many points on the edges.
func (f figure) farthest(p vec) float64 {
	far := 0.0
	f.edges(func(a, b vec) {
		for i := range 201 {
			t := float64(i) / 200
			far = max(far, p.apart(a.times(1-t).plus(b.times(t)).unit()))
		}
	})
	return far
}

// A maker makes random shapes.
type maker struct{ *rand.Rand }

// around returns a place: anywhere, at a pole, or by the antimeridian.
func (m maker) place() Point {
	switch m.IntN(5) {
	case 0:
		return Point{m.Float64()*360 - 180, math.Copysign(90-m.tiny()*50, m.Float64()-0.5)}
	case 1:
		return Point{math.Copysign(180-m.tiny()*50, m.Float64()-0.5), m.Float64()*170 - 85}
	}
	return Point{m.Float64()*360 - 180, math.Asin(m.Float64()*2-1) * 180 / math.Pi}
}

// tiny returns a number from 1e-7 to 1, of all sizes alike.
func (m maker) tiny() float64 { return math.Pow(10, -7*m.Float64()) }

// from returns the place at some distance and bearing, in radians.
func (m maker) from(p Point, bearing, distance float64) Point {
	lat := p[1] * math.Pi / 180
	sin := math.Sin(lat)*math.Cos(distance) + math.Cos(lat)*math.Sin(distance)*math.Cos(bearing)
	// The latitude by two sides, exact also at the poles and for tiny distances.
	x := math.Cos(lat)*math.Cos(distance) - math.Sin(lat)*math.Sin(distance)*math.Cos(bearing)
	y := math.Sin(bearing) * math.Sin(distance)
	lng := p[0] + math.Atan2(y, x)*180/math.Pi
	for lng > 180 {
		lng -= 360
	}
	for lng < -180 {
		lng += 360
	}
	return Point{lng, math.Atan2(sin, math.Hypot(x, y)) * 180 / math.Pi}
}

// ring returns a star around p with up to 40 points, from least to most radians away,
// either way round.
func (m maker) ring(p Point, least, most float64) (LineString, star) {
	n := 3 + m.IntN(8)
	if m.IntN(4) == 0 {
		n += m.IntN(30)
	}
	var l LineString
	for i := range n {
		bearing := -2 * math.Pi * (float64(i) + 0.2*m.Float64()) / float64(n) // counter-clockwise
		l = append(l, m.from(p, bearing, least+(most-least)*m.Float64()))
	}
	l = append(l, l[0])
	s := star{center: vecOf(p)}
	for _, q := range l {
		s.ring = append(s.ring, vecOf(q))
	}
	if m.IntN(2) == 0 {
		slices.Reverse(l)
	}
	return l, s
}

// polygon returns a polygon of about the given radius around p, which may have a hole
// there.
func (m maker) polygon(p Point, radius float64) (Polygon, figure) {
	shell, s := m.ring(p, radius*0.5, radius)
	g, f := Polygon{shell}, figure{rings: []star{s}}
	if m.IntN(2) == 0 {
		// The edges of three points come as near as a third of the nearest of them.
		hole, h := m.ring(p, radius*0.03, radius*0.1)
		g, f.rings = append(g, hole), append(f.rings, h)
	}
	return g, f
}

func (m maker) line(p Point, radius float64) (LineString, figure) {
	var l LineString
	var s star
	for range 2 + m.IntN(6) {
		q := m.from(p, m.Float64()*2*math.Pi, m.Float64()*radius)
		l, s.ring = append(l, q), append(s.ring, vecOf(q))
	}
	return l, figure{line: true, rings: []star{s}}
}

// any returns a line or a polygon.
func (m maker) any(p Point, radius float64) (Geometry, figure) {
	if m.IntN(3) == 0 {
		return m.line(p, radius)
	}
	return m.polygon(p, radius)
}
