package geo

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/golang/geo/s2"
)

// Places whose longitudes are far apart may be one and the same: at a pole, and on both
// sides of the antimeridian.
func TestBesideWhereLongitudesJump(t *testing.T) {
	for _, c := range []struct {
		p    Point
		ring LineString
	}{
		{Point{-179.99999999999, 0.5}, LineString{{179, -1}, {180, -1}, {180, 1}, {179, 1}, {179, -1}}},
		{Point{179.99999999999, 0.5}, LineString{{-179, -1}, {-180, -1}, {-180, 1}, {-179, 1}, {-179, -1}}},
		{Point{-170, 89.9999999999}, LineString{{0, 89}, {10, 89.9999999999}, {20, 89}, {0, 89}}},
		{Point{-170, -89.9999999999}, LineString{{0, -89}, {10, -89.9999999999}, {20, -89}, {0, -89}}},
		{Point{12.0001, 89.99999999}, LineString{{10, 80}, {11, 80}, {11, 90}, {10, 80}}},
	} {
		v, p := stored(t, Polygon{c.ring}), c.p.vector()
		s, err := Read(v)
		if err != nil {
			t.Fatal(err)
		}
		if is := beside(p, v.Field("coordinates")); is && s.hasPoint(p) {
			t.Errorf("%v is not beside %v", c.p, c.ring)
		}
	}
}

// What a point is beside has nothing in common with it, wherever the polygon is, whatever
// rules it breaks, and however near the point comes: to its corners, its edges, or what
// has the longitude of a corner.
func TestBeside(t *testing.T) {
	cases, m := lawCases(t, 4000)
	apart, told := 0, 0
	for range cases {
		center, radius := m.place(), m.tiny()
		if m.IntN(2) == 0 {
			center = Point{170*m.Float64() - 85, 140*m.Float64() - 70}
		}
		var g Geometry
		if g, _ = m.polygon(center, radius); m.IntN(3) == 0 {
			g = m.spoiled(center, radius)
		}
		v := stored(t, g)
		checked, err := Read(v)
		for range 4 {
			p := m.near(center, radius).vector()
			if err == nil && m.IntN(2) == 0 {
				p = checked.randomPlace(m.Rand)
			}
			if m.IntN(4) == 0 { // north or south of where it was, or just beside
				at := pointOf(p.Vector)
				at[1] = max(-90, min(90, at.Lat()+radius*m.NormFloat64()*math.Pow(10, -12*m.Float64())))
				p = at.vector()
			}
			touches := err == nil && checked.hasPoint(p)
			is := err == nil && g.Type() == "Polygon" && beside(p, v.Field("coordinates"))
			if is && touches {
				t.Fatalf("%v is not beside %v", pointOf(p.Vector), g)
			}
			if got := (*Shapes)(nil).Touching(&Shape{points: []s2.Point{p}}, v); got != touches {
				t.Fatalf("%v touches %v: %v", pointOf(p.Vector), g, got)
			}
			if !touches && err == nil && radius < 0.1 && math.Abs(center.Lat()) < 70 && math.Abs(center.Lng()) < 85 {
				apart++
				if is {
					told++
				}
			}
		}
	}
	t.Logf("of %d points beside polygons %d are told", apart, told)
	if told < apart/2 || told == 0 {
		t.Errorf("of %d points beside polygons %d are told", apart, told)
	}
}

// randomPlace returns a point of s, or one nearer than touching counts.
func (s *Shape) randomPlace(rnd *rand.Rand) s2.Point {
	chains := slices.Clone(s.lines)
	for _, g := range s.polygons {
		for _, r := range g.rings {
			chains = append(chains, &r.chain)
		}
	}
	if len(chains) == 0 {
		return s.points[rnd.IntN(len(s.points))]
	}
	c := chains[rnd.IntN(len(chains))]
	i := 1 + rnd.IntN(len(c.v)-1)
	p := s2.Interpolate([]float64{0, 1, rnd.Float64()}[rnd.IntN(3)], c.v[i-1], c.v[i])
	if rnd.IntN(3) == 0 {
		away := s2.Point{Vector: p.Ortho().Mul(float64(2*rnd.IntN(2) - 1))}
		p = s2.InterpolateAtDistance(0.9*tolerance, p, away)
	}
	return p
}
