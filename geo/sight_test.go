package geo

import (
	"math"
	"testing"

	"github.com/virgadb/virga/internal/trial"
)

// The bounds of a sight hold the straight distance, from everywhere to everywhere and from
// nanometres up, at poles and over the antimeridian; of what is near they are tight.
func TestSightBoundsDistances(t *testing.T) {
	rnd := trial.Random(t)
	somewhere := func() Point {
		p := Point{rnd.Float64()*360 - 180, math.Asin(2*rnd.Float64()-1) * 180 / math.Pi}
		switch rnd.IntN(8) {
		case 0:
			p[1] = math.Copysign(90-math.Pow(10, -14*rnd.Float64()), p[1])
		case 1:
			p[0] = math.Copysign(180-math.Pow(10, -14*rnd.Float64()), p[0])
		case 2:
			p[0], p[1] = math.Round(p[0]/90)*90, math.Round(p[1]/90)*90
		}
		return p
	}
	for range trial.Times(200_000) {
		from, to := somewhere(), somewhere()
		if rnd.IntN(2) == 0 {
			near := math.Pow(10, -13*rnd.Float64()) * 10 // degrees
			to = Point{from[0] + near*(2*rnd.Float64()-1), from[1] + near*(2*rnd.Float64()-1)}
			to[0], to[1] = math.Remainder(to[0], 360), max(-90, min(90, to[1]))
		}
		s := newSight(from)
		least, most := s.chord2(to)
		exact := to.vector().Sub(from.vector().Vector).Norm2()
		if least > exact || exact > most {
			t.Fatalf("%v to %v: %v is not from %v to %v", from, to, exact, least, most)
		}
		if x, y := math.Abs(to[1]-from[1]), math.Abs(to[0]-from[0]); x < 1 && y < 1 && x+y > 1e-9 && most-least > 1e-3*most+1e-13*(x+y) {
			t.Fatalf("%v to %v: %v to %v for %v", from, to, least, most, exact)
		}
	}
}
