package geo

import (
	"math"

	"github.com/golang/geo/r3"
	"github.com/golang/geo/s2"
)

// A region is a part of the sphere that a search goes through the tree of cells for.
// It belongs to one goroutine.
type region interface {
	// relate says how the ball of n stands to the region. Of a region with an outline,
	// from are the numbers of the edges that touch the ball of an ancestor, nil for
	// all, and those that touch n are appended to dst.
	relate(n *node, from, dst []int32) (relation, []int32)
	// enter is called before a walk through the points of n, whose edges are given.
	enter(n *node, edges []int32)
	// holds reports whether p, a point of that walk, is in the region.
	holds(p Point) bool
	// size returns the radius of a ball around the region, as a straight distance.
	size() float64
}

// A relation is how a cell's ball stands to a region.
type relation uint8

const (
	outside relation = iota // they have nothing in common
	partly
	inside // all of the ball's part of the sphere is in the region
)

// A discRegion is the region of a disc.
type discRegion struct {
	*disc
	reach   float64 // the radius as a straight distance
	in, out float64 // squares of distances that are surely within, and surely not
}

func newDiscRegion(d *disc) *discRegion {
	r := &discRegion{disc: d, reach: d.reach()}
	near, far := max(0, r.reach-1e-14), r.reach+1e-14 // what contains allows for, and more
	r.in, r.out = near*near*(1-1e-12), far*far*(1+1e-12)
	if r.reach > 1.9 { // straight distances hardly grow near the antipode
		r.in, r.out = 1.9*1.9, 5
	}
	return r
}

func (r *discRegion) relate(n *node, _, _ []int32) (relation, []int32) {
	d := n.center.Sub(r.center.Vector).Norm()
	switch {
	case r.angle >= math.Pi:
		return inside, nil
	case d > r.reach+n.radius:
		return outside, nil
	case d+n.radius <= r.reach && r.reach < 1.99:
		return inside, nil
	}
	return partly, nil
}

func (r *discRegion) enter(*node, []int32) {}

func (r *discRegion) holds(p Point) bool {
	switch least, most := r.sight.chord2(p); {
	case most < r.in:
		return true
	case least > r.out:
		return false
	}
	return r.contains(p.vector())
}

func (r *discRegion) size() float64 {
	if r.angle > math.Pi/2 {
		return everywhere
	}
	return r.reach
}

// An outlined is the region of points, lines and polygons: what touches an edge of
// theirs, and what is inside of polygons.
type outlined struct {
	shape  *Shape
	edges  []edgeBall
	blocks []edgeBlock
	bound  ball
	exact  func(s2.Point) bool

	// Of the walk through the points of a node.
	local  []int32
	center s2.Point
	within bool // the polygon has center inside
}

// An edgeBall is an edge, or a point, in the form that is quickly held against balls.
type edgeBall struct {
	a, b   s2.Point
	normal r3.Vector // of the plane of the edge; zero for a point
	ball
}

// An edgeBlock is a run of edges, and a ball around them.
type edgeBlock struct {
	from, to int32
	ball
}

// newOutlined returns the region of s, in which exact tells points.
func newOutlined(s *Shape, exact func(s2.Point) bool) *outlined {
	o := &outlined{shape: s, exact: exact}
	for _, p := range s.points {
		o.edges = append(o.edges, edgeBall{a: p, b: p, ball: ball{center: p.Vector}})
		o.blocks = append(o.blocks, edgeBlock{int32(len(o.edges) - 1), int32(len(o.edges)), ball{center: p.Vector}})
	}
	for _, c := range s.lines {
		o.add(c)
	}
	for _, g := range s.polygons {
		for _, r := range g.rings {
			o.add(&r.chain)
		}
	}
	o.bound = joint(o.blocks)
	return o
}

// add adds the edges of a chain.
func (o *outlined) add(c *chain) {
	for i, b := range c.balls {
		from := len(o.edges)
		run := c.run(i)
		for j := 1; j < len(run); j++ {
			o.edges = append(o.edges, edgeOf(run[j-1], run[j]))
		}
		o.blocks = append(o.blocks, edgeBlock{int32(from), int32(len(o.edges)), b})
	}
}

func edgeOf(a, b s2.Point) edgeBall {
	e := edgeBall{a: a, b: b, normal: a.PointCross(b).Normalize()}
	middle := a.Add(b.Vector)
	if middle.Norm2() < 1e-6 { // nearly half way around
		e.ball = ball{radius: everywhere}
		return e
	}
	e.ball.center = middle.Normalize()
	e.ball.radius = math.Sqrt(max(a.Sub(e.ball.center).Norm2(), b.Sub(e.ball.center).Norm2())) + 1e-15
	return e
}

// joint returns a ball around all blocks.
func joint(blocks []edgeBlock) ball {
	var sum r3.Vector
	for _, b := range blocks {
		if b.radius >= everywhere {
			return ball{radius: everywhere}
		}
		sum = sum.Add(b.center)
	}
	if sum.Norm2() < 1e-6 {
		return ball{radius: everywhere}
	}
	all := ball{center: sum.Normalize()}
	for _, b := range blocks {
		all.radius = max(all.radius, b.center.Sub(all.center).Norm()+b.radius)
	}
	if all.radius += 1e-14; all.radius >= 1.41 { // the inside of polygons may be beyond
		return ball{radius: everywhere}
	}
	return all
}

// near reports whether the ball of n comes nearer to b than the tolerance.
func (b *ball) near(n *node) bool {
	r := b.radius + n.radius + 2*tolerance
	return r >= everywhere || b.center.Sub(n.center).Norm2() <= r*r
}

// touches reports whether the ball of n may come to the edge. It may say so of one
// that ends a little before.
func (e *edgeBall) touches(n *node) bool {
	return e.near(n) && math.Abs(e.normal.Dot(n.center)) <= n.radius+2*tolerance
}

func (o *outlined) relate(n *node, from, dst []int32) (relation, []int32) {
	if !o.bound.near(n) {
		return outside, dst
	}
	before := len(dst)
	if from == nil {
		for i := range o.blocks {
			b := &o.blocks[i]
			if !b.near(n) {
				continue
			}
			for e := b.from; e < b.to; e++ {
				if o.edges[e].touches(n) {
					dst = append(dst, e)
				}
			}
		}
	} else {
		for _, e := range from {
			if o.edges[e].touches(n) {
				dst = append(dst, e)
			}
		}
	}
	switch {
	case len(dst) > before:
		return partly, dst
	case o.covers(s2.Point{Vector: n.center}):
		return inside, dst
	}
	return outside, dst
}

// covers reports whether p, which is near to no edge, is inside of a polygon.
func (o *outlined) covers(p s2.Point) bool {
	for _, g := range o.shape.polygons {
		if g.inside(p) {
			return true
		}
	}
	return false
}

// fewEdges is the number of edges up to which a point is told by counting those that
// the way from the node's centre crosses.
const fewEdges = 24

func (o *outlined) enter(n *node, edges []int32) {
	o.local = nil
	if len(o.shape.polygons) == 1 && len(o.shape.lines) == 0 && len(edges) <= fewEdges {
		o.local, o.center = edges, s2.Point{Vector: n.center}
		o.within = o.covers(o.center)
	}
}

func (o *outlined) holds(at Point) bool {
	p := at.vector()
	if o.local == nil {
		return o.exact(p)
	}
	in := o.within
	crosser := s2.NewEdgeCrosser(o.center, p)
	last := s2.Point{}
	for _, i := range o.local {
		e := &o.edges[i]
		if math.Abs(e.normal.Dot(p.Vector)) <= 2*tolerance {
			return o.exact(p) // perhaps on the edge
		}
		if e.a != last {
			crosser.RestartAt(e.a)
		}
		if crosser.EdgeOrVertexChainCrossing(e.b) {
			in = !in
		}
		last = e.b
	}
	return in
}

func (o *outlined) size() float64 { return o.bound.radius }

// region returns the part of the sphere that a is.
func (a *Area) region() region {
	if a.disc != nil {
		return newDiscRegion(a.disc)
	}
	return newOutlined(&Shape{polygons: a.polygons}, a.hasPoint)
}

// region returns the part of the sphere that s is.
func (s *Shape) region() region { return newOutlined(s, s.hasPoint) }
