package geo

import "math"

// A sight is a point that others are seen from: it knows bounds of how far they are from
// their coordinates, without a sine, which decides most questions about what is near.
type sight struct {
	point    Point
	sin, cos float64 // of its latitude
}

func newSight(p Point) sight {
	sin, cos := math.Sincos(p.Lat() * (math.Pi / 180))
	return sight{p, sin, cos}
}

// chord2 returns bounds of the square of the straight distance to p.
//
// It is x²+c·y², where x and y are twice the sines of half the differences of latitude and
// longitude and c is the product of the latitudes' cosines (the haversine formula). A sine is
// not greater than its angle and not less than that by more than a sixth of its cube; the
// cosine of the latitude of p follows from that of the sight and the difference.
func (s *sight) chord2(p Point) (least, most float64) {
	x := (p.Lat() - s.point.Lat()) * (math.Pi / 180)
	y := math.Abs(p.Lng()-s.point.Lng()) * (math.Pi / 180)
	if y > math.Pi {
		y = 2*math.Pi - y
	}
	x2, y2, across := x*x, y*y, math.Abs(x)
	cos := s.cos*(1-x2/2) - s.sin*x // that of p, but for
	doubt := x2 * across * (1.0/6 + across/24)
	most = x2 + s.cos*min(1, cos+doubt)*y2
	least = x2*(1-x2/12) + s.cos*max(0, cos-doubt)*y2*(1-y2/12)
	slack := 1e-13*(across+y) + 1e-27 // far above what coordinates and products are rounded by
	return least - slack, most + slack
}
