package geo

import "slices"

// MaxCovering is the most cells that a shape in an index is covered with.
const MaxCovering = 8

// A covered is a cell of a covering that may be divided.
type covered struct {
	node
	edges []int32
	done  bool // dividing it would gain nothing, or take too many cells
}

// Covering returns cells that together hold every point of s: as fine as they can be
// while they are no more than max, unless s spreads over more cells of resolution 0,
// of which there are 122. They are in the order of their keys and disjoint.
func (s *Shape) Covering(max int) []Cell {
	r := s.region()
	var list []covered
	for i := range baseNodes {
		list = appendTouching(list, r, baseNodes[i], nil)
	}
	for {
		at := coarsest(list)
		if at < 0 {
			break
		}
		kids := divided(r, &list[at])
		if len(list)-1+len(kids) > max {
			list[at].done = true
			continue
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
	return append(list, covered{n, local, how == inside || n.res == maxResolution})
}

// coarsest returns the first of the coarsest cells that may be divided, or -1.
func coarsest(list []covered) int {
	best := -1
	for i := range list {
		if !list[i].done && (best < 0 || list[i].res < list[best].res) {
			best = i
		}
	}
	return best
}

// divided returns the children of c that touch r.
func divided(r region, c *covered) []covered {
	var kids []covered
	for digit := range 7 {
		var k node
		if c.child(digit, &k) {
			kids = appendTouching(kids, r, k, c.edges)
		}
	}
	return kids
}
