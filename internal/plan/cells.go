package plan

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// CountCells calls visit for each H3 cell of a resolution that points at path of the
// documents of coll lie in, in ascending order, with their number. It walks over a geo
// index that begins with path, in which the points of a cell stand together. It reports
// false, and has called nothing, when there is none, or when it holds several points
// of one document, or other shapes.
func CountCells(ctx context.Context, snap txn.Snapshot, coll *txn.Collection, path string, resolution int, o Options, visit func(geo.Cell, int64) error) (bool, error) {
	if coll == nil {
		return true, nil
	}
	x := cellIndex(snap.Indexes(coll), path)
	if x == nil {
		return false, nil
	}
	if o.Advisor != nil {
		o.Advisor.used(x.ID())
	}
	span := pointsOf(x)
	if float64(snap.IndexStats(coll, x).Entries) >= o.wideFrom() && workerCount() > 1 {
		return true, foldCells(ctx, snap, x, span, resolution, visit)
	}
	c := &cellCount{index: x, resolution: resolution, visit: visit}
	cursor := snap.Entries(x, span, false)
	defer cursor.Close()
	for c.read(cursor) > 0 {
		if err := ctx.Err(); err != nil {
			return true, err
		}
	}
	return true, c.close(cursor)
}

// ExplainCells says how [CountCells] counts, and reports false where it does not.
func ExplainCells(snap txn.Snapshot, coll *txn.Collection, path string) (query.Explain, bool) {
	if coll == nil {
		return query.Explain{}, false
	}
	x := cellIndex(snap.Indexes(coll), path)
	if x == nil {
		return query.Explain{}, false
	}
	walk := query.Stage{Name: "IXSCAN", Text: "index " + x.Name() + " cells of " + path, Fields: document.D{{"indexName", x.Name()}}}
	if snap.EntriesMirrored(x) {
		walk.Mirrored = x.Name()
	}
	return query.Explain{Plan: walk, KeysExamined: snap.IndexStats(coll, x).Entries}, true
}

// pointsOf returns the span of the points in a geo index that begins with them.
func pointsOf(x *index.Index) index.Span {
	lo := x.Span().Lo
	return index.Span{Lo: keys.AppendCellBound(clip(lo), 0, true), Hi: keys.AppendCellBound(clip(lo), 1<<56, true)}
}

// A cellCount counts the points of the cell that a walk over an index stands in.
type cellCount struct {
	index      *index.Index
	resolution int
	visit      func(geo.Cell, int64) error
	cell       geo.Cell
	n          int64
	behind     uint64             // what is less as the head of a point lies in cell
	room       [checkEvery]uint64 // for heads
	err        error
}

// read counts the next points, and returns how many there were, 0 also after an error.
func (c *cellCount) read(cursor *txn.EntryCursor) int {
	n := cursor.Heads(c.room[:])
	if n > 0 {
		c.err = c.add(c.room[:n])
	}
	if c.err != nil {
		return 0
	}
	return n
}

// add counts points by their heads, in ascending order.
func (c *cellCount) add(heads []uint64) error {
	from := 0
	for i, head := range heads {
		if head < c.behind {
			continue
		}
		c.n += int64(i - from)
		from = i
		if err := c.end(); err != nil {
			return err
		}
		if err := c.begin(head); err != nil {
			return err
		}
	}
	c.n += int64(len(heads) - from)
	return nil
}

// begin begins with the cell of a point.
func (c *cellCount) begin(head uint64) error {
	key, ok := keys.HeadCell(head, true)
	if ok {
		var err error
		c.cell, err = geo.KeyCell(key).Parent(c.resolution)
		ok = err == nil
	}
	if !ok {
		return fmt.Errorf("index %s: entry that begins with %x: %w", c.index.Name(), head, fault.ErrCorrupt)
	}
	_, hi := c.cell.Keys()
	c.n, c.behind = 0, keys.PointHead(hi)
	return nil
}

// end tells of the cell that the walk has left, if there is one.
func (c *cellCount) end() error {
	if c.n == 0 {
		return nil
	}
	return c.visit(c.cell, c.n)
}

// close tells of the last cell, and returns what ended the count early.
func (c *cellCount) close(cursor *txn.EntryCursor) error {
	if c.err != nil {
		return c.err
	}
	if err := cursor.Err(); err != nil {
		return err
	}
	return c.end()
}

// cellIndex returns the geo index that begins with path and has one entry for each
// document with a point, nil when there is none.
func cellIndex(list []*index.Index, path string) *index.Index {
	for _, x := range list {
		if t := x.Traits(); x.GeoField() == 0 && x.Spec().Geo == path && !t.Shapes && t.Multikey == 0 {
			return x
		}
	}
	return nil
}
