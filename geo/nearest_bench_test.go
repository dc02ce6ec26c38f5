//go:build cgo

package geo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// counted counts how a search moves through entries.
type counted struct {
	held
	seeks, entries int
}

func (c *counted) Seek(key uint64) bool { c.seeks++; c.entries++; return c.held.Seek(key) }
func (c *counted) Next() bool           { c.entries++; return c.held.Next() }

// BenchmarkNearest finds the nearest of points all over the Earth.
func BenchmarkNearest(b *testing.B) {
	const points = 300_000
	rnd := rand.New(rand.NewPCG(7, 7))
	h := &held{}
	for range points {
		h.add(b, Point{360*rnd.Float64() - 180, math.Asin(2*rnd.Float64()-1) * 180 / math.Pi})
	}
	h.sort()
	for _, k := range []int{10, 100} {
		b.Run(fmt.Sprintf("k=%d", k), func(b *testing.B) {
			b.ReportAllocs()
			c := &counted{held: held{list: h.list}}
			for b.Loop() {
				o, err := NewOrigin(h.list[rnd.IntN(points)].point)
				if err != nil {
					b.Fatal(err)
				}
				search := o.Search(NearSearch{Points: c, Total: points, Max: math.Inf(1), Count: k})
				for range k {
					if _, ok, err := search.Next(); !ok || err != nil {
						b.Fatal(ok, err)
					}
				}
			}
			b.ReportMetric(float64(c.seeks)/float64(b.N), "seeks/op")
			b.ReportMetric(float64(c.entries)/float64(b.N), "entries/op")
		})
	}
}
