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
// crosses itself, or comes twice by one point, has no inside; unless rules are strict
// it is made all the same.
func newRing(l LineString, rules rigor) (*ring, error) {
	v := vectors(l)
	if err := checkEdges(l, v); err != nil {
		return nil, err
	}
	if len(v) < 4 {
		return nil, invalid("a ring needs 3 different points, this one has %d", len(v)-1)
	}
	r := &ring{chain: newChain(v)}
	if rules == strict {
		if err := r.check(l); err != nil {
			return nil, err
		}
	}
	if r.turning() < 0 {
		slices.Reverse(v)
		if len(r.balls) > 1 {
			r.chain = newChain(v)
		}
	}
	// Count as if the origin were outside, then look at a vertex to know better.
	r.originInside = s2.AngleContainsVertex(v[0], v[1], v[2]) != r.inside(v[1])
	return r, nil
}

// check refuses a ring, made of l, that crosses itself or comes twice by one point.
func (r *ring) check(l LineString) error {
	if err := checkDistinct(l, r.v); err != nil {
		return err
	}
	if i, j, crosses := r.crossing(); crosses {
		return invalid("the ring crosses itself: the edge from point %d and the edge from point %d", place(l, i), place(l, j))
	}
	return nil
}

// checkDistinct refuses a ring that comes by one of its vertices v again before it
// is closed.
func checkDistinct(l LineString, v []s2.Point) error {
	if distinct(v[1:]) {
		return nil
	}
	seen := make(map[s2.Point]struct{}, len(v))
	for i := 1; i < len(l); i++ {
		p := l[i].vector()
		if _, again := seen[p]; again && p != l[i-1].vector() {
			return at("point", i, invalid("the ring comes by [%v, %v] twice", l[i].Lng(), l[i].Lat()))
		}
		seen[p] = struct{}{}
	}
	return nil
}

// distinct reports whether no two of points are the same.
func distinct(points []s2.Point) bool {
	const few = 32 // for more of them a map is faster than to compare all
	if len(points) > few {
		seen := make(map[s2.Point]struct{}, len(points))
		for _, p := range points {
			seen[p] = struct{}{}
		}
		return len(seen) == len(points)
	}
	for i, p := range points {
		if slices.Contains(points[:i], p) {
			return false
		}
	}
	return true
}

// turning returns a number that is negative where what lies on the left of a closed
// chain is the larger side of it.
func (r *ring) turning() float64 {
	if r.bound.radius < 1 {
		if area := r.flat(); math.Abs(area) > 1e-14*float64(len(r.v))*r.bound.radius {
			return area
		}
	}
	return turning(r.v)
}

// flat returns twice the area on the left of a ring that is projected, from the Earth's
// centre, onto the plane that touches the middle of its ball: edges become straight, and
// the smaller side what is inside. It is off by 1e-15 of the ball's radius for each vertex.
func (r *ring) flat() float64 {
	c := r.bound.center
	last := r.v[0].Mul(1 / r.v[0].Dot(c)).Sub(c)
	sum := 0.0
	for _, p := range r.v[1:] {
		next := p.Mul(1 / p.Dot(c)).Sub(c)
		sum += last.Cross(next).Dot(c)
		last = next
	}
	return sum
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
			after := 0
			if i == j {
				after = 2 // edges that follow one another do not cross
			}
			if a, b, crosses := runsCross(r.run(i), r.run(j), after); crosses {
				return i*stretch + a, j*stretch + b, true
			}
		}
	}
	return 0, 0, false
}

// runsCross returns an edge of v and one of w that cross inside of both, by the
// vertices they start at, if any do. Where v is w, each pair of edges needs one look:
// only those of w are held against an edge of v that are at least after edges behind it;
// otherwise after is 0.
func runsCross(v, w []s2.Point, after int) (a, b int, cross bool) {
	for i := 1; i < len(v); i++ {
		first := 1
		if after > 0 {
			if first = i + after; first >= len(w) {
				break
			}
		}
		edge := newWay(v[i-1], v[i])
		side := edge.clear(w[first-1])
		for j := first; j < len(w); j++ {
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
