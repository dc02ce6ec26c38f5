package aggregate

import (
	"context"
	"errors"

	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/query"
)

// A groupWorker groups the documents that one goroutine sees.
type groupWorker struct {
	groups
	most    int64     // bytes it may hold
	columns []int     // see [group.columns]
	keyed   uint64    // bit i: value i of a row is a part of the key
	last    *gathered // the group of the last row with values
	_       [64]byte  // workers share no line of the cache
}

// errMuch ends a grouping in several goroutines that needs too much memory.
var errMuch = errors.New("more groups than memory holds")

// fillWide groups in several goroutines, when the documents come right from a
// collection, their order does not matter, and the groups fit in memory. It reports
// whether it has.
//
// Which goroutine sees which documents is left to chance. What comes out is not: the
// accumulators that are used here yield the same in whatever order and parts they
// are given their values.
func (g *grouping) fillWide(ctx context.Context) (bool, error) {
	from, ok := g.in.(*found)
	if !ok || !g.loose {
		return false, nil
	}
	folder := from.folder()
	if folder == nil {
		return false, nil
	}
	workers := make([]groupWorker, folder.Workers())
	for i := range workers {
		workers[i].start(g, from.request.Needs, int64(len(workers)))
	}
	done, err := folder.Fold(ctx, from.collection, from.request, func(worker int, row *query.Row) error {
		return workers[worker].visit(row)
	})
	if errors.Is(err, errMuch) {
		return false, nil
	}
	if !done || err != nil {
		return false, err
	}
	return true, g.unite(ctx, workers)
}

func (w *groupWorker) start(g *grouping, needs []string, workers int64) {
	r := *g.run
	r.env = expr.NewEnv(r.env0)
	for i, v := range r.vars {
		r.env.Set(i, v)
	}
	w.groups, w.most = newGroups(g.group, &r), g.run.memory/workers
	w.columns, _ = g.columns(needs)
	for i, column := range w.columns {
		if column < 0 {
			w.values[i], _ = g.operand(i).Constant()
		} else if i < len(g.group.key.parts) {
			w.keyed |= 1 << column
		}
	}
}

func (w *groupWorker) visit(row *query.Row) error {
	var err error
	if row.Values != nil {
		err = w.takeValues(row)
	} else if err = w.evaluate(row.Doc); err == nil {
		err = w.take()
		// What was evaluated lives on nowhere: the memory is used again.
		w.run.env.Reset()
	}
	if err == nil && w.bytes > w.most {
		err = errMuch
	}
	return err
}

// takeValues is take for a row with values. Entries of an index come in long runs of
// one group, which is not looked for again.
func (w *groupWorker) takeValues(row *query.Row) error {
	parts := len(w.group.key.parts)
	if row.Fresh&w.keyed != 0 || w.last == nil {
		w.set(0, parts, row)
		w.last = w.find()
	}
	w.set(parts, len(w.columns), row)
	return w.add(w.last)
}

// set sets some of the values to those of a row.
func (w *groupWorker) set(from, to int, row *query.Row) {
	for i, column := range w.columns[from:to] {
		if column >= 0 {
			w.values[from+i] = row.Values[column]
		}
	}
}

// columns returns where the values of the group are among those at needs: of each part of
// the key, then of each output, -1 for one that is the same for every document. It
// reports false when the values do not tell.
func (g *group) columns(needs []string) ([]int, bool) {
	places := make(map[string]int, len(needs))
	for i, path := range needs {
		places[path] = i
	}
	list := make([]int, len(g.key.parts)+len(g.outputs.accs))
	for i := range list {
		if _, ok := g.operand(i).Constant(); ok {
			list[i] = -1
			continue
		}
		path, isPath := g.operand(i).Path()
		at, found := places[path]
		if !isPath || !found {
			return nil, false
		}
		list[i] = at
	}
	return list, true
}

// operand returns what computes value i of the group.
func (g *group) operand(i int) *expr.Expr {
	if i < len(g.key.parts) {
		return g.key.parts[i]
	}
	return g.outputs.accs[i-len(g.key.parts)].by.Operand()
}

// unite puts the groups of all workers together.
func (g *grouping) unite(ctx context.Context, workers []groupWorker) error {
	for i := range workers {
		for n, one := range workers[i].list {
			if n%checkEvery == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			have := g.table[one.key]
			if have == nil {
				g.table[one.key] = one
				g.list = append(g.list, one)
				continue
			}
			have.represent(one.id)
			for j, acc := range have.accs {
				acc.(expr.Merger).Merge(one.accs[j])
			}
		}
	}
	return nil
}
