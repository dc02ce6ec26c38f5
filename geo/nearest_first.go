package geo

import (
	"bytes"
	"math"
	"math/bits"
	"slices"
)

// firsts are the nearest of the points that a search comes to, when it is known how many
// are wanted. Bounds of straight distances tell most of them from what is farther; the
// distance over the ground is measured of what is left.
type firsts struct {
	count int
	best  []float64 // what the straight distances of some count points are at most, squared: a heap, the greatest first
	far   float64   // a straight distance, squared, that none of the nearest is beyond
	room  int       // for so many points, then those that are too far are looked for
	order []uint64  // of points, about
}

// A candidate is a point that may be one of the nearest.
type candidate struct {
	least, most float64 // bounds of its straight distance, squared
	at          Point
	id          []byte
}

// straightRounding is far more than a straight distance, and what the distance over the
// ground makes of it, can be wrong by.
const straightRounding = 1e-12

// begin begins anew.
func (f *firsts) begin(count int) {
	f.count, f.best, f.far, f.room = count, f.best[:0], everywhere*everywhere, 2*count+manyNear
}

// add takes a point in, unless it is too far.
func (f *firsts) add(c *candidate) bool {
	if c.least > f.far {
		return false
	}
	switch {
	case len(f.best) < f.count:
		f.best = push(f.best, c.most, farther)
	case c.most < f.best[0]:
		replace(f.best, c.most, farther)
	default:
		return true
	}
	if len(f.best) == f.count {
		far := math.Sqrt(f.best[0]) + straightRounding
		f.far = far * far
	}
	return true
}

func farther(a, b float64) bool { return a > b }

// limit returns a straight distance that none of the nearest is beyond.
func (f *firsts) limit() float64 { return math.Sqrt(f.far) }

// clear removes from points, when they are many, those that are too far by now.
func (f *firsts) clear(points []candidate) []candidate {
	if len(points) > f.room {
		points = slices.DeleteFunc(points, func(c candidate) bool { return c.least > f.far })
		f.room = max(f.room, 2*len(points))
	}
	return points
}

// rank returns the nearest of the points that have been added, in order, and measures them when
// asked to.
func (f *firsts) rank(points []candidate, o *Origin, measure bool) []Hit {
	// What they are at least puts them in order but for a few, for much less than to compare
	// them: it is not negative, so that its bits rise with it.
	digits := bits.Len(uint(len(points)))
	number := func(x uint64) *candidate { return &points[x&(1<<digits-1)] }
	f.order = f.order[:0]
	for i := range points {
		if least := points[i].least; least <= f.far {
			f.order = append(f.order, math.Float64bits(max(0, least))>>digits<<digits|uint64(i))
		}
	}
	slices.Sort(f.order)
	slices.SortFunc(f.order, func(a, b uint64) int { return number(a).compare(number(b), o) })
	hits := make([]Hit, min(f.count, len(f.order)))
	for i := range hits {
		c := number(f.order[i])
		if hits[i].ID = c.id; measure {
			hits[i].Metres = c.metres(o)
		}
	}
	return hits
}

// compare orders candidates by their distance from o, then by their ids. Bounds that do not
// meet are much farther apart than distances are rounded.
func (c *candidate) compare(d *candidate, o *Origin) int {
	switch {
	case c.most < d.least:
		return -1
	case d.most < c.least:
		return 1
	case c.at == d.at:
		return bytes.Compare(c.id, d.id)
	}
	return Hit{c.id, c.metres(o)}.compare(Hit{d.id, d.metres(o)})
}

// hit returns the hit that c is.
func (c *candidate) hit(o *Origin) hit {
	v := c.at.vector()
	return hit{Hit{c.id, o.metres(v)}, v.Sub(o.vector.Vector).Norm2()}
}

func (c *candidate) metres(o *Origin) float64 { return o.metres(c.at.vector()) }
