package geo

import (
	"math"

	"github.com/golang/geo/s2"

	"github.com/virgadb/virga/document"
)

// EarthRadius is the radius of the Earth in metres, the one MongoDB and the cloud
// compute with.
const EarthRadius = 6378100.0

// A Circle holds everything within Radius metres of Center, over the ground. It is
// an area to ask about, see [Area]; it cannot be stored.
type Circle struct {
	Center Point
	Radius float64 // metres, not negative; half the Earth's girth and more is all of it
}

// MarshalValue refuses: GeoJSON has no circles.
func (c Circle) MarshalValue() (document.Value, error) {
	return document.Value{}, invalid("a circle cannot be stored: GeoJSON has none")
}

// checkRadius refuses what is no radius, in the unit that it is given in.
func checkRadius(r float64, unit string) error {
	if !(r >= 0) || math.IsInf(r, 0) {
		return invalid("the radius of a circle is a finite number of %s, not negative, found %v", unit, r)
	}
	return nil
}

// A disc is a circle made ready for questions. It is immutable.
type disc struct {
	center s2.Point
	sight  sight   // from the centre
	angle  float64 // in radians, at the Earth's centre
}

func newDisc(center Point, radians float64) (*disc, error) {
	if err := center.check(); err != nil {
		return nil, err
	}
	return &disc{center.vector(), newSight(center), radians}, nil
}

// rounding is the error, in radians, that computed distances may have: 25
// nanometres on the Earth. What is farther than a limit by less is within it.
const rounding = 4e-15

func (d *disc) contains(p s2.Point) bool { return angle(d.center, p) <= d.angle+rounding }

// covers reports whether all of s lies within d.
func (d *disc) covers(s *Shape) bool {
	switch {
	case d.angle >= math.Pi:
		return true
	case d.angle < 1.5:
		// A disc smaller than half the sphere holds an edge whose ends it holds, and the
		// smaller side of a ring that it holds. Distances from the antipode would be inexact.
		held := true
		s.vertices(func(p s2.Point) { held = held && d.contains(p) })
		return held
	}
	if p, ok := s.single(); ok {
		return d.contains(p)
	}
	// Nothing of s is nearer to the antipode of the centre than the antipode is to d.
	antipode := s2.Point{Vector: d.center.Mul(-1)}
	return s.angleTo(antipode) >= math.Pi-d.angle-rounding
}
