package geo

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/virgadb/virga/internal/trial"
)

// effort is how many times the usual number of cases random tests try.
func effort() int { return trial.Effort() }

// random returns a source of random numbers and its seed.
func random(testing.TB) (*rand.Rand, uint64) {
	seed := trial.Seed()
	return rand.New(rand.NewPCG(seed, 1)), seed
}

// randomPoint returns a point that is often near to what is special: poles, the
// antimeridian, corners of the icosahedron.
func randomPoint(rnd *rand.Rand) Point {
	near := func(p Point, d float64) Point {
		lat := min(90, max(-90, p.Lat()+d*rnd.NormFloat64()))
		lng := math.Remainder(p.Lng()+d*rnd.NormFloat64(), 360)
		return Point{lng, lat}
	}
	d := math.Pow(10, -7*rnd.Float64())
	switch rnd.IntN(6) {
	case 0:
		return near(Point{360*rnd.Float64() - 180, 90}, d)
	case 1:
		return near(Point{360*rnd.Float64() - 180, -90}, d)
	case 2:
		return near(Point{180, 180*rnd.Float64() - 90}, d)
	case 3:
		for {
			if n := baseNode(rnd.IntN(len(baseCells))); n.whole {
				return near(pointOf(n.center), d)
			}
		}
	}
	return Point{360*rnd.Float64() - 180, math.Asin(2*rnd.Float64()-1) * (180 / math.Pi)}
}
