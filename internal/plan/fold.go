package plan

import (
	"context"

	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// Workers is the most goroutines that call the function given to [Fold].
const Workers = maxWorkers

// Fold calls visit for every document that r, which has neither an order nor a window,
// asks for, in no order, in up to [Workers] goroutines at once, each with a number
// of its own. The row is valid until visit returns. Fold reports false, and has
// called nothing, when one goroutine would do: then there is nothing to gain over
// [Find].
func Fold(ctx context.Context, snap txn.Snapshot, coll *txn.Collection, r *query.Request, o Options, visit func(worker int, row *query.Row) error) (bool, error) {
	if coll == nil {
		return false, nil
	}
	p := newPlanner(snap, coll, r, toFind, o)
	if p.documents < o.wideFrom() {
		return false, nil
	}
	run, err := begin(p)
	if err != nil {
		return false, err
	}
	v := &folding{do: visit}
	if p.spreads(run.access) {
		err = run.exec.foldEntries(ctx, run.access, v)
		run.end(v.sum())
		return true, err
	}
	src := run.exec.unsorted(run.access)
	g, ok := src.(*growing)
	if !ok {
		src.close()
		return false, nil
	}
	defer src.close()
	err = g.fold(ctx, v)
	run.end(v.sum())
	return true, err
}

// A folding hands documents on, and counts them.
type folding struct {
	do      func(worker int, row *query.Row) error
	workers [maxWorkers]struct {
		n   int64
		row query.Row // of the document at hand
		_   [64]byte  // workers share no line of the cache
	}
}

func (*folding) whole() {}

func (v *folding) visit(_ context.Context, worker int, at *txn.Cursor) error {
	w := &v.workers[worker]
	w.n++
	w.row.Doc = at.Doc()
	return v.do(worker, &w.row)
}

func (v *folding) sum() (n int64) {
	for i := range v.workers {
		n += v.workers[i].n
	}
	return n
}
