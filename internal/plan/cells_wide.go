package plan

import (
	"bytes"
	"context"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/txn"
)

// A cellFold is a [wide] walk over the points of a geo index, of which cells are counted
// piece by piece. The cell that a piece ends in may go on in the next.
type cellFold struct {
	wide
	index      *index.Index
	resolution int
	runs       map[*piece][]cellRun // guarded by wide.mu
}

// A cellRun is a cell with the number of its points that follow one another.
type cellRun struct {
	cell geo.Cell
	n    int64
}

// foldCells is [CountCells] on several cores, for a span of an index that ends behind
// points.
func foldCells(ctx context.Context, snap txn.Snapshot, x *index.Index, span index.Span, resolution int, visit func(geo.Cell, int64) error) error {
	f := &cellFold{wide: wide{exec: &exec{snap: snap}}, index: x, resolution: resolution, runs: map[*piece][]cellRun{}}
	f.tread = f.count
	f.start(ctx, f.exec.narrowedEntries(x, span), workerCount())
	if err := f.wait(); err != nil {
		return err
	}
	return f.tell(visit)
}

// count counts the points of one piece.
func (f *cellFold) count(_ context.Context, _ int, p *piece) (end bool, err error) {
	var runs []cellRun
	c := &cellCount{index: f.index, resolution: f.resolution, visit: func(cell geo.Cell, n int64) error {
		runs = append(runs, cellRun{cell, n})
		return nil
	}}
	cursor := f.exec.snap.Entries(f.index, index.Span(p.r), false)
	defer func() { cursor.Close() }()
	for n := c.read(cursor); n > 0; n = c.read(cursor) {
		var key []byte
		if n == len(c.room) { // otherwise the cursor stands at no entry
			key = cursor.Key()
		}
		end, ok := f.deliver(p, nil, 0, 0, key)
		if !ok {
			return false, nil
		}
		if end != nil {
			rest := index.Span{Lo: append(bytes.Clone(key), 0), Hi: end}
			cursor.Close()
			cursor = f.exec.snap.Entries(f.index, rest, false)
		}
	}
	if err := c.close(cursor); err != nil {
		return false, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs[p] = runs
	return true, nil
}

// tell calls visit for each cell, when all pieces have been counted.
func (f *cellFold) tell(visit func(geo.Cell, int64) error) error {
	var last cellRun
	for _, p := range f.pieces {
		for _, r := range f.runs[p] {
			if r.cell == last.cell {
				last.n += r.n
				continue
			}
			if last.n > 0 {
				if err := visit(last.cell, last.n); err != nil {
					return err
				}
			}
			last = r
		}
	}
	if last.n == 0 {
		return nil
	}
	return visit(last.cell, last.n)
}
