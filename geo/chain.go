package geo

import (
	"math"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// A chain is a run of edges, each from one vertex to the next. A closed one ends
// with the vertex it begins with. It is immutable.
type chain struct {
	v     []s2.Point
	balls []ball // balls[i] is around the edges that start at v[i*stretch] and behind it
	bound ball   // around all of them
}

// stretch is the number of edges that one ball stands for. Most of a long chain is
// passed over ball by ball.
const stretch = 16

func newChain(v []s2.Point) chain {
	c := chain{v: v, bound: around(v)}
	if len(v) <= stretch+1 {
		c.balls = []ball{c.bound}
		return c
	}
	for i := 0; i < len(v)-1; i += stretch {
		c.balls = append(c.balls, around(v[i:min(i+stretch+1, len(v))]))
	}
	return c
}

// run returns the vertices of the edges that the i-th ball is around.
func (c *chain) run(i int) []s2.Point {
	return c.v[i*stretch : min((i+1)*stretch+1, len(c.v))]
}

// nearest returns the distance of p to the nearest edge, or limit when that is less.
func (c *chain) nearest(p s2.Point, limit s1.ChordAngle) s1.ChordAngle {
	for i, b := range c.balls {
		if gap := p.Sub(b.center).Norm() - b.radius; gap > 0 && gap*gap > float64(limit) {
			continue
		}
		run := c.run(i)
		for j := 1; j < len(run); j++ {
			limit, _ = s2.UpdateMinDistance(p, run[j-1], run[j], limit)
		}
	}
	return limit
}

// at reports whether p lies on an edge.
func (c *chain) at(p s2.Point) bool { return c.nearest(p, touching) < touching }

// meets reports whether two chains have a point in common.
func (c *chain) meets(d *chain) bool {
	if c.bound.apart(d.bound) {
		return false
	}
	for i, b := range c.balls {
		if b.apart(d.bound) {
			continue
		}
		for j, other := range d.balls {
			if !b.apart(other) && runsMeet(c.run(i), d.run(j)) {
				return true
			}
		}
	}
	return false
}

func runsMeet(a, b []s2.Point) bool {
	for i := 1; i < len(a); i++ {
		w := newWay(a[i-1], a[i])
		side := w.clear(b[0])
		for j := 1; j < len(b); j++ {
			next := w.clear(b[j])
			if (side == 0 || next != side) && (w.cuts(b[j-1], b[j]) || w.touches(b[j-1], b[j])) {
				return true
			}
			side = next
		}
	}
	return false
}

// contacts appends to points those of c that lie on the edge from a to b, as far as
// they bound what they have in common.
func (c *chain) contacts(a, b s2.Point, points []s2.Point) []s2.Point {
	edge := around([]s2.Point{a, b})
	w := newWay(a, b)
	if c.bound.apart(edge) {
		return points
	}
	for i, ball := range c.balls {
		if ball.apart(edge) {
			continue
		}
		run := c.run(i)
		side := w.clear(run[0])
		for j := 1; j < len(run); j++ {
			next := w.clear(run[j])
			if side == 0 || next != side {
				points = w.contacts(run[j-1], run[j], points)
			}
			side = next
		}
	}
	return points
}

// contacts appends to points where the edge from c to d cuts the way, and what ends of
// one lie on the other.
func (w *way) contacts(c, d s2.Point, points []s2.Point) []s2.Point {
	if w.cuts(c, d) {
		points = append(points, s2.Intersection(w.from, w.to, c, d))
	}
	points = appendOn(points, w.from, w.to, c)
	points = appendOn(points, w.from, w.to, d)
	points = appendOn(points, c, d, w.from)
	return appendOn(points, c, d, w.to)
}

// appendOn appends p when it lies on the edge from a to b.
func appendOn(points []s2.Point, a, b, p s2.Point) []s2.Point {
	if s2.IsDistanceLess(p, a, b, touching) {
		return append(points, p)
	}
	return points
}

// vectors returns the vertices of l, without those that repeat the one before.
func vectors(l LineString) []s2.Point {
	v := make([]s2.Point, 0, len(l))
	for _, p := range l {
		if x := p.vector(); len(v) == 0 || v[len(v)-1] != x {
			v = append(v, x)
		}
	}
	return v
}

// longestEdge is the length in radians above which an edge has no certain way: its
// ends are antipodes, or nearly.
const longestEdge = math.Pi - 1e-9

// checkEdges refuses edges between antipodes; v are the vectors of l.
func checkEdges(l LineString, v []s2.Point) error {
	for i := 1; i < len(v); i++ {
		// Only ends on opposite sides need the exact distance.
		if a, b := v[i-1], v[i]; a.Dot(b.Vector) < -0.9 && angle(a, b) > longestEdge {
			return at("point", place(l, i), invalid("it lies opposite to the point before, so that the edge between them has no certain way"))
		}
	}
	return nil
}
