package bench

import (
	"math"
	"math/rand/v2"

	"github.com/virgadb/virga/geo"
)

// Anywhere returns a place, which is as likely to be in one part of the Earth as in
// another of the same area.
func Anywhere(rnd *rand.Rand) geo.Point {
	return geo.Point{360*rnd.Float64() - 180, math.Asin(2*rnd.Float64()-1) * 180 / math.Pi}
}

// InTowns returns what makes places of towns: a thousand of one, most of them within
// 50 km, then a thousand of the next.
func InTowns() func(rnd *rand.Rand) geo.Point {
	var town geo.Point
	n := 0
	return func(rnd *rand.Rand) geo.Point {
		if n++; n%1000 == 1 {
			town = Anywhere(rnd)
		}
		return geo.Point{math.Remainder(town.Lng()+0.2*rnd.NormFloat64(), 360), max(-90, min(90, town.Lat()+0.2*rnd.NormFloat64()))}
	}
}
