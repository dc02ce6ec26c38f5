package geo

import (
	"github.com/golang/geo/r3"
	"github.com/golang/geo/s2"
)

// A way is the edge from s2.OriginPoint to a point. Whether the point is inside a
// ring is told by the edges of the ring that cross it. It does what [s2.EdgeCrosser]
// does, with the same exact answers, and does not allocate.
type way struct {
	from, to s2.Point
	plane    r3.Vector // through both and the Earth's centre: its normal
}

func wayTo(p s2.Point) way {
	from := s2.OriginPoint()
	return way{from, p, from.Cross(p.Vector)}
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

// crosses reports whether the edge from c to d, whose c is on the given side and d
// is not, crosses the way, or goes through an end of it so that it counts as crossing.
func (w *way) crosses(c, d s2.Point, side s2.Direction) bool {
	if c == w.to || d == w.to || c == w.from || d == w.from {
		return s2.VertexCrossing(w.from, w.to, c, d)
	}
	return s2.RobustSign(c, w.to, d) == -side && s2.RobustSign(d, w.from, c) == -side
}
