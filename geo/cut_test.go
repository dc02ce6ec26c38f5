package geo

import (
	"math"
	"reflect"
	"testing"

	"github.com/virgadb/virga/internal/trial"
)

func TestCut(t *testing.T) {
	square := LineString{{170, -1}, {-170, -1}, {-170, 1}, {170, 1}, {170, -1}}
	lat := crossingLat(square[0], square[1]) // where its lower edge crosses
	for name, c := range map[string]struct{ g, want Geometry }{
		"a line":       {LineString{{170, 0}, {-170, 0}}, MultiLineString{{{170, 0}, {180, 0}}, {{-180, 0}, {-170, 0}}}},
		"there, back":  {LineString{{179, 0}, {-179, 0}, {178, 0}}, MultiLineString{{{179, 0}, {180, 0}}, {{-180, 0}, {-179, 0}, {-180, 0}}, {{180, 0}, {178, 0}}}},
		"begins there": {MultiLineString{{{180, 0}, {-179, 0}}, {{1, 1}, {2, 2}}}, MultiLineString{{{-180, 0}, {-179, 0}}, {{1, 1}, {2, 2}}}},
		"a polygon": {Polygon{square}, MultiPolygon{
			{{{-180, lat}, {-170, -1}, {-170, 1}, {-180, -lat}, {-180, lat}}},
			{{{170, -1}, {180, lat}, {180, -lat}, {170, 1}, {170, -1}}},
		}},
		"up to a pole": {Polygon{{{170, 80}, {-170, 80}, {0, 90}, {170, 80}}}, MultiPolygon{
			{{{-180, 80.148924}, {-170, 80}, {-170, 90}, {-180, 90}, {-180, 80.148924}}},
			{{{170, 80}, {180, 80.148924}, {180, 90}, {170, 90}, {170, 80}}},
		}},
		"from a pole": {Polygon{{{60, -90}, {100, -80}, {-100, -80}, {60, -90}}}, MultiPolygon{
			{{{-180, -88.246217}, {-100, -80}, {-100, -90}, {-180, -90}, {-180, -88.246217}}},
			{{{100, -90}, {100, -80}, {180, -88.246217}, {180, -90}, {100, -90}}},
		}},
		"along it": {Polygon{{{180, -10}, {-170, -10}, {-170, 10}, {-180, -10}}}, MultiPolygon{{{{-180, -10}, {-170, -10}, {-170, 10}, {-180, -10}}}}},
		"beside another": {MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}, {square}}, MultiPolygon{
			{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}},
			{{{-180, lat}, {-170, -1}, {-170, 1}, {-180, -lat}, {-180, lat}}},
			{{{170, -1}, {180, lat}, {180, -lat}, {170, 1}, {170, -1}}},
		}},
	} {
		got, cut := Cut(c.g)
		if !cut || !reflect.DeepEqual(rounded(got), rounded(c.want)) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	for _, g := range []Geometry{
		nil, Point{180, 0}, MultiPoint{{180, 0}, {-180, 1}}, LineString{{1, 2}, {3, 4}}, Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}},
		Polygon{{{-180, -10}, {180, -10}, {180, 10}, {-180, 10}, {-180, -10}}}, // no area on the sphere
		LineString{{500, 0}, {-500, 0}}, Polygon(nil), Polygon{nil}, LineString{{170, 0}},
	} {
		if got, cut := Cut(g); cut || !reflect.DeepEqual(got, g) {
			t.Errorf("%v was cut to %v", g, got)
		}
	}
}

// rounded returns the places of the lines and rings of g to a millionth of a degree.
func rounded(g Geometry) [][][2]int64 {
	var all [][][2]int64
	for _, l := range linesOf(g) {
		var line [][2]int64
		for _, p := range l {
			line = append(line, [2]int64{int64(math.Round(p.Lng() * 1e6)), int64(math.Round(p.Lat() * 1e6))})
		}
		all = append(all, line)
	}
	return all
}

func linesOf(g Geometry) []LineString {
	switch g := g.(type) {
	case LineString:
		return []LineString{g}
	case MultiLineString:
		return g
	case Polygon:
		return g
	case MultiPolygon:
		var all []LineString
		for _, p := range g {
			all = append(all, p...)
		}
		return all
	}
	return nil
}

// What is cut has the area on the map that it has beyond its edge, and no edge goes
// around the world. Polygons are small, as their edges bend on the map where they are cut.
func TestCutKeepsTheArea(t *testing.T) {
	rnd := trial.Random(t)
	cut := 0
	for range 2000 {
		center := Point{180 + 1.4*(rnd.Float64()-0.5), 100 * (rnd.Float64() - 0.5)}
		star := func(least, most float64) LineString {
			n := 3 + rnd.IntN(20)
			var ring LineString
			for i := range n {
				sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
				r := least + (most-least)*rnd.Float64()
				ring = append(ring, Point{math.Remainder(center.Lng()+r*cos, 360), center.Lat() + r*sin})
			}
			return append(ring, ring[0])
		}
		g := Polygon{star(0.5, 1)}
		if rnd.IntN(2) == 0 {
			g = append(g, star(0.03, 0.17))
		}
		got, ok := Cut(g)
		if !ok {
			continue
		}
		cut++
		want, have := 0.0, 0.0
		for i, ring := range g {
			want += sign(i) * flatArea(unrolled(ring))
		}
		for _, p := range got.(MultiPolygon) {
			for i, ring := range p {
				have += sign(i) * flatArea(ring)
				for k := range ring {
					if math.Abs(ring[k].Lng()) > 180 || k > 0 && math.Abs(ring[k].Lng()-ring[k-1].Lng()) > 10 {
						t.Fatalf("%v is cut to %v", g, got)
					}
				}
			}
		}
		if math.Abs(want-have) > 0.01*want {
			t.Fatalf("%v has an area of %v, and its pieces %v of %v", g, want, got, have)
		}
	}
	if cut < 500 {
		t.Errorf("%d polygons were cut", cut)
	}
}

func sign(ring int) float64 {
	if ring == 0 {
		return 1
	}
	return -1
}

// flatArea returns the area of a ring in square degrees.
func flatArea(ring LineString) float64 {
	sum := 0.0
	for i := 1; i < len(ring); i++ {
		sum += ring[i-1].Lng()*ring[i].Lat() - ring[i].Lng()*ring[i-1].Lat()
	}
	return math.Abs(sum) / 2
}

// Round a pole the map is filled up to its side, less a hole.
func TestCutRoundAPole(t *testing.T) {
	cap := func(lat float64) LineString {
		return LineString{{10, lat}, {100, lat}, {-170, lat}, {-80, lat}, {10, lat}}
	}
	for _, pole := range []float64{1, -1} {
		got, ok := Cut(Polygon{cap(60 * pole), cap(80 * pole)})
		pieces, _ := got.(MultiPolygon)
		if !ok || len(pieces) != 1 || len(pieces[0]) != 2 {
			t.Fatalf("the cap became %v", got)
		}
		area := flatArea(pieces[0][0]) - flatArea(pieces[0][1])
		if math.Abs(area-360*20) > 100 {
			t.Errorf("%v has an area of %v", got, area)
		}
	}
}

// The pole is the one inside, wherever a ring begins and however often it comes over the
// antimeridian; and a hole there is cut as the map is.
func TestCutRoundAPoleInOnePiece(t *testing.T) {
	wave := LineString{{0, -5}, {90, 30}, {175, 30}, {-175, 30}, {-175, 50}, {175, 50}, {175, 70}, {-175, 70}, {-90, 30}, {0, -5}}
	wide := LineString{{0, -5}, {90, 30}, {175, 30}, {-175, 30}, {-90, 30}, {0, -5}}
	hole := LineString{{170, 75}, {-170, 75}, {-170, 80}, {170, 80}, {170, 75}}
	for i := range len(wave) - 1 {
		for _, c := range []struct {
			rings Polygon
			holes float64
		}{{Polygon{wave}, 0}, {Polygon{wave, hole}, 20 * 5}, {Polygon{wide, hole}, 20 * 5}} {
			for _, south := range []bool{false, true} {
				g := make(Polygon, len(c.rings))
				for k, ring := range c.rings {
					n := len(ring) - 1
					for j := range n + 1 {
						p := ring[(i+j)%n]
						if south {
							p[1] *= -1
						}
						g[k] = append(g[k], p)
					}
				}
				got, cut := Cut(g)
				have := 0.0
				for _, p := range got.(MultiPolygon) {
					for k, ring := range p {
						have += sign(k) * flatArea(ring)
					}
				}
				want := capArea(c.rings[0]) - c.holes
				if !cut || math.Abs(have-want) > 5 {
					t.Errorf("%v has an area of %v, and its pieces %v of %v", g, want, got, have)
				}
			}
		}
	}
}

// capArea returns the square degrees between a ring round the north pole and the pole.
func capArea(ring LineString) float64 {
	sum := 0.0
	flat := unrolled(ring)
	for i := 1; i < len(flat); i++ {
		sum += (flat[i].Lng() - flat[i-1].Lng()) * (90 - (flat[i].Lat()+flat[i-1].Lat())/2)
	}
	return math.Abs(sum)
}
