package geo

import (
	"github.com/golang/geo/r3"
	"github.com/golang/geo/s2"
)

// A way is an edge that others are held against. It answers what [s2.EdgeCrosser]
// does, as exactly, without allocating, and sooner where they are far apart.
type way struct {
	from, to s2.Point
	plane    r3.Vector // through both and the Earth's centre: its normal
	margin   float64   // what a product with plane is beyond for points that do not touch the plane
}

func newWay(from, to s2.Point) way {
	w := way{from: from, to: to, plane: from.Cross(to.Vector)}
	w.margin = tolerance*w.plane.Norm() + 2*signError
	return w
}

// signError is the most that the product of three unit vectors may be off by:
// s2's maxDeterminantError.
const signError = 1.8274 * 2.220446049250313e-16

// side returns on which side of the plane q is, in the exact way of [s2.RobustSign];
// 0 for the ends of the way.
func (w *way) side(q s2.Point) s2.Direction {
	switch d := w.plane.Dot(q.Vector); {
	case d > signError:
		return s2.CounterClockwise
	case d < -signError:
		return s2.Clockwise
	}
	return s2.RobustSign(w.from, w.to, q)
}

// clear returns on which side of the plane q is, 0 when it may touch it. An edge
// between two points that are clear on one side comes nowhere near the way: it runs
// no closer to the plane than its ends.
func (w *way) clear(q s2.Point) s2.Direction {
	switch d := w.plane.Dot(q.Vector); {
	case d > w.margin:
		return s2.CounterClockwise
	case d < -w.margin:
		return s2.Clockwise
	}
	return s2.Indeterminate
}

// cuts reports whether the edge from c to d crosses the way inside of both.
func (w *way) cuts(c, d s2.Point) bool {
	side := w.side(c)
	return side != 0 && w.side(d) == -side && w.between(c, d, side)
}

// between reports whether the ends of the way lie on different sides of the edge from
// c to d, whose c is on the given side of the way, and d on the other.
func (w *way) between(c, d s2.Point, side s2.Direction) bool {
	return s2.RobustSign(c, w.to, d) == -side && s2.RobustSign(d, w.from, c) == -side
}

// passes reports whether the edge from c to d, whose ends are not on one side, cuts
// the way, or goes through an end of it so that it counts as cutting: of the edges
// around a point that a ring has there, as many do as make the ring's inside end.
func (w *way) passes(c, d s2.Point, side s2.Direction) bool {
	if c == w.to || d == w.to || c == w.from || d == w.from {
		return s2.VertexCrossing(w.from, w.to, c, d)
	}
	return w.between(c, d, side)
}

// touches reports whether an end of the way lies on the edge from c to d, or one of
// its ends on the way.
func (w *way) touches(c, d s2.Point) bool {
	return s2.IsDistanceLess(w.from, c, d, touching) || s2.IsDistanceLess(w.to, c, d, touching) ||
		s2.IsDistanceLess(c, w.from, w.to, touching) || s2.IsDistanceLess(d, w.from, w.to, touching)
}
