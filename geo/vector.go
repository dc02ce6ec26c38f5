package geo

import (
	"math"

	"github.com/golang/geo/r3"
	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// vector returns the point of the unit sphere at p. The places that have several
// coordinates, the poles and the antimeridian, have one vector.
func (p Point) vector() s2.Point {
	lng, lat := p.Lng(), p.Lat()
	switch {
	case lat >= 90:
		return s2.Point{Vector: r3.Vector{Z: 1}}
	case lat <= -90:
		return s2.Point{Vector: r3.Vector{Z: -1}}
	case lng == -180:
		lng = 180
	}
	sinLng, cosLng := math.Sincos(lng * (math.Pi / 180))
	sinLat, cosLat := math.Sincos(lat * (math.Pi / 180))
	return s2.Point{Vector: r3.Vector{X: cosLat * cosLng, Y: cosLat * sinLng, Z: sinLat}}
}

// angle returns the distance of two points in radians, exact to the last digits
// whether they are near or opposite one another.
func angle(a, b s2.Point) float64 {
	return math.Atan2(a.Cross(b.Vector).Norm(), a.Dot(b.Vector))
}

// tolerance is how near, in radians, an edge must be to touch: 64 micrometres on
// the Earth.
const tolerance = 1e-11

// touching is tolerance squared, as distances to edges are computed.
const touching = s1.ChordAngle(tolerance * tolerance)

// A ball is a ball in space around a part of the sphere. It holds chords, straight
// lines through the Earth, for which the triangle inequality holds without trigonometry.
type ball struct {
	center r3.Vector
	radius float64 // everywhere stands for the whole sphere
}

// everywhere is the radius of a ball that no point of the sphere is outside of.
const everywhere = 4

// apart reports whether no points of b and c are nearer than the tolerance.
func (b ball) apart(c ball) bool {
	r := b.radius + c.radius + 2*tolerance
	return r < everywhere && b.center.Sub(c.center).Norm2() > r*r
}

// around returns a ball around the edges that run through points. A cap smaller than
// half the sphere holds each edge whose ends it holds.
func around(points []s2.Point) ball {
	var sum r3.Vector
	for _, p := range points {
		sum = sum.Add(p.Vector)
	}
	if sum.Norm2() < 1e-6 {
		return ball{radius: everywhere}
	}
	b := ball{center: sum.Normalize()}
	for _, p := range points {
		b.radius = max(b.radius, p.Sub(b.center).Norm2())
	}
	if b.radius = math.Sqrt(b.radius) + 1e-15; b.radius >= 1.41 { // the square root of 2 is half the sphere
		return ball{radius: everywhere}
	}
	return b
}

// pointOf returns the point at a vector of the unit sphere.
func pointOf(v r3.Vector) Point {
	return Point{math.Atan2(v.Y, v.X) * (180 / math.Pi), math.Atan2(v.Z, math.Hypot(v.X, v.Y)) * (180 / math.Pi)}
}
