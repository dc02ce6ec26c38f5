package peers

import (
	"encoding/binary"
	"math"

	"github.com/google/btree"

	"github.com/virgadb/virga/geo"
)

// A cellTree is the geo index of package geo without a database around it: a B-tree of
// H3 cells, with entries of the size of the S2 index's, searched by what virga searches by.
type cellTree struct{ tree *btree.BTreeG[cellEntry] }

type cellEntry struct {
	cell  uint64 // as its Key
	point geo.Point
	id    int
}

func (a cellEntry) before(b cellEntry) bool {
	return a.cell < b.cell || a.cell == b.cell && a.id < b.id
}

func newCellTree() cellTree { return cellTree{btree.NewG(degree, cellEntry.before)} }

func (t cellTree) add(p geo.Point, id int) error {
	c, err := geo.CellOf(p, 15)
	if err == nil {
		t.tree.ReplaceOrInsert(cellEntry{c.Key(), p, id})
	}
	return err
}

// near returns the ids of the k nearest points.
func (t cellTree) near(p geo.Point, k int) (near neighbours, err error) {
	o, err := geo.NewOrigin(p)
	if err != nil {
		return nil, err
	}
	s := o.Search(geo.NearSearch{Points: t.walk(), Total: int64(t.tree.Len()), Max: math.Inf(1), Count: k, Ranking: true})
	for len(near) < k {
		hit, ok, err := s.Next()
		if err != nil || !ok {
			return near, err
		}
		near = append(near, int(binary.BigEndian.Uint64(hit.ID)))
	}
	return near, nil
}

// count counts the points in an area.
func (t cellTree) count(a *geo.Area, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	return int(a.Descend(t.walk(), int64(t.tree.Len())).Count(0)), nil
}

// A cellWalk walks the entries of a cellTree, which yields some at a time. It implements
// [geo.Entries].
type cellWalk struct {
	tree  *btree.BTreeG[cellEntry]
	ahead []cellEntry // the current entry, and those behind it that are known
	run   [24]cellEntry
	id    [8]byte
}

func (t cellTree) walk() *cellWalk { return &cellWalk{tree: t.tree} }

// from moves to the first entry that is not before e.
func (w *cellWalk) from(e cellEntry) bool {
	w.ahead = w.run[:0]
	w.tree.AscendGreaterOrEqual(e, func(e cellEntry) bool {
		w.ahead = append(w.ahead, e)
		return len(w.ahead) < len(w.run)
	})
	return len(w.ahead) > 0
}

func (w *cellWalk) Seek(cell uint64) bool { return w.from(cellEntry{cell: cell}) }

func (w *cellWalk) Next() bool {
	if len(w.ahead) == 1 {
		return w.from(cellEntry{cell: w.ahead[0].cell, id: w.ahead[0].id + 1})
	}
	w.ahead = w.ahead[1:]
	return true
}

func (w *cellWalk) Pass(cell uint64) (passed int64, ok bool) {
	for ok = w.Next(); ok && w.Key() < cell; ok = w.Next() {
		passed++
	}
	return passed, ok
}

func (w *cellWalk) Key() uint64      { return w.ahead[0].cell }
func (w *cellWalk) Point() geo.Point { return w.ahead[0].point }

func (w *cellWalk) ID() []byte {
	binary.BigEndian.PutUint64(w.id[:], uint64(w.ahead[0].id))
	return w.id[:]
}
