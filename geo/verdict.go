package geo

import (
	"math"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// A Verdict is what [Bounds] tell of a shape.
type Verdict uint8

// What bounds tell.
const (
	Undecided Verdict = iota // the shape itself has to be asked
	Never                    // it is surely not so
	Surely                   // it is surely so
)

// Judge tells from its bounds whether a shape has something in common with s.
func (s *Shape) Judge(b *Bounds) Verdict {
	all := Never
	for _, p := range s.points {
		switch d := p.Sub(b.center.Vector).Norm(); {
		case d < b.inner:
			return Surely
		case d <= b.outer:
			all = Undecided
		}
	}
	for _, c := range s.lines {
		switch d := b.toChain(c, b.limit()); {
		case b.enters(d):
			return Surely
		case d < b.limit():
			all = Undecided
		}
	}
	for _, g := range s.polygons {
		switch where, d := b.stand(g); {
		case where == inside || b.enters(d) || where == partly && b.inner > 0 && g.inside(b.center):
			return Surely
		case where == partly:
			all = Undecided
		}
	}
	return all
}

// limit returns the square of the outer radius, or what is beyond all distances.
func (b *Bounds) limit() s1.ChordAngle { return s1.ChordAngle(min(b.outer*b.outer, 5)) }

// enters reports whether what is at that distance from the centre is in the inner ball.
func (b *Bounds) enters(d s1.ChordAngle) bool { return float64(d) < b.inner*b.inner }

// toChain returns the distance of the centre from c, or limit when that is less.
func (b *Bounds) toChain(c *chain, limit s1.ChordAngle) s1.ChordAngle {
	if c.bound.apart(ball{b.center.Vector, b.outer}) {
		return limit
	}
	return c.nearest(b.center, limit)
}

// stand returns how the outer ball stands to g, and the distance of the centre from the
// nearest edge of g in that ball.
func (b *Bounds) stand(g *polygon) (relation, s1.ChordAngle) {
	limit := b.limit()
	if g.rings[0].bound.apart(ball{b.center.Vector, b.outer}) {
		return outside, limit
	}
	d := limit
	for _, r := range g.rings {
		d = b.toChain(&r.chain, d)
	}
	switch {
	case d < limit:
		return partly, d
	case g.inside(b.center):
		return inside, d
	}
	return outside, d
}

// Judge tells from its bounds whether a shape lies within a.
func (a *Area) Judge(b *Bounds) Verdict {
	if a.disc != nil {
		return a.disc.judge(b)
	}
	all, left := Never, b.inner > 0 // whether the centre, a point of the shape, is in no polygon
	for _, g := range a.polygons {
		where, d := b.stand(g)
		switch where {
		case inside:
			return Surely
		case partly:
			all = Undecided
			left = left && float64(d) > boundsSlack*boundsSlack && !g.inside(b.center)
		}
	}
	if left {
		return Never
	}
	return all
}

// Misses reports whether a shape of these bounds surely has nothing in common with a.
func (a *Area) Misses(b *Bounds) bool {
	if a.disc != nil {
		return b.toDisc(a.disc) > b.outer
	}
	return (&Shape{polygons: a.polygons}).Judge(b) == Never
}

// toDisc returns how far the centre lies outside of d: less than 0 when inside.
func (b *Bounds) toDisc(d *disc) float64 {
	return b.center.Sub(d.center.Vector).Norm() - d.reach()
}

// reach returns the radius of d as a straight distance.
func (d *disc) reach() float64 { return 2 * math.Sin(min(d.angle, math.Pi)/2) }

// judge tells from its bounds whether a shape lies within d.
func (d *disc) judge(b *Bounds) Verdict {
	away := b.toDisc(d)
	switch {
	case d.angle >= math.Pi || away+b.outer <= 0:
		return Surely
	case away > b.outer || b.inner > 0 && d.reach() < 1.9 && b.farthest(d.center) > d.reach():
		return Never
	}
	return Undecided
}

// farthest returns the straight distance from p to the farthest point of the inner ball.
// It is exact while it is not nearly that of the antipode.
func (b *Bounds) farthest(p s2.Point) float64 {
	d2, r2 := p.Sub(b.center.Vector).Norm2()/4, b.inner*b.inner/4
	if d2+r2 >= 1 {
		return 2 // the antipode is in the ball
	}
	return 2 * (math.Sqrt(d2*(1-r2)) + math.Sqrt(r2*(1-d2))) // the sine of a sum of angles
}
