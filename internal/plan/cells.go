package plan

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
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
	lo := x.Span().Lo
	cursor := snap.Entries(x, index.Span{Lo: keys.AppendCellBound(clip(lo), 0, true), Hi: keys.AppendCellBound(clip(lo), 1<<56, true)}, false)
	defer cursor.Close()
	var cell geo.Cell
	var n int64
	var end uint64 // keys up to it lie in cell
	for passed := 0; cursor.Next(); passed++ {
		if passed%checkEvery == 0 && ctx.Err() != nil {
			return true, ctx.Err()
		}
		key, ok := keys.DecodeCell(cursor.Key()[len(lo):])
		if !ok {
			return true, fmt.Errorf("index %s: entry under key %x: %w", x.Name(), cursor.Key(), fault.ErrCorrupt)
		}
		if key < end {
			n++
			continue
		}
		if n > 0 {
			if err := visit(cell, n); err != nil {
				return true, err
			}
		}
		var err error
		if cell, err = geo.KeyCell(key).Parent(resolution); err != nil {
			return true, fmt.Errorf("index %s: entry under key %x: %w", x.Name(), cursor.Key(), fault.ErrCorrupt)
		}
		_, end = cell.Keys()
		n = 1
	}
	if n > 0 && cursor.Err() == nil {
		return true, visit(cell, n)
	}
	return true, cursor.Err()
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
