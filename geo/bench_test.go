package geo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/virgadb/virga/document"
)

// coast returns a ring of n points around (10, 50) as wide as a country.
func coast(n int) LineString {
	m := maker{rand.New(rand.NewPCG(1, 1))}
	var l LineString
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		r := 3 + 0.2*m.Float64()
		l = append(l, Point{10 + r*cos, 50 + r*sin})
	}
	return append(l, l[0])
}

// BenchmarkArea asks an area for a point inside, and for one far away.
func BenchmarkArea(b *testing.B) {
	for _, n := range []int{4, 10, 100, 1000} {
		area, err := NewArea(Polygon{coast(n)})
		if err != nil {
			b.Fatal(err)
		}
		for name, p := range map[string]Point{"in": {10.5, 50.1}, "out": {17, 50}} {
			v := p.vector()
			b.Run(fmt.Sprint(n, "/", name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					area.hasPoint(v)
				}
			})
		}
	}
}

// BenchmarkShape makes a polygon of a document ready, and measures its distance.
func BenchmarkShape(b *testing.B) {
	for _, n := range []int{4, 10, 100, 1000} {
		g := Polygon{coast(n)}
		b.Run(fmt.Sprint("new/", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := NewShape(g); err != nil {
					b.Fatal(err)
				}
			}
		})
		s, err := NewShape(g)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint("distance/", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Distance(Point{20, 40})
			}
		})
	}
}

// BenchmarkTouches asks stored polygons whether they hold a point: one inside, one
// between two capes, one far away.
func BenchmarkTouches(b *testing.B) {
	for _, n := range []int{4, 10, 100, 1000} {
		stored, err := document.Of(Polygon{coast(n)})
		if err != nil {
			b.Fatal(err)
		}
		for name, p := range map[string]Point{"in": {10.5, 50.1}, "near": {12.3, 52.4}, "far": {17, 50}} {
			s, err := NewShape(p)
			if err != nil {
				b.Fatal(err)
			}
			if in := s.Touches(stored); in != (name == "in") {
				b.Fatalf("%d points, %s: %v", n, name, in)
			}
			b.Run(fmt.Sprint(n, "/", name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					s.Touches(stored)
				}
			})
			b.Run(fmt.Sprint(n, "/", name, "/kept"), func(b *testing.B) {
				kept := NewShapes(1 << 20)
				b.ReportAllocs()
				for b.Loop() {
					kept.Touching(s, stored)
				}
			})
		}
	}
}

// BenchmarkCovering covers a polygon as an index does.
func BenchmarkCovering(b *testing.B) {
	for _, n := range []int{4, 10, 100} {
		s, err := NewShape(Polygon{coast(n)})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Covering(MaxCovering)
			}
		})
	}
}
