package geo

import (
	"cmp"
	"slices"
)

// MaxCovering is the most cells that a shape in an index is covered with.
const MaxCovering = 8

// A covered is a cell of a covering, and those of its children that touch the shape.
type covered struct {
	node
	edges []int32
	whole bool // it is not divided: it is in the shape, or of the finest resolution
	kids  []covered
}

// Covering returns cells that together hold every point of s, no more than max, unless s
// spreads over more cells of resolution 0, of which there are 122. They are as small as
// that allows: of the cells that can be divided it is always the one by which the covering
// loses most for each cell that it gains. They are in the order of their keys and disjoint.
//
// An index on disk was made with these cells, and no others will do to take a document
// out of it: see docs/format.md.
func (s *Shape) Covering(max int) []Cell { return covering(s.region(), max) }

// Covering returns cells that together hold every point of a, as [Shape.Covering] does.
func (a *Area) Covering(max int) []Cell { return covering(a.region(), max) }

func covering(r region, max int) []Cell {
	var list []covered
	for i := range baseNodes {
		list = appendTouching(list, r, baseNodes[i], nil)
	}
	for i := range list {
		list[i].divide(r)
	}
	for {
		at := dearest(list, max)
		if at < 0 {
			break
		}
		kids := list[at].kids
		for i := range kids {
			kids[i].divide(r)
		}
		list = slices.Replace(list, at, at+1, kids...)
	}
	cells := make([]Cell, len(list))
	for i := range list {
		cells[i] = KeyCell(list[i].lo())
	}
	return cells
}

// appendTouching appends n if it touches r, of which edges touch its parent.
func appendTouching(list []covered, r region, n node, edges []int32) []covered {
	how, local := r.relate(&n, edges, nil)
	if how == outside {
		return list
	}
	return append(list, covered{node: n, edges: local, whole: how == inside || n.res == maxResolution})
}

// divide finds the children of c that touch r.
func (c *covered) divide(r region) {
	if c.whole {
		return
	}
	for digit := range 7 {
		var k node
		if c.child(digit, &k) {
			c.kids = appendTouching(c.kids, r, k, c.edges)
		}
	}
}

// dearest returns the cell that should be divided next, or -1.
func dearest(list []covered, max int) int {
	best := -1
	for i := range list {
		c := &list[i]
		if c.whole || len(list)-1+len(c.kids) > max {
			continue
		}
		if best < 0 || c.loss(&list[best]) > 0 {
			best = i
		}
	}
	return best
}

// loss compares what a covering loses for each cell that it gains when c is divided with
// what it does when d is. Both lose finest cells: seven times as many as one resolution on.
func (c *covered) loss(d *covered) int {
	if len(c.kids) <= 1 || len(d.kids) <= 1 {
		return cmp.Compare(len(d.kids), len(c.kids)) // it loses, and gains no cell
	}
	return cmp.Compare(c.lost()*int64(len(d.kids)-1), d.lost()*int64(len(c.kids)-1))
}

func (c *covered) lost() int64 {
	return cellCount[maxResolution-c.res] / cellCount[0] * int64(7-len(c.kids))
}
