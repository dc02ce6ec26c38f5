package geo

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/golang/geo/s2"
)

// A drawing is a geometry, and the figures it is made of; those of points have one
// vertex.
type drawing struct {
	geometry Geometry
	figures  []figure
}

// drawing returns a geometry of any type, of about the given radius around p.
func (m maker) drawing(p Point, radius float64) (d drawing) {
	parts := 1
	if m.IntN(3) == 0 {
		parts = 2 + m.IntN(3)
	}
	var points MultiPoint
	var lines MultiLineString
	var polygons MultiPolygon
	kind := m.IntN(5)
	for range parts {
		at := p
		if parts > 1 {
			at = m.near(p, radius)
		}
		switch kind {
		case 0:
			points = append(points, at)
			d.figures = append(d.figures, figure{line: true, rings: []star{{ring: []vec{vecOf(at)}}}})
		case 1:
			l, f := m.line(at, radius)
			lines, d.figures = append(lines, l), append(d.figures, f)
		default:
			g, f := m.polygon(at, radius)
			polygons, d.figures = append(polygons, g), append(d.figures, f)
		}
	}
	switch single := parts == 1 && m.IntN(2) == 0; {
	case points != nil && single:
		d.geometry = points[0]
	case points != nil:
		d.geometry = points
	case lines != nil && single:
		d.geometry = lines[0]
	case lines != nil:
		d.geometry = lines
	case single:
		d.geometry = polygons[0]
	default:
		d.geometry = polygons
	}
	return d
}

func (d drawing) holds(p vec) bool {
	for _, f := range d.figures {
		if f.holds(p) {
			return true
		}
	}
	return false
}

func vecAt(p s2.Point) vec { return vec{p.X, p.Y, p.Z} }

// straight returns the straight distance between two places.
func (a vec) straight(b vec) float64 { d := a.minus(b); return math.Sqrt(d.dot(d)) }

// TestBoundsHoldTheirShapes holds the balls against shapes of every type: at poles, on
// the antimeridian, with holes, tiny and huge.
func TestBoundsHoldTheirShapes(t *testing.T) {
	cases, m := lawCases(t, 3000)
	polygons, inner, ratio := 0, 0, 0.0
	for range cases {
		center, radius := m.place(), m.tiny()*1.4
		d := m.drawing(center, radius)
		b := shapeOf(t, d.geometry).Bounds()
		if again, ok := ReadBounds(b.Append(nil)); !ok || again != b {
			t.Fatalf("%v: %+v is read as %+v, %v", d.geometry, b, again, ok)
		}
		c := vecAt(b.center)
		for _, f := range d.figures {
			for _, s := range f.rings {
				for _, p := range s.ring {
					if p.straight(c) > b.outer {
						t.Fatalf("%v: %+v does not hold the vertex %v", d.geometry, b, placeOf(p))
					}
				}
			}
			f.edges(func(p, q vec) {
				x := m.Float64()
				if p := p.times(1 - x).plus(q.times(x)).unit(); p.straight(c) > b.outer {
					t.Fatalf("%v: %+v does not hold %v, on an edge", d.geometry, b, placeOf(p))
				}
			})
		}
		for range 20 { // all around the edge of the inner ball, and in it
			p := vecOf(m.from(placeOf(c), m.Float64()*2*math.Pi, 2*math.Asin(b.inner/2)*math.Sqrt(m.Float64())))
			if p.straight(c) < b.inner && !d.holds(p) {
				t.Fatalf("%v: %+v holds %v, which is not in it", d.geometry, b, placeOf(p))
			}
			if p := vecOf(m.near(center, radius)); p.straight(c) > b.outer && d.holds(p) {
				t.Fatalf("%v: %+v does not hold %v, inside", d.geometry, b, placeOf(p))
			}
		}
		switch g := d.geometry.(type) {
		case Polygon:
			polygons++
			if b.inner > 0 {
				inner++
			}
			ratio += b.inner / b.outer
		case Point:
			if b.outer > 2e-9+boundsSlack {
				t.Fatalf("%v: %+v", g, b)
			}
		}
	}
	t.Logf("of %d polygons %d have an inner ball, %.2f of the outer one", polygons, inner, ratio/float64(polygons))
	if inner < polygons/2 || ratio < 0.25*float64(polygons) {
		t.Error("the balls tell little")
	}
}

// TestVerdictsAreThoseOfShapes judges shapes by their bounds, above all where a verdict
// turns: around the edges of the balls.
func TestVerdictsAreThoseOfShapes(t *testing.T) {
	cases, m := lawCases(t, 2500)
	told := map[string]*[3]int{}
	judge := func(question string, got Verdict, is bool, of ...any) {
		if told[question] == nil {
			told[question] = &[3]int{}
		}
		if told[question][got]++; got == Surely && !is || got == Never && is {
			t.Fatalf("%s: verdict %v, it is %v: %v", question, got, is, of)
		}
	}
	for range cases {
		center, radius := m.place(), m.tiny()*1.4
		d := m.drawing(center, radius)
		s := shapeOf(t, d.geometry)
		b := s.Bounds()
		for range 4 {
			p := m.beside(&b)
			judge("point", shapeOf(t, p).Judge(&b), s.hasPoint(p.vector()), d.geometry, p)

			other := m.drawing(m.near(center, radius/2), min(1.4, radius*math.Pow(10, m.Float64()*2-1)))
			o := shapeOf(t, other.geometry)
			judge("shape", o.Judge(&b), o.Intersects(s), d.geometry, other.geometry)
			if area, err := NewArea(other.geometry); err == nil {
				judge("area", area.Judge(&b), area.Contains(s), d.geometry, other.geometry)
				if area.Misses(&b) && o.Intersects(s) {
					t.Fatalf("%v does not miss %v", other.geometry, d.geometry)
				}
			}

			at := m.near(center, radius)
			area, err := NewCircle(at, m.turning(&b, at))
			if err != nil {
				t.Fatal(err)
			}
			judge("circle", area.Judge(&b), area.Contains(s), d.geometry, area)
			if area.Misses(&b) && s.angleTo(at.vector()) <= area.disc.angle+boundRounding/EarthRadius {
				t.Fatalf("%v does not miss %v", area, d.geometry)
			}
		}
	}
	for question, n := range told {
		t.Logf("%s: %d undecided, %d never, %d surely", question, n[Undecided], n[Never], n[Surely])
		if sum := n[0] + n[1] + n[2]; n[Never] < sum/50 || n[Surely] < sum/50 || n[Undecided] == sum {
			t.Errorf("%s: too few of one kind", question)
		}
	}
}

// beside returns a place by the edge of one of the balls, nearer to it or farther.
func (m maker) beside(b *Bounds) Point {
	edge := []float64{b.inner, b.outer}[m.IntN(2)]
	angle := 2 * math.Asin(min(1, edge/2))
	angle += angle * math.Copysign(math.Pow(10, -12*m.Float64()), m.Float64()-0.5)
	return m.from(placeOf(vecAt(b.center)), m.Float64()*2*math.Pi, min(math.Pi, angle))
}

// turning returns the radius, in radians, of a circle around p that comes close to one of
// the ends of the balls.
func (m maker) turning(b *Bounds, p Point) float64 {
	angle := vecAt(b.center).apart(vecOf(p))
	angle += []float64{-1, 1}[m.IntN(2)] * 2 * math.Asin(min(1, []float64{b.inner, b.outer}[m.IntN(2)]/2))
	angle += angle * math.Copysign(math.Pow(10, -12*m.Float64()), m.Float64()-0.5)
	return min(math.Abs(angle), 3.3)
}

// TestVerdictsOfHoles asks about what a box would get wrong.
func TestVerdictsOfHoles(t *testing.T) {
	ring := func(lo, hi float64) LineString { return LineString{{lo, lo}, {hi, lo}, {hi, hi}, {lo, hi}, {lo, lo}} }
	for name, c := range map[string]struct {
		query, stored Geometry
		meets, within Verdict
	}{
		"in a hole":             {Polygon{ring(-2, 2)}, Polygon{ring(-10, 10), ring(-5, 5)}, Undecided, Undecided},
		"around it":             {Polygon{ring(-10, 10), ring(-5, 5)}, Polygon{ring(-2, 2)}, Never, Never},
		"in the middle":         {Polygon{ring(-2, 2)}, Polygon{ring(-10, 10)}, Surely, Undecided},
		"all of it":             {Polygon{ring(-20, 20)}, Polygon{ring(-10, 10)}, Surely, Surely},
		"all of a line":         {Polygon{ring(-20, 20)}, LineString{{-3, -3}, {3, 3}}, Surely, Surely},
		"across a line":         {Polygon{ring(0, 20)}, LineString{{-3, -3}, {3, 3}}, Undecided, Undecided},
		"in one of two":         {MultiPolygon{{ring(-20, 20)}, {ring(30, 40)}}, Polygon{ring(-10, 10)}, Surely, Surely},
		"far from both of two":  {MultiPolygon{{ring(-20, -12)}, {ring(30, 40)}}, Polygon{ring(0, 10)}, Never, Never},
		"its centre is outside": {MultiPolygon{{ring(0, 20)}, {ring(-40, -30)}}, Polygon{ring(-14, 10)}, Surely, Never},
	} {
		area, err := NewArea(c.query)
		if err != nil {
			t.Fatal(err)
		}
		b := shapeOf(t, c.stored).Bounds()
		if meets, within := shapeOf(t, c.query).Judge(&b), area.Judge(&b); meets != c.meets || within != c.within {
			t.Errorf("%s: meets %v, within %v, want %v, %v", name, meets, within, c.meets, c.within)
		}
	}
}

// Bytes that are no bounds are refused: they would decide anything.
func TestReadBoundsRefuses(t *testing.T) {
	b := shapeOf(t, Polygon{coast(10)}).Bounds()
	good := b.Append(nil)
	if _, ok := ReadBounds(good); !ok || len(good) != BoundsSize {
		t.Fatalf("%x is refused", good)
	}
	put := func(word int, bits uint32) []byte {
		raw := append([]byte(nil), good...)
		for i := range 4 {
			raw[4*word+i] = byte(bits >> (24 - 8*i))
		}
		return raw
	}
	for name, raw := range map[string][]byte{
		"nothing": {}, "short": good[:19], "long": append(good[:20:20], 0),
		"outer not a number": put(0, 0x7FC00000), "outer infinite": put(0, 0x7F800000), "outer 0": put(0, 0), "outer negative": put(0, 0xBF800000),
		"inner not a number": put(1, 0x7FC00000), "inner negative": put(1, 0x80000001), "inner beyond outer": put(1, 0x40800000),
		"centre inside the Earth": put(2, 0), "centre outside": put(2, 0x7FFFFFFF),
	} {
		if b, ok := ReadBounds(raw); ok {
			t.Errorf("%s: %x is read as %+v", name, raw, b)
		}
	}
}

// roundShape returns a polygon of coordinates with seven decimals.
func roundShape(rnd *rand.Rand) Polygon {
	center := Point{float64(rnd.IntN(3600))/10 - 180, float64(rnd.IntN(1700))/10 - 85}
	radius := 0.1 * math.Pow(10, -4*rnd.Float64())
	ring, _ := maker{rnd}.ring(center, radius/2, radius)
	for i, p := range ring {
		ring[i] = Point{math.Round(p.Lng()*1e7) / 1e7, math.Round(p.Lat()*1e7) / 1e7}
	}
	return Polygon{ring}
}

// Entries of indexes on disk have these bounds. If they change, the format has.
func TestBoundsStayAsTheyAre(t *testing.T) {
	h := fnv.New64a()
	rnd := rand.New(rand.NewPCG(43, 43))
	for range 300 {
		b := shapeOf(t, roundShape(rnd)).Bounds()
		h.Write(b.Append(nil))
	}
	if got, want := h.Sum64(), uint64(0x8ff8137388f2e194); got != want {
		t.Errorf("the hash of the bounds is %#x, it was %#x", got, want)
	}
}

// The last digits of what bounds are computed from, which depend on the processor, move
// next to none, of symmetric shapes neither.
func TestBoundsDoNotHangOnLastDigits(t *testing.T) {
	rnd, seed := random(t)
	moved, n := 0, 2000*effort()
	for range n {
		g := roundShape(rnd)
		if rnd.IntN(2) == 0 { // a box
			p, w := g[0][0], Point{float64(1+rnd.IntN(100)) / 1000, float64(1+rnd.IntN(100)) / 1000}
			w = Point{math.Copysign(w[0], -p[0]), math.Copysign(w[1], -p[1])} // not beyond the edge of the map
			g = Polygon{{p, {p[0] + w[0], p[1]}, {p[0] + w[0], p[1] + w[1]}, {p[0], p[1] + w[1]}, p}}
		}
		a := shapeOf(t, g).Bounds()
		for i, p := range g[0] {
			for j := range p {
				g[0][i][j] = math.Nextafter(p[j], float64(178*rnd.IntN(2)-89))
			}
		}
		g[0][len(g[0])-1] = g[0][0]
		b := shapeOf(t, g).Bounds()
		if fmt.Sprintf("%x", a.Append(nil)) != fmt.Sprintf("%x", b.Append(nil)) {
			moved++
		}
	}
	if moved > n/200 {
		t.Errorf("seed %d: %d of %d moved", seed, moved, n)
	}
}
