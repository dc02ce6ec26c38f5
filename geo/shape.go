package geo

import (
	"math"
	"slices"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"

	"github.com/virgadb/virga/document"
)

// A Shape is a geometry made ready for questions: on the sphere, with every rule
// held. It is immutable and safe for concurrent use.
type Shape struct {
	points   []s2.Point
	lines    []*chain
	polygons []*polygon
}

// NewShape returns the shape of g. What breaks a rule of its type is ErrInvalid.
func NewShape(g Geometry) (*Shape, error) {
	if g == nil {
		return nil, invalid("no geometry")
	}
	if err := g.check(); err != nil {
		return nil, err
	}
	s := &Shape{}
	if err := g.shape(s, strict); err != nil {
		return nil, err
	}
	return s, nil
}

// Read returns the shape of a stored GeoJSON object: [Parse], then [NewShape].
func Read(v document.Value) (*Shape, error) {
	g, err := Parse(v)
	if err != nil {
		return nil, err
	}
	s := &Shape{}
	if err := g.shape(s, strict); err != nil {
		return nil, err
	}
	return s, nil
}

// A rigor says which rules are held where a shape is made.
type rigor bool

const (
	strict  rigor = true
	lenient rigor = false // those only without which there is no shape
)

func (p Point) shape(s *Shape, _ rigor) error {
	s.points = append(s.points, p.vector())
	return nil
}

func (l LineString) shape(s *Shape, _ rigor) error {
	v := vectors(l)
	if err := checkEdges(l, v); err != nil {
		return err
	}
	if len(v) < 2 {
		return invalid("a line needs 2 different points, this one has 1")
	}
	c := newChain(v)
	s.lines = append(s.lines, &c)
	return nil
}

func (g Polygon) shape(s *Shape, r rigor) error {
	p, err := newPolygon(g, r)
	if err != nil {
		return err
	}
	s.polygons = append(s.polygons, p)
	return nil
}

func (g MultiPoint) shape(s *Shape, r rigor) error      { return shapes(s, r, "point", g) }
func (g MultiLineString) shape(s *Shape, r rigor) error { return shapes(s, r, "line", g) }
func (g MultiPolygon) shape(s *Shape, r rigor) error    { return shapes(s, r, "polygon", g) }

func shapes[G Geometry](s *Shape, r rigor, part string, parts []G) error {
	for i, g := range parts {
		if err := g.shape(s, r); err != nil {
			return at(part, i, err)
		}
	}
	return nil
}

// single returns the point that s is, if it is no more than one.
func (s *Shape) single() (s2.Point, bool) {
	if len(s.points) != 1 || len(s.lines) > 0 || len(s.polygons) > 0 {
		return s2.Point{}, false
	}
	return s.points[0], true
}

// IsPoint reports whether s is no more than one point.
func (s *Shape) IsPoint() bool {
	_, ok := s.single()
	return ok
}

// vertices calls visit with every vertex that is not one of a hole.
func (s *Shape) vertices(visit func(s2.Point)) {
	for _, p := range s.points {
		visit(p)
	}
	for _, c := range s.lines {
		for _, p := range c.v {
			visit(p)
		}
	}
	for _, g := range s.polygons {
		for _, p := range g.rings[0].v {
			visit(p)
		}
	}
}

// angleTo returns the distance of p to the nearest point of s, in radians.
func (s *Shape) angleTo(p s2.Point) float64 {
	if q, ok := s.single(); ok {
		return angle(p, q)
	}
	for _, g := range s.polygons {
		if g.inside(p) {
			return 0
		}
	}
	nearest := math.Inf(1)
	for _, q := range s.points {
		nearest = min(nearest, angle(p, q))
	}
	limit := s1.StraightChordAngle
	for _, c := range s.lines {
		limit = c.nearest(p, limit)
	}
	for _, g := range s.polygons {
		for _, r := range g.rings {
			limit = r.nearest(p, limit)
		}
	}
	if len(s.lines)+len(s.polygons) > 0 {
		nearest = min(nearest, limit.Angle().Radians())
	}
	return nearest
}

// Distance returns the distance in metres over the ground from p, which must keep
// the rules of a point, to the nearest point of s: 0 when p is in a polygon of it.
func (s *Shape) Distance(p Point) float64 { return s.angleTo(p.vector()) * EarthRadius }

// Intersects reports whether s and t have a point in common.
func (s *Shape) Intersects(t *Shape) bool {
	return slices.ContainsFunc(t.points, s.hasPoint) ||
		slices.ContainsFunc(t.lines, s.meetsChain) ||
		slices.ContainsFunc(t.polygons, s.meetsPolygon)
}

// hasPoint reports whether p is in s.
func (s *Shape) hasPoint(p s2.Point) bool {
	return slices.ContainsFunc(s.points, func(q s2.Point) bool { return angle(p, q) <= tolerance }) ||
		slices.ContainsFunc(s.lines, func(c *chain) bool { return c.at(p) }) ||
		slices.ContainsFunc(s.polygons, func(g *polygon) bool { return g.contains(p) })
}

func (s *Shape) meetsChain(c *chain) bool {
	return slices.ContainsFunc(s.points, c.at) ||
		slices.ContainsFunc(s.lines, c.meets) ||
		slices.ContainsFunc(s.polygons, func(g *polygon) bool { return g.meets(c) })
}

func (s *Shape) meetsPolygon(g *polygon) bool {
	return slices.ContainsFunc(s.points, g.contains) ||
		slices.ContainsFunc(s.lines, g.meets) ||
		slices.ContainsFunc(s.polygons, g.meetsPolygon)
}
