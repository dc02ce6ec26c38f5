package aggregate

import (
	"context"
	"errors"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
)

// A groupWorker groups the documents that one goroutine sees.
type groupWorker struct {
	groups
	most int64    // bytes it may hold
	_    [64]byte // workers share no line of the cache
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
		workers[i].start(g, int64(len(workers)))
	}
	done, err := folder.Fold(ctx, from.collection, from.request, func(worker int, doc document.Doc) error {
		return workers[worker].visit(doc)
	})
	if errors.Is(err, errMuch) {
		return false, nil
	}
	if !done || err != nil {
		return false, err
	}
	return true, g.unite(ctx, workers)
}

func (w *groupWorker) start(g *grouping, workers int64) {
	r := *g.run
	r.env = expr.NewEnv(r.env0)
	for i, v := range r.vars {
		r.env.Set(i, v)
	}
	w.groups, w.most = newGroups(g.group, &r), g.run.memory/workers
}

func (w *groupWorker) visit(doc document.Doc) error {
	if err := w.evaluate(doc); err != nil {
		return err
	}
	if err := w.take(); err != nil {
		return err
	}
	if w.bytes > w.most {
		return errMuch
	}
	// What was evaluated lives on nowhere: the memory is used again.
	w.run.env.Reset()
	return nil
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
