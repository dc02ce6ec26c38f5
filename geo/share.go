package geo

import (
	"fmt"
	"math"
)

// Share guesses which part of the sphere a takes up.
func (a *Area) Share() float64 {
	if a.disc != nil {
		return (1 - math.Cos(min(a.disc.angle, math.Pi))) / 2
	}
	return (&Shape{polygons: a.polygons}).Share()
}

// Share guesses which part of the sphere what has something in common with s is in.
func (s *Shape) Share() float64 {
	share := 0.0
	for _, c := range s.lines {
		share += c.bound.share()
	}
	for _, g := range s.polygons {
		share += g.rings[0].bound.share()
	}
	return min(1, share)
}

// share returns the part of the sphere in a ball around a point of it.
func (b ball) share() float64 { return min(1, b.radius*b.radius/4) }

// String describes the area in a few words.
func (a *Area) String() string {
	if a.disc != nil {
		p := pointOf(a.disc.center.Vector)
		return fmt.Sprintf("%.6g m of [%.6g, %.6g]", a.disc.angle*EarthRadius, p.Lng(), p.Lat())
	}
	return (&Shape{polygons: a.polygons}).String()
}

// String describes the shape in a few words.
func (s *Shape) String() string {
	text := ""
	add := func(n int, what string) {
		if n > 1 {
			what = fmt.Sprintf("%d %ss", n, what)
		}
		if n > 0 && text != "" {
			text += " and "
		}
		if n > 0 {
			text += what
		}
	}
	add(len(s.points), "point")
	add(len(s.lines), "line")
	add(len(s.polygons), "polygon")
	return text
}
