package peers

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
	"github.com/google/btree"
	"github.com/tidwall/rtree"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/bench"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/trial"
)

// A geoWorld is points in a database in memory with a geo index, and in what knows
// nothing but points: a B-tree of H3 cells, one of S2 leaf cells that is searched by
// coverings of 8 cells, and an R-tree. The last two keep vectors to decide by.
type geoWorld struct {
	points []geo.Point
	places *virga.Collection
	cells  cellTree
	leaves *btree.BTreeG[s2Entry]
	boxes  rtree.RTreeG[spot]
}

// A spot is a point and the number that it is stored under.
type spot struct {
	point s2.Point
	id    int
}

type s2Entry struct {
	cell s2.CellID
	spot
}

// degree is that of the B-trees.
const degree = 64

func (a s2Entry) before(b s2Entry) bool { return a.cell < b.cell || a.cell == b.cell && a.id < b.id }

// geoWorlds are made once: points all over the Earth, and points in towns, a million at
// an effort of 100.
var geoWorlds = map[string]func() *geoWorld{
	"uniform":   sync.OnceValue(func() *geoWorld { return newGeoWorld(bench.Anywhere) }),
	"clustered": sync.OnceValue(func() *geoWorld { return newGeoWorld(bench.InTowns()) }),
}

func newGeoWorld(place func(*rand.Rand) geo.Point) *geoWorld {
	rnd := rand.New(rand.NewPCG(7, 7))
	w := &geoWorld{cells: newCellTree(), leaves: btree.NewG(degree, s2Entry.before)}
	w.points = make([]geo.Point, min(1_000_000, trial.Times(10_000)))
	for i := range w.points {
		p := place(rnd)
		w.points[i] = p
		if err := w.cells.add(p, i); err != nil {
			panic(err)
		}
		at := spot{vector(p), i}
		w.leaves.ReplaceOrInsert(s2Entry{s2.CellIDFromLatLng(s2.LatLngFromDegrees(p.Lat(), p.Lng())), at})
		w.boxes.Insert(p, p, at)
	}
	w.places = stored(len(w.points), func(i int) geo.Geometry { return w.points[i] })
	return w
}

// stored returns a collection of n documents with a geometry, which has a geo index.
func stored(n int, at func(i int) geo.Geometry) *virga.Collection {
	db, err := virga.Open(virga.Memory)
	if err != nil {
		panic(err)
	}
	c := db.Collection("places")
	if err := c.CreateIndex(background, index.Spec{Geo: "at"}); err != nil {
		panic(err)
	}
	for from := 0; from < n; from += batch {
		docs := make([]virga.D, min(batch, n-from))
		for i := range docs {
			docs[i] = virga.D{{Key: "_id", Value: from + i}, {Key: "at", Value: at(from + i)}}
		}
		if _, err := c.AddMany(background, docs); err != nil {
			panic(err)
		}
	}
	return c
}

// place returns the place that the i-th question is about: a stored point.
func (w *geoWorld) place(i int) geo.Point { return w.points[i*7919%len(w.points)] }

// covered calls f for the points of the S2 index in a covering of a region.
func (w *geoWorld) covered(region s2.Region, f func(spot)) {
	coverer := s2.RegionCoverer{MaxLevel: 30, MaxCells: 8}
	for _, c := range coverer.Covering(region) {
		w.leaves.AscendRange(s2Entry{cell: c.RangeMin()}, s2Entry{cell: c.RangeMax() + 1}, func(e s2Entry) bool {
			f(e.spot)
			return true
		})
	}
}

// within counts the points of the S2 index that a region holds.
func (w *geoWorld) within(region s2.Region, holds func(s2.Point) bool) (n int) {
	w.covered(region, func(s spot) {
		if holds(s.point) {
			n++
		}
	})
	return n
}

// near returns the k nearest points of the S2 index: of circles that double until one
// holds them.
func (w *geoWorld) near(at geo.Point, k int) neighbours {
	type candidate struct {
		distance float64 // squared
		id       int
	}
	p := vector(at)
	for angle := 2 * math.Sqrt(float64(k)/float64(len(w.points))); ; angle *= 2 {
		limit := chord2(angle)
		var found []candidate
		w.covered(s2.CapFromCenterAngle(p, s1.Angle(angle)), func(s spot) {
			if d := s.point.Sub(p.Vector).Norm2(); d <= limit {
				found = append(found, candidate{d, s.id})
			}
		})
		if len(found) < k && angle <= math.Pi {
			continue
		}
		slices.SortFunc(found, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
		near := make(neighbours, min(k, len(found)))
		for i := range near {
			near[i] = found[i].id
		}
		return near
	}
}

// chord2 returns the square of the straight distance that an angle spans.
func chord2(angle float64) float64 { return 2 - 2*math.Cos(min(angle, math.Pi)) }

// boxed counts the points of the R-tree in a box that a region holds.
func (w *geoWorld) boxed(box s2.Rect, holds func(s2.Point) bool) (n int) {
	eachBox(box, func(lo, hi [2]float64) {
		w.boxes.Search(lo, hi, func(_, _ [2]float64, s spot) bool {
			if holds(s.point) {
				n++
			}
			return true
		})
	})
	return n
}

// eachBox calls f for a box in degrees, for both parts of one that goes over the
// antimeridian.
func eachBox(box s2.Rect, f func(lo, hi [2]float64)) {
	const slack = 1e-9
	south, north := box.Lo().Lat.Degrees()-slack, box.Hi().Lat.Degrees()+slack
	west, east := box.Lo().Lng.Degrees()-slack, box.Hi().Lng.Degrees()+slack
	if west > east {
		f([2]float64{west, south}, [2]float64{180, north})
		west = -180
	}
	f([2]float64{west, south}, [2]float64{east, north})
}

// How an R-tree measures its points: as boxes, or by vectors, which it has to keep for that.
const (
	byBoxes   = false
	byVectors = true
)

// nearest returns the k nearest points of the R-tree.
func (w *geoWorld) nearest(p geo.Point, k int, vectors bool) (near neighbours) {
	v := vector(p)
	w.boxes.Nearby(func(lo, hi [2]float64, s spot, item bool) float64 {
		if item && vectors {
			return s.point.Sub(v.Vector).Norm2()
		}
		return boxDistance2(p, lo, hi)
	}, func(_, _ [2]float64, s spot, _ float64) bool {
		near = append(near, s.id)
		return len(near) < k
	})
	return near
}

// boxDistance2 returns the square of the straight distance from p to a box in degrees,
// or a little less. Outside of its meridians the nearest point of a box lies on one of
// them.
func boxDistance2(p geo.Point, lo, hi [2]float64) float64 {
	const degree = math.Pi / 180
	lat := p.Lat() * degree
	at, across := lat, 0.0
	if p.Lng() < lo[0] || p.Lng() > hi[0] {
		across = min(math.Mod(lo[0]-p.Lng()+360, 360), math.Mod(p.Lng()-hi[0]+360, 360)) * degree
		at = math.Atan2(math.Sin(lat), math.Cos(lat)*math.Cos(across))
	}
	at = max(lo[1]*degree, min(hi[1]*degree, at))
	up, side := math.Sin((at-lat)/2), math.Sin(across/2)
	return 4 * (up*up + math.Cos(lat)*math.Cos(at)*side*side) * (1 - 1e-12)
}

// vector returns p on the unit sphere.
func vector(p geo.Point) s2.Point { return s2.PointFromLatLng(s2.LatLngFromDegrees(p.Lat(), p.Lng())) }

// ringAround returns a closed ring of n corners, up to km from center.
func ringAround(center geo.Point, km float64, n int) geo.LineString {
	v := vector(center)
	east := v.Ortho()
	north := v.Cross(east).Normalize()
	var ring geo.LineString
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		r := km * 1000 / geo.EarthRadius * (0.7 + 0.3*float64(i%2))
		at := s2.LatLngFromPoint(s2.Point{Vector: v.Add(east.Mul(r * cos)).Add(north.Mul(r * sin)).Normalize()})
		ring = append(ring, geo.Point{at.Lng.Degrees(), at.Lat.Degrees()})
	}
	return append(ring, ring[0])
}

// polygonOf returns the polygon in a ring, as S2 has it.
func polygonOf(ring geo.LineString) *s2.Polygon {
	v := make([]s2.Point, len(ring)-1)
	for i, p := range ring[1:] {
		v[i] = vector(p)
	}
	loop := s2.LoopFromPoints(v)
	loop.Normalize()
	return s2.PolygonFromLoops([]*s2.Loop{loop})
}

// A fenceWorld is polygons of 10 vertices, 1 to 11 km across, in a database in memory
// with a geo index, in an R-tree of their boxes, and in an S2 index of their edges.
// There are 50,000 at an effort of 100, and as dense as that many are where a place lies in some four.
type fenceWorld struct {
	places *virga.Collection
	boxes  rtree.RTreeG[*s2.Polygon]
	edges  *s2.ContainsPointQuery
	spots  []geo.Point // places to ask about
}

var fences = sync.OnceValue(func() *fenceWorld {
	rnd := rand.New(rand.NewPCG(8, 8))
	n := min(50_000, trial.Times(500))
	side := 10 * math.Sqrt(float64(n)/50_000) // degrees
	somewhere := func() geo.Point { return geo.Point{100 + side*rnd.Float64(), 25 + side*rnd.Float64()} }
	w := &fenceWorld{}
	list := s2.NewShapeIndex()
	rings := make([]geo.Polygon, n)
	for i := range rings {
		ring := fenceAround(rnd, somewhere())
		rings[i] = geo.Polygon{ring}
		g := polygonOf(ring)
		eachBox(g.RectBound(), func(lo, hi [2]float64) { w.boxes.Insert(lo, hi, g) })
		list.Add(g)
	}
	list.Build()
	w.edges = s2.NewContainsPointQuery(list, s2.VertexModelClosed)
	w.places = stored(n, func(i int) geo.Geometry { return rings[i] })
	for range 10_007 {
		w.spots = append(w.spots, somewhere())
	}
	return w
})

// fenceAround returns a ring of 10 corners, more or less round.
func fenceAround(rnd *rand.Rand, center geo.Point) geo.LineString {
	v := vector(center)
	east := v.Ortho()
	north := v.Cross(east).Normalize()
	radius := (1 + 10*rnd.Float64()) * 1000 / geo.EarthRadius
	var ring geo.LineString
	for i := range 10 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / 10)
		r := radius * (0.75 + 0.25*rnd.Float64())
		at := s2.LatLngFromPoint(s2.Point{Vector: v.Add(east.Mul(r * cos)).Add(north.Mul(r * sin)).Normalize()})
		ring = append(ring, geo.Point{at.Lng.Degrees(), at.Lat.Degrees()})
	}
	return append(ring, ring[0])
}

// spot returns the place that the i-th question is about.
func (w *fenceWorld) spot(i int) geo.Point { return w.spots[i%len(w.spots)] }

// boxed counts the fences of which the box meets one, and that hold something.
func (w *fenceWorld) boxed(box s2.Rect, holds func(*s2.Polygon) bool) (n int) {
	eachBox(box, func(lo, hi [2]float64) {
		w.boxes.Search(lo, hi, func(_, _ [2]float64, g *s2.Polygon) bool {
			if holds(g) {
				n++
			}
			return true
		})
	})
	return n
}
