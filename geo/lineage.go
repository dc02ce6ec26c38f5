package geo

import (
	"cmp"
	"math/bits"
	"slices"
)

// LineageWalk returns the walk through the cells of shapes that s may have something in
// common with: those that a point descends from, up to 16 for each point. It reports false
// when s is more than points, and in a program that cannot tell their cells, see
// [HasCells]. Bit r of levels says that there are cells of resolution r at all. The walk
// passes what [Shape.DescendShapes] would find in cells that only come near to a point. A
// shape may come several times, but no more than once for each point.
//
// Nothing is missed: a covering holds every point of its shape, and what is nearer than
// touching counts, so that it has a cell that the finest cell of the point descends from.
func (s *Shape) LineageWalk(cells Entries, levels uint16) (*CellWalk, bool) {
	if len(s.points) == 0 || len(s.lines) > 0 || len(s.polygons) > 0 {
		return nil, false
	}
	set := &CellSet{stretches: make([]stretchOfKeys, 0, bits.OnesCount16(levels)*len(s.points))}
	for _, p := range s.points {
		leaf, err := CellOf(pointOf(p.Vector), maxResolution)
		if err != nil {
			return nil, false
		}
		for left := levels; left != 0; left &= left - 1 {
			key := leaf.parent(bits.TrailingZeros16(left)).Key()
			set.stretches = append(set.stretches, stretchOfKeys{key, key + 1})
		}
	}
	if len(s.points) > 1 {
		slices.SortFunc(set.stretches, func(a, b stretchOfKeys) int { return cmp.Compare(a.lo, b.lo) })
		set.stretches = slices.Compact(set.stretches)
	}
	return set.Walk(cells), true
}
