package geo

import (
	"cmp"
	"slices"
)

// LineageWalk returns the walk through the cells of shapes that s may have something in
// common with, and false when s is more than points: those that a point descends from,
// 16 for each point. It passes what [Shape.DescendShapes] would find in cells that only
// come near to a point. A shape may come several times.
//
// Nothing is missed: a covering holds every point of its shape, and what is nearer than
// touching counts, so that it has a cell that the finest cell of the point descends from.
func (s *Shape) LineageWalk(cells Entries) (*CellWalk, bool) {
	if len(s.points) == 0 || len(s.lines) > 0 || len(s.polygons) > 0 {
		return nil, false
	}
	set := &CellSet{stretches: make([]stretchOfKeys, 0, (maxResolution+1)*len(s.points))}
	for _, p := range s.points {
		leaf, err := CellOf(pointOf(p.Vector), maxResolution)
		if err != nil {
			return nil, false
		}
		for res := range maxResolution + 1 {
			key := leaf.parent(res).Key()
			set.stretches = append(set.stretches, stretchOfKeys{key, key + 1})
		}
	}
	if len(s.points) > 1 {
		slices.SortFunc(set.stretches, func(a, b stretchOfKeys) int { return cmp.Compare(a.lo, b.lo) })
		set.stretches = slices.Compact(set.stretches)
	}
	return set.Walk(cells), true
}
