package geo

import (
	"slices"

	"github.com/golang/geo/s2"

	"github.com/virgadb/virga/document"
)

// An Area is what geometries can lie within: polygons, or a circle. It is immutable
// and safe for concurrent use.
type Area struct {
	polygons []*polygon
	disc     *disc // of a circle, which has no polygons
}

// NewArea returns the area of g, a [Polygon], [MultiPolygon] or [Circle], a pointer to
// one, or any Go value that stands for GeoJSON of the first two.
func NewArea(g any) (*Area, error) {
	if p, ok := g.(*Circle); ok && p != nil {
		g = *p
	}
	if c, ok := g.(Circle); ok {
		if err := checkRadius(c.Radius, "metres"); err != nil {
			return nil, err
		}
		return NewCircle(c.Center, c.Radius/EarthRadius)
	}
	geometry, err := Of(g)
	if err != nil {
		return nil, err
	}
	switch geometry.(type) {
	case Polygon, MultiPolygon:
	default:
		return nil, invalid("nothing lies within a %s, only within a Polygon, a MultiPolygon or a circle", geometry.Type())
	}
	s, err := NewShape(geometry)
	if err != nil {
		return nil, err
	}
	return &Area{polygons: s.polygons}, nil
}

// NewCircle returns the area within an angle of radians, at the Earth's centre,
// around center.
func NewCircle(center Point, radians float64) (*Area, error) {
	if err := checkRadius(radians, "radians"); err != nil {
		return nil, err
	}
	d, err := newDisc(center, radians)
	if err != nil {
		return nil, err
	}
	return &Area{disc: d}, nil
}

// Contains reports whether all of s lies within a, its edges included. Each part of
// it must lie in one polygon.
func (a *Area) Contains(s *Shape) bool {
	if a.disc != nil {
		return a.disc.covers(s)
	}
	for _, p := range s.points {
		if !a.hasPoint(p) {
			return false
		}
	}
	for _, c := range s.lines {
		if !slices.ContainsFunc(a.polygons, func(g *polygon) bool { return g.covers(c) }) {
			return false
		}
	}
	for _, o := range s.polygons {
		if !slices.ContainsFunc(a.polygons, func(g *polygon) bool { return g.coversPolygon(o) }) {
			return false
		}
	}
	return true
}

func (a *Area) hasPoint(p s2.Point) bool {
	if a.disc != nil {
		return a.disc.contains(p)
	}
	for _, g := range a.polygons {
		if g.contains(p) {
			return true
		}
	}
	return false
}

// Holds reports whether v is a stored geometry that lies within a. What is no
// geometry, or breaks a rule, does not. For a point it does not allocate.
func (a *Area) Holds(v document.Value) bool {
	return (*Shapes)(nil).Within(a, v)
}

// Touches reports whether v is a stored geometry that has a point in common with s.
// For a point it does not allocate.
func (s *Shape) Touches(v document.Value) bool {
	return (*Shapes)(nil).Touching(s, v)
}
