package geo

import (
	"bytes"
	"math"
	"slices"

	"github.com/golang/geo/s2"
)

// firsts are the nearest of the points that a search comes to, when it is known how many
// are wanted. Straight distances tell them apart but for rounding; the distance over the
// ground is measured of them alone, not of what is dropped.
type firsts struct {
	count int
	best  []float64   // the straight distances, squared, of the nearest count: a heap, the farthest first
	far   float64     // a straight distance, squared, that none of them is beyond
	list  []candidate // the nearest, and some that are not any more
	order []ranked    // what is left of the answer, once it is complete
	done  bool
}

// A candidate is a point that may be one of the nearest.
type candidate struct {
	straight float64 // its straight distance, squared
	at       s2.Point
	id       []byte
}

// straightRounding is far more than a straight distance, and what the distance over the
// ground makes of it, can be wrong by.
const straightRounding = 1e-12

func newFirsts(count int) *firsts {
	room := min(count, 128)
	return &firsts{count: count, far: everywhere * everywhere, best: make([]float64, 0, room), list: make([]candidate, 0, room+manyNear)}
}

// add takes in a candidate.
func (f *firsts) add(c candidate) {
	if c.straight > f.far {
		return
	}
	if len(f.list) == cap(f.list) {
		f.clear()
	}
	f.list = append(f.list, c)
	switch {
	case len(f.best) < f.count:
		f.best = push(f.best, c.straight, farther)
	case c.straight < f.best[0]:
		_, f.best = pop(f.best, farther)
		f.best = push(f.best, c.straight, farther)
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
	f.list = slices.DeleteFunc(f.list, func(c candidate) bool { return c.straight > f.far })
}

// A ranked is a candidate by its number and the distance over the ground.
type ranked struct {
	metres float64
	number int32
}

// next returns the next hit, when all candidates have been added.
func (f *firsts) next(o *Origin) (h Hit, ok bool) {
	if !f.done {
		f.done = true
		f.rank(o)
	}
	if len(f.order) == 0 {
		return Hit{}, false
	}
	r := f.order[0]
	f.order = f.order[1:]
	return Hit{ID: f.list[r.number].id, Metres: r.metres}, true
}

// rank puts the nearest in order.
func (f *firsts) rank(o *Origin) {
	f.clear()
	f.order = make([]ranked, len(f.list))
	for i := range f.list {
		f.order[i] = ranked{o.metres(f.list[i].at), int32(i)}
	}
	slices.SortFunc(f.order, func(a, b ranked) int {
		switch {
		case a.metres < b.metres:
			return -1
		case a.metres > b.metres:
			return 1
		}
		return bytes.Compare(f.list[a.number].id, f.list[b.number].id)
	})
	f.order = f.order[:min(f.count, len(f.order))]
}

// A span is the distances, in metres, that a search returns.
type span struct {
	min, max float64
	from, to float64 // straight distances, squared, that are surely within
}

func newSpan(least, most float64) span {
	b := span{min: least, max: most, to: everywhere * everywhere}
	if least > 0 {
		b.from = straightOf(least) + straightRounding
		b.from *= b.from
	}
	if most < math.Pi*EarthRadius {
		b.to = max(0, straightOf(most)-straightRounding)
		b.to *= b.to
	}
	return b
}

// straightOf returns the straight distance that goes with one over the ground.
func straightOf(metres float64) float64 { return 2 * math.Sin(min(metres/EarthRadius, math.Pi)/2) }

// boundRounding is the error, in metres, that computed distances may have; what is
// out of bounds by less is within.
const boundRounding = 3e-8

// hold reports whether a distance is in bounds.
func (b *span) hold(metres float64) bool {
	return metres >= b.min-boundRounding && metres <= b.max+boundRounding
}

// surely reports whether a straight distance, squared, is in bounds without a doubt.
func (b *span) surely(straight float64) bool { return b.from <= straight && straight <= b.to }
