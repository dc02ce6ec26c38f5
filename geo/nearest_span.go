package geo

import "math"

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

// surely reports whether a straight distance with these bounds, squared, is in bounds without
// a doubt.
func (b *span) surely(least, most float64) bool { return b.from <= least && most <= b.to }
