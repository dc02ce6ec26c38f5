//go:build cgo

package bench

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/golang/geo/s2"
	"github.com/google/btree"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/trial"
)

// geoPoints is the number of points of the geo benchmarks: a million at an effort of
// 100, as the targets say.
func geoPoints() int { return min(1_000_000, trial.Times(10_000)) }

// A geoWorld is points in a database in memory with a geo index. What searches take is
// measured in bench/peers, beside S2 and an R-tree.
type geoWorld struct {
	points []geo.Point
	places *virga.Collection
}

type s2Entry struct {
	cell  s2.CellID
	point s2.Point
	id    int
}

func (a s2Entry) before(b s2Entry) bool { return a.cell < b.cell || a.cell == b.cell && a.id < b.id }

// geoWorlds are made once: points all over the Earth, and points in towns.
var geoWorlds = map[string]func() *geoWorld{
	"uniform":   sync.OnceValue(func() *geoWorld { return newGeoWorld(Anywhere) }),
	"clustered": sync.OnceValue(func() *geoWorld { return newGeoWorld(InTowns()) }),
}

func newGeoWorld(at func(*rand.Rand) geo.Point) *geoWorld {
	rnd := rand.New(rand.NewPCG(7, 7))
	w := &geoWorld{}
	db, err := virga.Open(virga.Memory)
	if err != nil {
		panic(err)
	}
	w.places = db.Collection("places")
	var batch []virga.D
	for i := range geoPoints() {
		p := at(rnd)
		w.points = append(w.points, p)
		if batch = append(batch, virga.D{{"_id", i}, {"at", p}}); len(batch) == 5000 || i == geoPoints()-1 {
			if _, err := w.places.AddMany(background, batch); err != nil {
				panic(err)
			}
			batch = batch[:0]
		}
	}
	if err := w.places.CreateIndex(background, index.Spec{Geo: "at"}); err != nil {
		panic(err)
	}
	return w
}

// vector returns the point of the S2 index at p.
func vector(p geo.Point) s2.Point { return s2.PointFromLatLng(s2.LatLngFromDegrees(p.Lat(), p.Lng())) }

// place returns the place that the i-th query asks about: a stored point.
func (w *geoWorld) place(i int) geo.Point { return w.points[i*7919%len(w.points)] }

// eachWorld runs f on points all over the Earth and on those in towns.
func eachWorld(b *testing.B, f func(b *testing.B, w *geoWorld)) {
	for _, name := range []string{"uniform", "clustered"} {
		b.Run(name, func(b *testing.B) { f(b, geoWorlds[name]()) })
	}
}

// asks returns the runner of queries, by number.
func asks(query func(i int) (int64, error)) runner {
	var next, found int64
	return func(t *watch, n int) error {
		t.Start()
		defer t.Stop()
		for range n {
			next++
			got, err := query(int(next))
			if err != nil {
				return err
			}
			found += got
		}
		return nil
	}
}

// BenchmarkGeoBucket counts all points by cells of resolution 2.
func BenchmarkGeoBucket(b *testing.B) {
	eachWorld(b, func(b *testing.B, w *geoWorld) {
		b.ReportAllocs()
		began := cpuTime()
		for b.Loop() {
			if _, err := w.places.Aggregate().H3Bucket("at", 2).All(background); err != nil {
				b.Fatal(err)
			}
		}
		points := float64(b.N) * float64(len(w.points))
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/points, "ns/point")
		b.ReportMetric(float64((cpuTime()-began).Nanoseconds())/points, "cpu-ns/point")
	})
}

// BenchmarkGeoEntry makes what the indexes have of a point.
func BenchmarkGeoEntry(b *testing.B) {
	w := geoWorlds["uniform"]()
	contest(b, 1000, asks(func(i int) (int64, error) {
		_, err := geo.CellOf(w.place(i), geo.MaxResolution)
		return 1, err
	}), floor{"s2", asks(func(i int) (int64, error) {
		p := w.place(i)
		return int64(s2.CellIDFromLatLng(s2.LatLngFromDegrees(p.Lat(), p.Lng()))) & 1, nil
	})})
}

// BenchmarkGeoInsert adds documents with a point one by one to a collection in memory
// with a geo index. The floors are to add them without one, and to make an S2 cell of
// the point and put it into a B-tree beside that.
func BenchmarkGeoInsert(b *testing.B) {
	w := geoWorlds["uniform"]()
	adds := func(specs ...index.Spec) func(i int) error {
		db, err := virga.Open(virga.Memory)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { db.Close() })
		c := db.Collection("places")
		if err := c.CreateIndexes(background, specs, nil); err != nil {
			b.Fatal(err)
		}
		return func(i int) error {
			_, err := c.Add(background, virga.D{{"_id", i}, {"at", w.place(i)}})
			return err
		}
	}
	beside := adds()
	cells := btree.NewG(64, s2Entry.before)
	contest(b, 200, each(adds(index.Spec{Geo: "at"})), floor{"plain", each(adds())}, floor{"s2", each(func(i int) error {
		p := w.place(i)
		cells.ReplaceOrInsert(s2Entry{s2.CellIDFromLatLng(s2.LatLngFromDegrees(p.Lat(), p.Lng())), vector(p), i})
		return beside(i)
	})})
}
