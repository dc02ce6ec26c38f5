//go:build cgo

package peers

import (
	"fmt"
	"math"
	"testing"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/query"
)

// A geoRival answers questions, by number, with a number that all have to give.
type geoRival struct {
	name string
	ask  func(i int) (float64, error)
}

// geoTurns lets the rivals answer the same questions in turns, ours first, once it is
// known that they agree.
func geoTurns(b *testing.B, all ...geoRival) {
	b.Helper()
	for i := range 30 {
		want, err := all[0].ask(i)
		for _, r := range all[1:] {
			got, failed := r.ask(i)
			if err != nil || failed != nil {
				b.Fatal(err, failed)
			}
			if math.Abs(got-want) > 1e-9*math.Abs(want) {
				b.Fatalf("question %d: %s says %v, %s says %v", i, r.name, got, all[0].name, want)
			}
		}
	}
	list := make([]contestant, len(all))
	for i, r := range all {
		list[i] = contestant{r.name, geoPeer{ask: r.ask}}
	}
	turns(b, list, func(p peer, i int) error {
		_, err := p.(geoPeer).ask(i)
		return err
	})
}

// A geoPeer is a geoRival among peers.
type geoPeer struct {
	peer
	ask func(i int) (float64, error)
}

// eachWorld runs f on points all over the Earth and on those in towns.
func eachWorld(b *testing.B, f func(b *testing.B, w *geoWorld)) {
	for _, name := range []string{"uniform", "clustered"} {
		b.Run(name, func(b *testing.B) { f(b, geoWorlds[name]()) })
	}
}

// BenchmarkGeoNear asks for the nearest documents, and for their ids alone, which need no
// documents. The rivals find points alone.
func BenchmarkGeoNear(b *testing.B) {
	for _, k := range []int{10, 100} {
		b.Run(fmt.Sprintf("k=%d", k), func(b *testing.B) {
			eachWorld(b, func(b *testing.B, w *geoWorld) {
				geoTurns(b,
					geoRival{"virga", func(i int) (float64, error) { return w.virgaNear(w.place(i), k, nil) }},
					geoRival{"virga-ids", func(i int) (float64, error) { return w.virgaNear(w.place(i), k, virga.M{"_id": true}) }},
					geoRival{"s2", func(i int) (float64, error) { return sum(w.near(vector(w.place(i)), k)), nil }},
					geoRival{"rtree", func(i int) (float64, error) { return sum(w.nearest(w.place(i), k)), nil }},
				)
			})
		})
	}
}

// virgaNear returns the sum of the squared distances of the nearest documents, of which
// it reads the fields, nil for all of them.
func (w *geoWorld) virgaNear(p geo.Point, k int, fields virga.M) (float64, error) {
	q := w.places.Where(virga.M{"at": query.GeoNear(p)}).Limit(k)
	if fields != nil {
		q = q.Field(fields)
	}
	docs, err := q.Get(background)
	v, all := vector(p), 0.0
	for _, d := range docs {
		id, _ := d.Lookup("_id").Int64()
		all += vector(w.points[id]).Sub(v.Vector).Norm2()
	}
	return all, err
}

func sum(list []float64) (all float64) {
	for _, d := range list {
		all += d
	}
	return all
}

// counted is an answer that is a count.
func counted(n int) (float64, error) { return float64(n), nil }

// count counts the documents of a collection for which cond holds.
func count(c *virga.Collection, cond any) (float64, error) {
	n, err := c.Where(virga.M{"at": cond}).Count(background)
	return float64(n), err
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
				geoTurns(b,
					geoRival{"virga", func(i int) (float64, error) {
						return count(w.places, query.GeoWithin(geo.Circle{Center: w.place(i), Radius: km * 1000}))
					}},
					geoRival{"s2", func(i int) (float64, error) { return counted(w.within(circle(i))) }},
					geoRival{"rtree", func(i int) (float64, error) {
						region, holds := circle(i)
						return counted(w.boxed(region.RectBound(), holds))
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
					geoTurns(b,
						geoRival{"virga", func(i int) (float64, error) { return count(w.places, query.GeoWithin(geo.Polygon{ring(i)})) }},
						geoRival{"s2", func(i int) (float64, error) {
							g := polygonOf(ring(i))
							return counted(w.within(g, g.ContainsPoint))
						}},
						geoRival{"rtree", func(i int) (float64, error) {
							g := polygonOf(ring(i))
							return counted(w.boxed(g.RectBound(), g.ContainsPoint))
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
	geoTurns(b,
		geoRival{"virga", func(i int) (float64, error) { return count(w.places, ours(i)) }},
		geoRival{"rtree", func(i int) (float64, error) {
			p := vector(w.spot(i))
			box := s2.RectFromLatLng(s2.LatLngFromPoint(p))
			return counted(w.boxed(box, func(g *s2.Polygon) bool { return g.ContainsPoint(p) }))
		}},
		geoRival{"s2", func(i int) (float64, error) { return counted(len(w.edges.ContainingShapes(vector(w.spot(i))))) }},
	)
	w.reportCandidates(b, ours)
}

// BenchmarkGeoFenceMeets asks which polygons have something in common with another.
func BenchmarkGeoFenceMeets(b *testing.B) {
	w := fences()
	ring := func(i int) geo.LineString { return ringAround(w.spot(i), 1+float64(i%11), 10) }
	ours := func(i int) query.Condition { return query.GeoIntersects(geo.Polygon{ring(i)}) }
	geoTurns(b,
		geoRival{"virga", func(i int) (float64, error) { return count(w.places, ours(i)) }},
		geoRival{"rtree", func(i int) (float64, error) {
			g := polygonOf(ring(i))
			return counted(w.boxed(g.RectBound(), g.Intersects))
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
