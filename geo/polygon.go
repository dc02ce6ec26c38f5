package geo

import (
	"cmp"
	"slices"

	"github.com/golang/geo/s2"
)

// A polygon is a [Polygon] made ready for questions. It is immutable.
type polygon struct {
	rings []*ring // the first goes round the area, the others round its holes
}

func newPolygon(g Polygon, rules rigor) (*polygon, error) {
	p := &polygon{rings: make([]*ring, len(g))}
	for i, l := range g {
		r, err := newRing(l, rules)
		if err != nil {
			return nil, at("ring", i, err)
		}
		p.rings[i] = r
		for j := range i {
			if rules == lenient {
				break
			}
			if err := checkHole(j, p.rings[j], r); err != nil {
				return nil, at("ring", i, err)
			}
		}
	}
	return p, nil
}

// crooked reports whether a polygon that was made leniently breaks a rule.
func (g *polygon) crooked() bool {
	for i, r := range g.rings {
		if _, _, crosses := r.crossing(); crosses || !distinct(r.v[1:]) {
			return true
		}
		for j := range i {
			if checkHole(j, g.rings[j], r) != nil {
				return true
			}
		}
	}
	return false
}

// checkHole holds hole against ring number i of its polygon, which comes before it:
// hole must be inside ring 0, and beside the others.
func checkHole(i int, before, hole *ring) error {
	shared, free := sharedVertices(before, hole)
	if shared > 1 {
		return invalid("it shares more than 1 point with ring %d", i)
	}
	if before.crosses(hole) {
		return invalid("it crosses ring %d", i)
	}
	switch in := before.inside(free); {
	case i == 0 && !in:
		return invalid("it lies outside of ring 0")
	case i > 0 && in:
		return invalid("it lies inside ring %d, which goes round a hole as well", i)
	case i > 0 && hole.holds(before):
		return invalid("it goes round ring %d, which goes round a hole as well", i)
	}
	return nil
}

// sharedVertices returns how many vertices of hole are vertices of r, and one that
// is not.
func sharedVertices(r, hole *ring) (shared int, free s2.Point) {
	vertices := make(map[s2.Point]struct{}, len(r.v))
	for _, p := range r.v[1:] {
		vertices[p] = struct{}{}
	}
	for _, p := range hole.v[1:] {
		if _, ok := vertices[p]; ok {
			shared++
		} else {
			free = p
		}
	}
	return shared, free
}

// crosses reports whether edges of two rings cross.
func (r *ring) crosses(o *ring) bool {
	for i, b := range r.balls {
		for j, c := range o.balls {
			if b.apart(c) {
				continue
			}
			if _, _, cross := runsCross(r.run(i), o.run(j), 0); cross {
				return true
			}
		}
	}
	return false
}

// holds reports whether o, which does not cross r, is inside r. They share at most
// one vertex.
func (r *ring) holds(o *ring) bool {
	_, free := sharedVertices(r, o)
	return r.inside(free)
}

// contains reports whether p is in the polygon, or on an edge of it.
func (g *polygon) contains(p s2.Point) bool { return g.inside(p) || g.at(p) }

// inside reports whether p is in the polygon; of those on an edge some are.
func (g *polygon) inside(p s2.Point) bool {
	if !g.rings[0].inside(p) {
		return false
	}
	for _, hole := range g.rings[1:] {
		if hole.inside(p) {
			return false
		}
	}
	return true
}

// at reports whether p is on an edge.
func (g *polygon) at(p s2.Point) bool {
	for _, r := range g.rings {
		if r.at(p) {
			return true
		}
	}
	return false
}

// covers reports whether all of the chain c is in the polygon.
func (g *polygon) covers(c *chain) bool {
	if c.bound.apart(g.rings[0].bound) || !g.contains(c.v[0]) {
		return false
	}
	var points []s2.Point
	for i := 1; i < len(c.v); i++ {
		a, b := c.v[i-1], c.v[i]
		points = points[:0]
		for _, r := range g.rings {
			points = r.contacts(a, b, points)
		}
		// Without a contact the whole edge is where its beginning is.
		if len(points) > 0 && !g.coversEdge(a, b, points) {
			return false
		}
	}
	return true
}

// coversEdge reports whether the edge from a to b is in the polygon, whose edges it
// meets at points: between two of them it is in or out as a whole.
func (g *polygon) coversEdge(a, b s2.Point, points []s2.Point) bool {
	points = append(points, b)
	slices.SortFunc(points, func(p, q s2.Point) int {
		return cmp.Compare(a.Sub(p.Vector).Norm2(), a.Sub(q.Vector).Norm2())
	})
	last := a
	for _, p := range points {
		if angle(last, p) > 2*tolerance && !g.contains(s2.Interpolate(0.5, last, p)) {
			return false
		}
		last = p
	}
	return g.contains(b)
}

// coversPolygon reports whether all of o is in g: its edges are, and no hole of g is
// inside it.
func (g *polygon) coversPolygon(o *polygon) bool {
	for _, r := range o.rings {
		if !g.covers(&r.chain) {
			return false
		}
	}
	for _, hole := range g.rings[1:] {
		if p, ok := hole.within(); ok && o.inside(p) {
			return false
		}
	}
	return true
}

// meets reports whether the chain c has a point in common with the polygon.
func (g *polygon) meets(c *chain) bool {
	if c.bound.apart(g.rings[0].bound) {
		return false
	}
	for _, r := range g.rings {
		if r.chain.meets(c) {
			return true
		}
	}
	return g.inside(c.v[0])
}

// meetsPolygon reports whether two polygons have a point in common: where their
// edges do not meet, a ring of one is inside the other.
func (g *polygon) meetsPolygon(o *polygon) bool {
	for _, r := range o.rings {
		if g.meets(&r.chain) {
			return true
		}
	}
	return !g.rings[0].bound.apart(o.rings[0].bound) && o.meets(&g.rings[0].chain)
}
