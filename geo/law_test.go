package geo

import (
	"math"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/trial"
)

// lawCases returns the number of cases a law is tried on and a maker of shapes with a
// new seed, both of which it logs.
func lawCases(t *testing.T, atOnce int) (int, maker) {
	t.Helper()
	n, rnd := trial.Cases(t, atOnce)
	return n, maker{rnd}
}

// stored returns the GeoJSON of g.
func stored(t *testing.T, g Geometry) document.Value {
	t.Helper()
	v, err := document.Of(g)
	if err != nil {
		t.Fatalf("%v: %v", g, err)
	}
	return v
}

func shapeOf(t *testing.T, g Geometry) *Shape {
	t.Helper()
	s, err := NewShape(g)
	if err != nil {
		t.Fatalf("%v: %v", g, err)
	}
	return s
}

// edge is how near to a decision a case may be, in radians, to be tried: the naive
// answers are that inexact.
const edge = 1e-10

// near returns a place near p at a distance of the order of radius.
func (m maker) near(p Point, radius float64) Point {
	return m.from(p, m.Float64()*2*math.Pi, min(3, radius*3*m.Float64()))
}

func TestPointsAgreeWithNaiveAnswers(t *testing.T) {
	cases, m := lawCases(t, 400)
	asked, inside := 0, 0
	for range cases {
		center, radius := m.place(), m.tiny()*1.4
		g, f := m.polygon(center, radius)
		area, err := NewArea(g)
		if err != nil {
			t.Fatalf("%v: %v", g, err)
		}
		shape := shapeOf(t, g)
		for range 20 {
			p := m.near(center, radius)
			v := vecOf(p)
			o, err := NewOrigin(p)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := o.Distance(stored(t, g))
			want := f.to(v) * EarthRadius
			if !ok || math.Abs(got-want) > 1e-6*max(1, want) {
				t.Fatalf("%v from %v: %v metres, want %v", g, p, got, want)
			}
			if f.toEdges(v) < edge {
				continue
			}
			asked++
			if f.holds(v) {
				inside++
			}
			if area.Holds(stored(t, p)) != f.holds(v) || shape.Touches(stored(t, p)) != f.holds(v) {
				t.Fatalf("%v holds %v: within %v, touches %v, want %v", g, p, area.Holds(stored(t, p)), shape.Touches(stored(t, p)), f.holds(v))
			}
			l, lf := m.line(center, radius)
			if got, want := shapeOf(t, l).Distance(p), lf.to(v)*EarthRadius; math.Abs(got-want) > 1e-6*max(1, want) {
				t.Fatalf("%v from %v: %v metres, want %v", l, p, got, want)
			}
		}
	}
	if inside < asked/20 {
		t.Errorf("only %d of %d points are inside", inside, asked)
	}
}

func TestShapesAgreeWithNaiveAnswers(t *testing.T) {
	cases, m := lawCases(t, 1200)
	met, covered, sures := 0, 0, 0
	for range cases {
		center, radius := m.place(), m.tiny()*1.4
		g, f := m.polygon(center, radius)
		var at Point
		if at = center; m.IntN(3) > 0 {
			at = m.near(center, radius/2)
		}
		o, e := m.any(at, min(1.4, radius*math.Pow(10, m.Float64()*2-1.7)))
		want, sure := f.meets(e)
		covers, sureToo := f.covers(e)
		if !sure || !sureToo {
			continue
		}
		sures++
		if want {
			met++
		}
		if covers {
			covered++
		}
		s, other := shapeOf(t, g), shapeOf(t, o)
		if got := s.Intersects(other); got != want {
			t.Fatalf("%v and %v: intersects %v, want %v", g, o, got, want)
		}
		if got := other.Intersects(s); got != want {
			t.Fatalf("%v and %v: intersects %v, want %v", o, g, got, want)
		}
		area, err := NewArea(MultiPolygon{g})
		if err != nil {
			t.Fatal(err)
		}
		if got := area.Holds(stored(t, o)); got != covers {
			t.Fatalf("%v in %v: %v, want %v", o, g, got, covers)
		}
	}
	t.Logf("%d pairs, %d meet, %d are within", sures, met, covered)
	if sures < cases/2 || met < sures/10 || covered < sures/20 {
		t.Error("too few of one kind")
	}
}

func TestCirclesAgreeWithNaiveAnswers(t *testing.T) {
	cases, m := lawCases(t, 1200)
	held := 0
	for range cases {
		center, radius := m.place(), m.tiny()*3.3
		area, err := NewCircle(center, radius)
		if err != nil {
			t.Fatal(err)
		}
		c := vecOf(center)
		for range 10 {
			p := m.near(center, radius)
			if d := c.apart(vecOf(p)); math.Abs(d-radius) > edge && area.Holds(stored(t, p)) != (d < radius) {
				t.Fatalf("circle of %v around %v and %v: %v", radius, center, p, d < radius)
			}
		}
		g, f := m.any(m.near(center, min(1, radius)/2), min(1.4, radius*math.Pow(10, m.Float64()*2-1.7)))
		far := f.farthest(c)
		if !f.line && f.holds(c.times(-1)) {
			far = math.Pi
		}
		// Between the points that were tried an edge is farther by less than this.
		if slack := 1e-9 + 1e-4*min(far, 1.4); far > radius-slack && far < radius+edge {
			continue
		}
		if want := far <= radius || radius >= math.Pi; area.Holds(stored(t, g)) != want {
			t.Fatalf("%v within %v around %v: %v, the farthest point is %v away", g, radius, center, !want, far)
		} else if want {
			held++
		}
	}
	if held < cases/10 {
		t.Errorf("only %d of %d shapes are within", held, cases)
	}
}

// TestEdgesBelong asks about the vertices and middles of edges, which are in every
// closed set they bound.
func TestEdgesBelong(t *testing.T) {
	cases, m := lawCases(t, 500)
	for range cases {
		center, radius := m.place(), m.tiny()*1.4
		g, f := m.polygon(center, radius)
		area, err := NewArea(g)
		if err != nil {
			t.Fatal(err)
		}
		s := shapeOf(t, g)
		if !s.Intersects(s) || !area.Contains(s) {
			t.Fatalf("%v is not within itself", g)
		}
		for _, ring := range g {
			for _, p := range ring {
				if !area.Holds(stored(t, p)) || !s.Touches(stored(t, p)) || s.Distance(p) > 1e-7 {
					t.Fatalf("the vertex %v is outside of %v", p, g)
				}
			}
			if !area.Contains(shapeOf(t, ring)) {
				t.Fatalf("the ring %v is outside of %v", ring, g)
			}
			for i := 1; i < len(ring); i++ {
				if !area.Contains(shapeOf(t, ring[i-1:i+1])) {
					t.Fatalf("the edge %v is outside of %v", ring[i-1:i+1], g)
				}
			}
		}
		f.edges(func(a, b vec) {
			p := placeOf(a.plus(b).unit())
			if !area.Holds(stored(t, p)) || !s.Touches(stored(t, p)) {
				t.Fatalf("%v, in the middle of an edge, is outside of %v", p, g)
			}
		})
		if len(g) == 2 {
			inner := shapeOf(t, Polygon{g[1]})
			if area.Contains(inner) || !s.Intersects(inner) {
				t.Fatalf("the hole of %v: within %v, intersects %v", g, area.Contains(inner), s.Intersects(inner))
			}
		}
	}
}

func placeOf(v vec) Point {
	return Point{math.Atan2(v[1], v[0]) * 180 / math.Pi, math.Atan2(v[2], math.Hypot(v[0], v[1])) * 180 / math.Pi}
}

// TestLongRings asks about rings of many stretches of edges.
func TestLongRings(t *testing.T) {
	cases, m := lawCases(t, 5)
	for range cases {
		center, radius := m.place(), m.tiny()*1.4
		var l LineString
		s := star{center: vecOf(center)}
		n := 200 + m.IntN(2000)
		for i := range n {
			p := m.from(center, -2*math.Pi*float64(i)/float64(n), radius*(0.5+0.5*m.Float64()))
			l, s.ring = append(l, p), append(s.ring, vecOf(p))
		}
		l, s.ring = append(l, l[0]), append(s.ring, s.ring[0])
		f := figure{rings: []star{s}}
		area, err := NewArea(Polygon{l})
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			p := m.near(center, radius/2)
			if v := vecOf(p); f.toEdges(v) > edge && area.Holds(stored(t, p)) != f.holds(v) {
				t.Fatalf("a ring of %d points around %v holds %v: want %v", n, center, p, f.holds(v))
			} else if got, want := area.polygons[0].rings[0].nearest(Point(p).vector(), 4).Angle().Radians(), f.toEdges(v); math.Abs(got-want) > 1e-9*max(want, 1e-5) {
				t.Fatalf("a ring of %d points around %v is %v from %v: want %v", n, center, got, p, want)
			}
		}
		// A cut across it crosses it.
		at := m.IntN(n/2) + n/4
		l[1], l[at] = l[at], l[1]
		if _, err := NewShape(Polygon{l}); err == nil {
			t.Fatalf("a ring of %d points around %v, with points 1 and %d exchanged, does not cross itself", n, center, at)
		}
	}
}

func FuzzGeoJSON(f *testing.F) {
	for _, c := range everyType {
		f.Add(c.json)
	}
	f.Add(`{"type": "Polygon", "coordinates": [[[0,0],[10,0],[10,10],[0,10],[0,0]],[[0,0],[2,1],[1,2],[0,0]]]}`)
	f.Add(`{"type": "LineString", "coordinates": [[0, 90], [180, -90], [-180, 1e-300]]}`)
	f.Add(`{"type": "Point", "coordinates": [1, 2, {"a": [1]}], "crs": null}`)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := document.ParseJSON([]byte(text))
		if err != nil {
			return
		}
		p, isPoint := ReadPoint(v)
		g, err := Parse(v)
		if q, ok := g.(Point); isPoint != (ok && err == nil) || isPoint && p != q {
			t.Fatalf("%s is read as %v, %v and %v, %v", text, p, isPoint, g, err)
		}
		if err != nil {
			return
		}
		back, err := document.Of(g)
		if err != nil {
			t.Fatalf("%s cannot be stored again: %v", text, err)
		}
		again, err := Parse(back)
		if err != nil || again.Type() != g.Type() || again.(interface{ String() string }).String() != g.(interface{ String() string }).String() {
			t.Fatalf("%s comes back as %v, %v", text, again, err)
		}
		s, err := Read(v)
		if err != nil {
			return
		}
		if !s.Intersects(s) {
			t.Fatalf("%s does not intersect itself", text)
		}
		if a, err := NewArea(g); err == nil && !a.Contains(s) {
			t.Fatalf("%s does not contain itself", text)
		}
		if d := s.Distance(Point{}); !(d >= 0 && d <= math.Pi*EarthRadius+1) {
			t.Fatalf("%s is %v metres away", text, d)
		}
	})
}

// A circle holds a shape up to its farthest vertex, to the last nanometres, whatever its
// size.
func TestCirclesTurnAtTheFarthestVertex(t *testing.T) {
	cases, m := lawCases(t, 2000)
	for range cases {
		center, radius := m.place(), m.tiny()*1.4
		g, f := m.any(m.near(center, radius), radius)
		c, far := vecOf(center), 0.0
		f.edges(func(a, b vec) { far = max(far, c.apart(a), c.apart(b)) })
		if far > 1.4 {
			continue // an edge may be farther than its ends
		}
		for _, off := range []float64{-1e-13, 1e-13} {
			area, err := NewCircle(center, far+off)
			if err != nil {
				t.Fatal(err)
			}
			if area.Holds(stored(t, g)) != (off > 0) {
				t.Fatalf("%v around %v, %v more than to the farthest vertex of %v: %v", far, center, off, g, off < 0)
			}
		}
	}
}
