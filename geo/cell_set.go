package geo

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// A CellSet is the places whose finest cell descends from one of some cells. It is
// immutable and safe for concurrent use.
type CellSet struct{ stretches []stretchOfKeys }

// A stretchOfKeys are keys from lo up to, not including, hi.
type stretchOfKeys struct{ lo, hi uint64 }

// maxCells is the most cells of a set.
const maxCells = 100_000

// NewCellSet returns the set of cells, of any resolutions. It is ErrNotImplemented
// in a program without cgo, which cannot tell the cells of stored points.
func NewCellSet(cells ...Cell) (*CellSet, error) {
	if !HasCells {
		return nil, fmt.Errorf("the cells of stored points need a program built with cgo: %w", fault.ErrNotImplemented)
	}
	if len(cells) > maxCells {
		return nil, fmt.Errorf("%d cells, the limit is %d: %w", len(cells), maxCells, fault.ErrTooLarge)
	}
	s := &CellSet{}
	for _, c := range cells {
		if err := c.check(); err != nil {
			return nil, err
		}
		lo, hi := c.Keys()
		s.stretches = append(s.stretches, stretchOfKeys{lo, hi})
	}
	slices.SortFunc(s.stretches, func(a, b stretchOfKeys) int {
		return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(b.hi, a.hi))
	})
	joined := s.stretches[:0]
	for _, one := range s.stretches {
		if last := len(joined) - 1; last < 0 || one.lo >= joined[last].hi {
			joined = append(joined, one)
		}
	}
	s.stretches = joined
	return s, nil
}

// Holds reports whether v is a stored point in one of the cells.
func (s *CellSet) Holds(v document.Value) bool {
	p, ok := ReadPoint(v)
	if !ok {
		return false
	}
	c, err := CellOf(p, maxResolution)
	if err != nil {
		return false
	}
	_, found := slices.BinarySearchFunc(s.stretches, c.Key(), func(one stretchOfKeys, key uint64) int {
		switch {
		case key < one.lo:
			return 1
		case key >= one.hi:
			return -1
		}
		return 0
	})
	return found
}

// Share returns which part of the sphere the set takes up, about.
func (s *CellSet) Share() float64 {
	share := 0.0
	for _, one := range s.stretches {
		share += float64(KeyCell(one.lo).leaves()) / float64(cellCount[maxResolution])
	}
	return share
}

// leaves returns about how many cells of the finest resolution descend from c.
func (c Cell) leaves() int64 { return cellCount[maxResolution] / cellCount[c.Resolution()] }

// Cells returns up to max cells of the set, in ascending order, and how many there are.
// What descends from another one is none of them.
func (s *CellSet) Cells(max int) (cells []Cell, of int) {
	for _, one := range s.stretches[:min(max, len(s.stretches))] {
		cells = append(cells, KeyCell(one.lo))
	}
	return cells, len(s.stretches)
}

// String describes the set in a few words.
func (s *CellSet) String() string {
	if len(s.stretches) == 1 {
		return "cell " + KeyCell(s.stretches[0].lo).String()
	}
	return fmt.Sprintf("%d cells", len(s.stretches))
}

// Walk returns the walk through the points in the set.
func (s *CellSet) Walk(points Entries) *CellWalk { return &CellWalk{set: s, entries: points, next: -1} }

// A CellWalk walks the points in a [CellSet]. It belongs to one goroutine.
type CellWalk struct {
	set     *CellSet
	entries Entries
	next    int // the stretch the walk is in; negative before the first
}

// Next moves to the next point and reports whether there is one.
func (w *CellWalk) Next() bool {
	list := w.set.stretches
	ok := w.next >= 0 && w.next < len(list) && w.entries.Next()
	for {
		if ok && w.entries.Key() < list[w.next].hi {
			return true
		}
		if w.next >= 0 && !ok {
			return false // no points are left
		}
		if w.next++; w.next >= len(list) {
			return false
		}
		if w.next > 0 && w.entries.Key() >= list[w.next].lo {
			continue // the walk is beyond its beginning already
		}
		ok = w.entries.Seek(list[w.next].lo)
	}
}
