package geo

import (
	"math"
	"slices"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// A ring is a closed chain and what is inside of it: the smaller side, which lies
// on the left. It is immutable.
type ring struct {
	chain
	originInside bool // s2.OriginPoint is inside
}

// newRing returns the ring through the points of l, which is closed. A ring that
// crosses itself, or comes twice by one point, has no inside.
func newRing(l LineString) (*ring, error) {
	v := vectors(l)
	if err := checkEdges(l, v); err != nil {
		return nil, err
	}
	if len(v) < 4 {
		return nil, invalid("a ring needs 3 different points, this one has %d", len(v)-1)
	}
	if err := checkDistinct(l, v); err != nil {
		return nil, err
	}
	r := &ring{chain: newChain(v)}
	if i, j, crosses := r.crossing(); crosses {
		return nil, invalid("the ring crosses itself: the edge from point %d and the edge from point %d", place(l, i), place(l, j))
	}
	if turning(v) < 0 {
		slices.Reverse(v)
		r.chain = newChain(v)
	}
	// Count as if the origin were outside, then look at a vertex to know better.
	r.originInside = s2.AngleContainsVertex(v[0], v[1], v[2]) != r.inside(v[1])
	return r, nil
}

// checkDistinct refuses a ring that comes by one of its vertices v again before it
// is closed.
func checkDistinct(l LineString, v []s2.Point) error {
	seen := make(map[s2.Point]struct{}, len(v))
	for _, p := range v[1:] {
		seen[p] = struct{}{}
	}
	if len(seen) == len(v)-1 {
		return nil
	}
	clear(seen)
	for i := 1; i < len(l); i++ {
		p := l[i].vector()
		if _, again := seen[p]; again && p != l[i-1].vector() {
			return at("point", i, invalid("the ring comes by [%v, %v] twice", l[i].Lng(), l[i].Lat()))
		}
		seen[p] = struct{}{}
	}
	return nil
}

// turning returns the sum of the turns to the left along a closed chain: 2π less
// the area on its left, and hence negative where that is the larger side.
func turning(v []s2.Point) float64 {
	last := v[len(v)-2]
	sum := 0.0
	for i := range len(v) - 1 {
		sum += float64(s2.TurnAngle(last, v[i], v[i+1]))
		last = v[i]
	}
	if math.Abs(sum) < 1e-14*float64(len(v)) {
		return 0 // both sides are half the sphere: the ring says which by its way round
	}
	return sum
}

// crossing returns two edges that cross, by the vertices they start at, if any do.
func (r *ring) crossing() (a, b int, crosses bool) {
	for i, ball := range r.balls {
		for j := i; j < len(r.balls); j++ {
			if ball.apart(r.balls[j]) {
				continue
			}
			if a, b, crosses := runsCross(r.run(i), r.run(j)); crosses {
				return i*stretch + a, j*stretch + b, true
			}
		}
	}
	return 0, 0, false
}

// runsCross returns an edge of v and one of w that cross inside of both, by the
// vertices they start at, if any do.
func runsCross(v, w []s2.Point) (a, b int, cross bool) {
	for i := 1; i < len(v); i++ {
		edge := newWay(v[i-1], v[i])
		side := edge.clear(w[0])
		for j := 1; j < len(w); j++ {
			next := edge.clear(w[j])
			if (side == 0 || next != side) && edge.cuts(w[j-1], w[j]) {
				return i - 1, j - 1, true
			}
			side = next
		}
	}
	return 0, 0, false
}

// place returns where in l the vertex with number i is, counted without repetitions.
func place(l LineString, i int) int {
	for k := 1; k < len(l); k++ {
		if i == 0 {
			return k - 1
		}
		if l[k].vector() != l[k-1].vector() {
			i--
		}
	}
	return len(l) - 1
}

// inside reports whether p is inside the ring. Of points on an edge some are and
// some are not, so that rings side by side share none; see [chain.at].
func (r *ring) inside(p s2.Point) bool {
	if d := p.Sub(r.bound.center).Norm(); d > r.bound.radius {
		return false // the inside is no more than half the sphere, and so within the ball
	}
	in := r.originInside
	w := newWay(s2.OriginPoint(), p)
	flat := w.plane.Norm()
	for i, b := range r.balls {
		// Only edges that come near to the plane can cross the way.
		if math.Abs(w.plane.Dot(b.center)) > (b.radius+1e-14)*flat+1e-15 {
			continue
		}
		run := r.run(i)
		side := w.side(run[0])
		for j := 1; j < len(run); j++ {
			next := w.side(run[j])
			if next != side && w.passes(run[j-1], run[j], side) {
				in = !in
			}
			side = next
		}
	}
	return in
}

// within returns a point inside the ring and away from its edges, if there is one:
// halfway from the middle of an edge to what is opposite.
func (r *ring) within() (s2.Point, bool) {
	for i := 1; i < len(r.v); i++ {
		a, b := r.v[i-1], r.v[i]
		middle := s2.Interpolate(0.5, a, b)
		left := s2.Point{Vector: a.PointCross(b).Normalize()}
		across := s1.Angle(math.Pi / 2) // no edge is opposite to one that goes round half the sphere
		for j := 1; j < len(r.v); j++ {
			c, d := r.v[j-1], r.v[j]
			if j != i && s2.CrossingSign(middle, left, c, d) == s2.Cross {
				across = min(across, middle.Distance(s2.Intersection(middle, left, c, d)))
			}
		}
		p := s2.InterpolateAtDistance(across/2, middle, left)
		if r.inside(p) && !r.at(p) {
			return p, true
		}
	}
	return s2.Point{}, false
}
