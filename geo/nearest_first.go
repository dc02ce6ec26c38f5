package geo

import (
	"math"
	"math/bits"
	"slices"
)

// firsts are the nearest of the points that a search comes to, when it is known how many
// are wanted. Bounds of straight distances tell most of them from what is farther; the
// distance over the ground is measured of what is left.
type firsts struct {
	count int
	best  []float64   // what the straight distances of some count points are at most, squared: a heap, the greatest first
	far   float64     // a straight distance, squared, that none of the nearest is beyond
	list  []candidate // the nearest, and some that are not any more
	order []uint64    // of list, about
}

// A candidate is a point that may be one of the nearest.
type candidate struct {
	least, most float64 // bounds of its straight distance, squared, but for straightRounding
	at          Point
	id          []byte
}

// straightRounding is far more than a straight distance, and what the distance over the
// ground makes of it, can be wrong by.
const straightRounding = 1e-12

// begin begins anew.
func (f *firsts) begin(count int) {
	f.count, f.far = count, everywhere*everywhere
	f.best, f.list = f.best[:0], slices.Grow(f.list[:0], 2*min(count, 128)+manyNear)
}

// add takes in a candidate.
func (f *firsts) add(c *candidate) {
	if c.least > f.far {
		return
	}
	if len(f.list) == cap(f.list) {
		f.clear()
	}
	f.list = append(f.list, *c)
	switch {
	case len(f.best) < f.count:
		f.best = push(f.best, c.most, farther)
	case c.most < f.best[0]:
		replace(f.best, c.most, farther)
	default:
		return
	}
	if len(f.best) == f.count {
		far := math.Sqrt(f.best[0]) + straightRounding
		f.far = far * far
	}
}

func farther(a, b float64) bool { return a > b }

// limit returns a straight distance that none of the nearest is beyond.
func (f *firsts) limit() float64 { return math.Sqrt(f.far) }

// clear removes what is not among the nearest any more.
func (f *firsts) clear() {
	f.list = slices.DeleteFunc(f.list, func(c candidate) bool { return c.least > f.far })
}

// rank returns the nearest in order, when all candidates have been added.
func (f *firsts) rank(o *Origin) []Hit {
	// What they are at least puts them in order but for a few, for much less than to compare
	// hits: it is not negative, so that its bits rise with it.
	digits := bits.Len(uint(len(f.list)))
	f.order = f.order[:0]
	for i := range f.list {
		if least := f.list[i].least; least <= f.far {
			f.order = append(f.order, math.Float64bits(max(0, least))>>digits<<digits|uint64(i))
		}
	}
	slices.Sort(f.order)
	hits := make([]Hit, len(f.order))
	for i, x := range f.order {
		c := &f.list[x&(1<<digits-1)]
		hits[i] = Hit{c.id, o.metres(c.at.vector())}
	}
	slices.SortFunc(hits, Hit.compare)
	return hits[:min(f.count, len(hits))]
}
