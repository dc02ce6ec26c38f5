package geo

import (
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/virgadb/virga/document"
)

// Shapes give the answers that geometries which are read anew give, whatever their size,
// to many at once, and keep no more than they may.
func TestShapesKept(t *testing.T) {
	cases, m := lawCases(t, 60)
	type question struct {
		v     document.Value
		area  *Area
		shape *Shape
		at    *Origin
	}
	var list []question
	for range cases {
		center, radius := m.place(), m.tiny()
		g := m.coast(center, radius)
		for range 3 {
			other, _ := m.polygon(m.near(center, radius), radius)
			o, err := NewOrigin(m.near(center, radius))
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, question{stored(t, g), areaOf(t, other), shapeOf(t, other), o})
		}
	}
	for _, most := range []int64{0, 1 << 13, 1 << 17, 1 << 40} {
		kept := NewShapes(most)
		var workers sync.WaitGroup
		for range 3 {
			workers.Go(func() {
				for i, q := range list {
					d, ok := kept.Distance(q.at, q.v)
					want, is := q.at.Distance(q.v)
					if got := kept.Within(q.area, q.v); got != q.area.Holds(q.v) {
						t.Errorf("question %d: within: %v", i, got)
					}
					if got := kept.Touching(q.shape, q.v); got != q.shape.Touches(q.v) {
						t.Errorf("question %d: touching: %v", i, got)
					}
					if ok != is || d != want {
						t.Errorf("question %d: distance %v, %v, want %v, %v", i, d, ok, want, is)
					}
				}
			})
		}
		workers.Wait()
		if held := kept.held(); held > int(min(most, 1<<30)) || most > 1<<20 && held == 0 {
			t.Errorf("%d bytes are kept of %d", held, most)
		}
	}
}

// held returns how many bytes are kept, counted anew.
func (k *Shapes) held() (n int) {
	for _, generation := range []map[string]*prepared{k.young, k.old} {
		for _, s := range generation {
			n += s.size
		}
	}
	return n
}

// coast returns a ring of up to some hundred points, which crosses itself now and then.
func (m maker) coast(center Point, radius float64) Polygon {
	var ring LineString
	n := 3 + m.IntN(40)
	if m.IntN(2) == 0 {
		n = 100 + m.IntN(200)
	}
	for i := range n {
		ring = append(ring, m.from(center, 2*math.Pi*float64(i)/float64(n), radius*(0.5+0.5*m.Float64())))
	}
	if m.IntN(4) == 0 {
		i, j := m.IntN(n), m.IntN(n)
		ring[i], ring[j] = ring[j], ring[i]
	}
	return Polygon{append(ring, ring[0])}
}

// What is asked for again outlives what is not.
func TestShapesForgetTheOldest(t *testing.T) {
	at := func(lng float64) document.Value {
		ring := coast(60)
		for i := range ring {
			ring[i][0] += lng
		}
		return stored(t, Polygon{ring})
	}
	often := at(0)
	size := NewShapes(1 << 30).prepared(often).size
	kept := NewShapes(int64(2 * 5 * size))
	first := kept.prepared(often)
	for i := 1; i <= 40; i++ {
		kept.prepared(at(float64(i)))
		if kept.prepared(often) != first {
			t.Fatalf("forgotten after %d others", i)
		}
	}
	if kept.find(at(1).Raw()) != nil {
		t.Error("what was asked for once is kept")
	}
	small := stored(t, Polygon{coast(5)})
	if kept.prepared(small); kept.find(small.Raw()) != nil {
		t.Error("a small geometry is kept")
	}
}

// What is no geometry, such as the array around many of them, takes no room from those
// that are.
func TestShapesKeepNothingElse(t *testing.T) {
	g := stored(t, Polygon{coast(60)})
	area := areaOf(t, Polygon{coast(60)})
	kept := NewShapes(1 << 20)
	for _, v := range []any{[]any{g, g}, document.M{"home": g}, strings.Repeat("x", 2000), document.M{"type": "Polygon", "coordinates": []any{g}}} {
		large, err := document.Of(v)
		if err != nil {
			t.Fatal(err)
		}
		if kept.Within(area, large) || kept.held() > 0 {
			t.Errorf("%.40v...: %d bytes are kept", v, kept.held())
		}
	}
	if !kept.Within(area, g) || kept.held() == 0 {
		t.Error("a geometry is not kept")
	}
}

// What is kept takes up no more memory than it is counted as, however few bytes its
// coordinates are stored in.
func TestShapesTakeUpNoMoreThanCounted(t *testing.T) {
	ring := func(lng, lat float64, n int) LineString {
		l := LineString{Point{lng, lat}}
		for i := range n {
			l = append(l, Point{lng + float64(i+1), lat + float64(i%2)})
		}
		return append(l, Point{lng + float64(n), lat + 40}, l[0])
	}
	triangles := func(i int) (g MultiPolygon) {
		for j := range 50 {
			g = append(g, Polygon{ring(float64(i%100), float64(j-50), 1)})
		}
		return g
	}
	for name, make := range map[string]func(i int) Geometry{
		"polygons of whole degrees": func(i int) Geometry { return Polygon{ring(float64(i%40), float64(i/40), 100)} },
		"many triangles":            func(i int) Geometry { return triangles(i) },
		"places":                    func(i int) Geometry { return Polygon{ring(float64(i)/7, 1.0/3, 60)} },
	} {
		t.Run(name, func(t *testing.T) {
			var values []document.Value
			for i := range 200 {
				values = append(values, stored(t, make(i)))
			}
			before := heap()
			kept := NewShapes(1 << 30)
			for _, v := range values {
				kept.prepared(v)
			}
			taken, counted := heap()-before, kept.held()
			if len(kept.young) < 90 || taken > counted || taken < counted/3 {
				t.Errorf("%d geometries take %d bytes, counted as %d", len(kept.young), taken, counted)
			}
		})
	}
}

// heap returns how many bytes are in use.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
