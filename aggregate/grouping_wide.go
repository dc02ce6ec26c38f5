package aggregate

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/keys"
)

// A groupWorker groups the documents that one goroutine sees.
type groupWorker struct {
	grouping
	_ [64]byte // workers share no line of the cache
}

// errMuch ends a grouping in several goroutines that needs too much memory.
var errMuch = errors.New("more groups than memory holds")

// fillWide groups in several goroutines, when the documents come right from a
// collection, their order does not matter, and the groups fit in memory. It reports
// whether it has.
func (g *grouping) fillWide(ctx context.Context) (bool, error) {
	from, ok := g.in.(*found)
	if !ok || !g.group.wide {
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
	done, err := folder.Fold(ctx, from.collection, from.request.Filter, func(worker int, key []byte, doc document.Doc) error {
		return workers[worker].visit(key, doc)
	})
	if errors.Is(err, errMuch) {
		return false, nil
	}
	if !done || err != nil {
		return false, err
	}
	g.in.close()
	g.unite(workers)
	return true, nil
}

func (w *groupWorker) start(g *grouping, workers int64) {
	r := *g.run
	r.env = expr.NewEnv(r.env0)
	for i, v := range r.vars {
		r.env.Set(i, v)
	}
	r.memory = g.run.memory / workers
	w.grouping = grouping{group: g.group, run: &r, table: make(map[string]*gathered), values: make([]document.Value, len(g.outputs))}
}

func (w *groupWorker) visit(key []byte, doc document.Doc) error {
	id, err := w.evaluate(doc.Value())
	if err != nil {
		return err
	}
	w.key = keys.Append(w.key[:0], id, false)
	one := w.table[string(w.key)]
	if one == nil {
		if w.bytes += int64(2*len(w.key) + len(key) + 2*beside); w.bytes > w.run.memory {
			return errMuch
		}
		one = w.begin(id)
		w.table[string(w.key)] = one
		one.first = bytes.Clone(key)
	} else if bytes.Compare(key, one.first) < 0 {
		one.first, one.id = append(one.first[:0], key...), keepID(one.id, id)
	}
	return w.add(one)
}

// keepID returns the key of a group as its first document has it, which may be
// another one of equal numbers.
func keepID(old, id document.Value) document.Value {
	if string(old.Raw()) == string(id.Raw()) {
		return old
	}
	return id.Clone()
}

// unite puts the groups of all workers together, in the order of their first
// documents.
func (g *grouping) unite(workers []groupWorker) {
	for i := range workers {
		for key, one := range workers[i].table {
			have := g.table[key]
			if have == nil {
				g.table[key] = one
				g.list = append(g.list, one)
				continue
			}
			for j, acc := range have.accs {
				acc.(expr.Merger).Merge(one.accs[j])
			}
			if bytes.Compare(one.first, have.first) < 0 {
				have.first, have.id = one.first, one.id
			}
		}
	}
	slices.SortFunc(g.list, func(a, b *gathered) int { return bytes.Compare(a.first, b.first) })
	g.table = nil
}
