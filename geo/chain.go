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
		crosser := s2.NewChainEdgeCrosser(a[i-1], a[i], b[0])
		for j := 1; j < len(b); j++ {
			if crosser.ChainCrossingSign(b[j]) != s2.DoNotCross || edgesTouch(a[i-1], a[i], b[j-1], b[j]) {
				return true
			}
		}
	}
	return false
}

// edgesTouch reports whether an end of one edge lies on the other.
func edgesTouch(a, b, c, d s2.Point) bool {
	return s2.IsDistanceLess(a, c, d, touching) || s2.IsDistanceLess(b, c, d, touching) ||
		s2.IsDistanceLess(c, a, b, touching) || s2.IsDistanceLess(d, a, b, touching)
}

// contacts appends to points those of c that lie on the edge from a to b, as far as
// they bound what they have in common.
func (c *chain) contacts(a, b s2.Point, points []s2.Point) []s2.Point {
	edge := around([]s2.Point{a, b})
	if c.bound.apart(edge) {
		return points
	}
	for i, ball := range c.balls {
		if ball.apart(edge) {
			continue
		}
		run := c.run(i)
		crosser := s2.NewChainEdgeCrosser(a, b, run[0])
		for j := 1; j < len(run); j++ {
			crossing := crosser.ChainCrossingSign(run[j])
			if crossing == s2.Cross {
				points = append(points, s2.Intersection(a, b, run[j-1], run[j]))
			}
			if crossing != s2.DoNotCross || edgesTouch(a, b, run[j-1], run[j]) {
				points = appendOn(points, a, b, run[j-1])
				points = appendOn(points, a, b, run[j])
				points = appendOn(points, run[j-1], run[j], a)
				points = appendOn(points, run[j-1], run[j], b)
			}
		}
	}
	return points
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

// checkEdges refuses edges between antipodes.
func checkEdges(l LineString) error {
	for i := 1; i < len(l); i++ {
		// Only ends on opposite sides need the exact distance.
		if a, b := l[i-1].vector(), l[i].vector(); a.Dot(b.Vector) < -0.9 && angle(a, b) > longestEdge {
			return at("point", i, invalid("it lies opposite to point %d, so that the edge between them has no certain way", i-1))
		}
	}
	return nil
}
