//go:build cgo

package peers

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/query"
)

// A geoRival answers questions, by number.
type geoRival[A any] struct {
	name string
	ask  func(i int) (A, error)
}

// A geoPeer is a geoRival among peers.
type geoPeer struct {
	peer
	ask func(i int) error
}

// geoTurns lets the rivals answer the same questions in turns, ours first, once it is
// known that the others' answers are like ours. It reports the ratios to the others of
// the one named h3, too: what the search alone costs beside theirs.
func geoTurns[A any](b *testing.B, alike func(i int, ours, theirs A) bool, all ...geoRival[A]) {
	b.Helper()
	for i := range 30 {
		ours, err := all[0].ask(i)
		for _, r := range all[1:] {
			theirs, failed := r.ask(i)
			if err != nil || failed != nil {
				b.Fatal(err, failed)
			}
			if !alike(i, ours, theirs) {
				b.Fatalf("question %d: %s says %v, %s says %v", i, r.name, theirs, all[0].name, ours)
			}
		}
	}
	list := make([]contestant, len(all))
	for i, r := range all {
		list[i] = contestant{r.name, geoPeer{ask: func(i int) error {
			_, err := r.ask(i)
			return err
		}}}
	}
	took := inTurns(b, list, func(p peer, i int) error { return p.(geoPeer).ask(i) })
	report(b, list, took)
	for i, r := range all {
		if r.name == "h3" {
			for j, other := range all[i+1:] {
				b.ReportMetric(ratio(took[i], took[i+1+j]), "h3-x-"+other.name)
			}
		}
	}
}

// asMany reports whether two counts are alike.
func asMany(_ int, ours, theirs int) bool { return ours == theirs }

// eachWorld runs f on points all over the Earth and on those in towns.
func eachWorld(b *testing.B, f func(b *testing.B, w *geoWorld)) {
	for _, name := range []string{"uniform", "clustered"} {
		b.Run(name, func(b *testing.B) { f(b, geoWorlds[name]()) })
	}
}

// BenchmarkGeoNear asks for the nearest documents, and for their ids alone, which need no
// documents. The rivals answer with ids, too: an R-tree that measures points as it measures
// boxes, with their distance over the ground, and one that has been given vectors for them.
func BenchmarkGeoNear(b *testing.B) {
	for _, k := range []int{10, 100} {
		b.Run(fmt.Sprintf("k=%d", k), func(b *testing.B) {
			eachWorld(b, func(b *testing.B, w *geoWorld) {
				geoTurns(b, w.asNear,
					geoRival[ranking]{"virga", func(i int) (ranking, error) { return w.virgaNear(w.place(i), k, nil) }},
					geoRival[ranking]{"virga-ids", func(i int) (ranking, error) { return w.virgaNear(w.place(i), k, virga.M{"_id": true}) }},
					geoRival[ranking]{"h3", func(i int) (ranking, error) { return w.cells.near(w.place(i), k) }},
					geoRival[ranking]{"s2", func(i int) (ranking, error) { return w.near(w.place(i), k), nil }},
					geoRival[ranking]{"rtree", func(i int) (ranking, error) { return w.nearest(w.place(i), k, byBoxes), nil }},
					geoRival[ranking]{"rtree-vectors", func(i int) (ranking, error) { return w.nearest(w.place(i), k, byVectors), nil }},
				)
			})
		})
	}
}

// A ranking is what is found, the nearest first.
type ranking interface{ ids() []int }

// neighbours are a ranking of numbers of points.
type neighbours []int

func (n neighbours) ids() []int { return n }

// documents are a ranking of documents.
type documents []virga.Doc

func (d documents) ids() []int {
	ids := make([]int, len(d))
	for i := range d {
		id, _ := d[i].Lookup("_id").Int64()
		ids[i] = int(id)
	}
	return ids
}

// virgaNear returns the nearest documents with the fields given, nil for all of them.
func (w *geoWorld) virgaNear(p geo.Point, k int, fields virga.M) (documents, error) {
	q := w.places.Where(virga.M{"at": query.GeoNear(p)}).Limit(k)
	if fields != nil {
		q = q.Field(fields)
	}
	return q.Get(background)
}

// asNear reports whether two rankings of question i name the same points, but for those
// at the same distance.
func (w *geoWorld) asNear(i int, ours, theirs ranking) bool {
	p := vector(w.place(i))
	distance := func(id int) float64 { return vector(w.points[id]).Sub(p.Vector).Norm2() }
	return slices.EqualFunc(ours.ids(), theirs.ids(), func(a, b int) bool {
		return a == b || math.Abs(distance(a)-distance(b)) <= 1e-9*distance(a)
	})
}

// count counts the documents of a collection for which cond holds.
func count(c *virga.Collection, cond any) (int, error) {
	n, err := c.Where(virga.M{"at": cond}).Count(background)
	return int(n), err
}

// BenchmarkGeoCircle counts the points in circles.
func BenchmarkGeoCircle(b *testing.B) {
	for _, km := range []float64{1, 10, 100} {
		b.Run(fmt.Sprintf("km=%v", km), func(b *testing.B) {
			eachWorld(b, func(b *testing.B, w *geoWorld) {
				angle := km * 1000 / geo.EarthRadius
				limit := chord2(angle)
				circle := func(i int) (s2.Cap, func(s2.Point) bool) {
					p := vector(w.place(i))
					return s2.CapFromCenterAngle(p, s1.Angle(angle)), func(q s2.Point) bool { return q.Sub(p.Vector).Norm2() <= limit }
				}
				geoTurns(b, asMany,
					geoRival[int]{"virga", func(i int) (int, error) {
						return count(w.places, query.GeoWithin(geo.Circle{Center: w.place(i), Radius: km * 1000}))
					}},
					geoRival[int]{"h3", func(i int) (int, error) {
						return w.cells.count(geo.NewArea(geo.Circle{Center: w.place(i), Radius: km * 1000}))
					}},
					geoRival[int]{"s2", func(i int) (int, error) { return w.within(circle(i)), nil }},
					geoRival[int]{"rtree", func(i int) (int, error) {
						region, holds := circle(i)
						return w.boxed(region.RectBound(), holds), nil
					}},
				)
			})
		})
	}
}

// BenchmarkGeoPolygon counts the points in polygons.
func BenchmarkGeoPolygon(b *testing.B) {
	for _, vertices := range []int{10, 200} {
		for _, km := range []float64{10, 100} {
			b.Run(fmt.Sprintf("vertices=%d/km=%v", vertices, km), func(b *testing.B) {
				eachWorld(b, func(b *testing.B, w *geoWorld) {
					ring := func(i int) geo.LineString { return ringAround(w.place(i), km, vertices) }
					geoTurns(b, asMany,
						geoRival[int]{"virga", func(i int) (int, error) { return count(w.places, query.GeoWithin(geo.Polygon{ring(i)})) }},
						geoRival[int]{"h3", func(i int) (int, error) { return w.cells.count(geo.NewArea(geo.Polygon{ring(i)})) }},
						geoRival[int]{"s2", func(i int) (int, error) {
							g := polygonOf(ring(i))
							return w.within(g, g.ContainsPoint), nil
						}},
						geoRival[int]{"rtree", func(i int) (int, error) {
							g := polygonOf(ring(i))
							return w.boxed(g.RectBound(), g.ContainsPoint), nil
						}},
					)
				})
			})
		}
	}
}

// BenchmarkGeoFence asks which polygons hold a point, and tells how many documents were
// looked at for each that does. The rivals have their polygons ready in memory.
func BenchmarkGeoFence(b *testing.B) {
	w := fences()
	ours := func(i int) query.Condition { return query.GeoIntersects(w.spot(i)) }
	geoTurns(b, asMany,
		geoRival[int]{"virga", func(i int) (int, error) { return count(w.places, ours(i)) }},
		geoRival[int]{"rtree", func(i int) (int, error) {
			p := vector(w.spot(i))
			box := s2.RectFromLatLng(s2.LatLngFromPoint(p))
			return w.boxed(box, func(g *s2.Polygon) bool { return g.ContainsPoint(p) }), nil
		}},
		geoRival[int]{"s2", func(i int) (int, error) { return len(w.edges.ContainingShapes(vector(w.spot(i)))), nil }},
	)
	w.reportCandidates(b, ours)
}

// BenchmarkGeoFenceMeets asks which polygons have something in common with another.
func BenchmarkGeoFenceMeets(b *testing.B) {
	w := fences()
	ring := func(i int) geo.LineString { return ringAround(w.spot(i), 1+float64(i%11), 10) }
	ours := func(i int) query.Condition { return query.GeoIntersects(geo.Polygon{ring(i)}) }
	geoTurns(b, asMany,
		geoRival[int]{"virga", func(i int) (int, error) { return count(w.places, ours(i)) }},
		geoRival[int]{"rtree", func(i int) (int, error) {
			g := polygonOf(ring(i))
			return w.boxed(g.RectBound(), g.Intersects), nil
		}},
	)
	w.reportCandidates(b, ours)
}

// reportCandidates tells how many documents are looked at for each that is found.
func (w *fenceWorld) reportCandidates(b *testing.B, cond func(i int) query.Condition) {
	var looked, found int64
	for i := range 500 {
		e, err := w.places.Where(virga.M{"at": cond(i)}).ExplainCount(background)
		if err != nil {
			b.Fatal(err)
		}
		looked += e.DocsExamined
		found += e.Returned
	}
	b.ReportMetric(float64(looked)/float64(max(found, 1)), "candidates/hit")
	b.ReportMetric(float64(found)/500, "hits/op")
}
