package plan

import (
	"context"
	"fmt"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// fewValues is how many different values an order may have to be given up for a walk
// on several cores: what is gathered of each has to be in memory at once.
const fewValues = 1000

// Spreads reports whether it is better to [Fold] the documents of r, unordered, than
// to read them in the order of r, which an index has: that they can be made from the
// entries of the index on several cores, and have few values to be put in order.
func Spreads(snap txn.Snapshot, coll *txn.Collection, r *query.Request, o Options) (bool, error) {
	if coll == nil || r.Sort == nil || float64(snap.Size(coll)) < o.wideFrom() {
		return false, nil
	}
	values := len(r.Sort.Fields)
	unordered := *r
	unordered.Sort = nil
	p := newPlanner(snap, coll, &unordered, toFind, o)
	a, _, err := p.choose()
	if err != nil || !p.spreads(a) {
		return false, err
	}
	fields := a.index.Spec().Fields
	for i, f := range r.Sort.Fields {
		if i >= len(fields) || fields[i].Path != f.Path.String() {
			return false, nil
		}
	}
	distinct := snap.IndexStats(coll, a.index).Distinct
	return len(distinct) >= values && distinct[values-1] <= fewValues, nil
}

// spreads reports whether several workers share the entries of a.
func (p *planner) spreads(a *access) bool {
	return a.kind == byIndex && a.search == nil && p.purpose == toFind && p.r.Brief && p.anyOrder(a) &&
		p.window == 0 && len(a.spans) == 1 && len(a.checks) == 0 && a.estimate.entries >= p.options.wideFrom() && workerCount() > 1
}

// foldEntries hands v the rows of the entries of a.
func (x *exec) foldEntries(ctx context.Context, a *access, v *folding) error {
	f := &entryFold{wide: wide{exec: x}, access: a, columns: x.planner.columns(a.index), to: v}
	f.tread = f.walk
	f.start(ctx, x.narrowedEntries(a.index, a.spans[0]), workerCount())
	err := f.wait()
	x.keys, x.docs = f.keys, f.fetched // documents made are not looked at
	return err
}

// columns returns where the entries of x, which cover the query, have the values that the
// reader needs: the place of a field, -1 for the _id. It returns nil when the reader
// wants documents.
func (p *planner) columns(x *index.Index) []int {
	if !p.r.Bare {
		return nil
	}
	list := make([]int, len(p.r.Needs))
	for i, path := range p.r.Needs {
		list[i] = slices.IndexFunc(x.Spec().Fields, func(f index.Field) bool { return f.Path == path && path != "_id" })
	}
	return list
}

// An entryFold is a [wide] walk over the entries of an index, of which rows are made.
type entryFold struct {
	wide
	access        *access
	columns       []int // see [planner.columns]
	to            *folding
	keys, fetched int64 // guarded by wide.mu
}

// A rowing is a stint over entries.
type rowing struct {
	stint
	fold    *entryFold
	cursor  *txn.EntryCursor
	coverer *coverer
	filter  *query.Filter // nil when the entries are known to match
	entries [64]index.Parts
	row     query.Row
	values  []document.Value // of the row, where they are known

	keys, fetched, found int64
}

// walk walks over a piece.
func (f *entryFold) walk(_ context.Context, worker int, p *piece) (bool, error) {
	w := &rowing{stint: stint{wide: &f.wide, worker: worker, piece: p}, fold: f, coverer: f.access.cover.start(true), values: make([]document.Value, len(f.columns))}
	if !f.access.exact {
		w.filter = f.exec.planner.filter
	}
	w.cursor = f.exec.snap.Entries(f.access.index, index.Span(p.r), false)
	defer w.close()
	return w.walk()
}

// walk walks to the end of the piece, and reports false when the scan is over
// before that.
func (w *rowing) walk() (end bool, err error) {
	for {
		entries := w.entries[:w.cursor.Batch(w.entries[:])]
		if len(entries) == 0 {
			w.finish()
			return true, w.cursor.Err()
		}
		w.keys += int64(len(entries))
		for i := range entries {
			ok, err := w.read(entries[i])
			if ok && err == nil {
				w.found++
				err = w.fold.to.do(w.worker, &w.row)
			}
			if err != nil {
				return false, err
			}
		}
		if !w.pass(len(entries), w.cursor.Key()) {
			return false, nil
		}
		if w.end != nil {
			w.cursor.Until(w.end)
		}
	}
}

// read sets the row of an entry and reports whether it matches.
func (w *rowing) read(e index.Parts) (bool, error) {
	known := w.coverer.reader.Read(e)
	bare := known && w.fold.columns != nil
	if !bare || w.filter != nil {
		if err := w.readDoc(e, known); err != nil {
			return false, err
		}
	}
	if w.filter != nil {
		if ok, err := w.filter.Match(w.row.Doc); err != nil || !ok {
			return false, err
		}
	}
	w.row.Values = nil
	if bare {
		w.readValues()
	}
	return true, nil
}

// readDoc sets the document of an entry: it is made from one that is known.
func (w *rowing) readDoc(e index.Parts, known bool) (err error) {
	if known {
		if w.row.Doc, known = w.coverer.make(); known {
			return nil
		}
	}
	w.fetched++
	key := keys.AppendDocumentOf(nil, w.fold.exec.coll.ID, e.ID)
	w.row.Doc, err = w.fold.exec.snap.GetKey(key)
	if err == nil && w.row.Doc.IsZero() {
		err = fmt.Errorf("an index has an entry for the document under key %x, which does not exist: %w", key, fault.ErrCorrupt)
	}
	return err
}

// readValues sets the values of the entry.
func (w *rowing) readValues() {
	r := w.coverer.reader
	changed, fresh := r.Fresh(), uint64(0)
	for i, field := range w.fold.columns {
		switch {
		case field < 0:
			w.values[i] = r.ID()
		case changed>>field&1 != 0:
			w.values[i] = r.Value(field)
		default:
			continue
		}
		fresh |= 1 << i
	}
	w.row.Values, w.row.Fresh = w.values, fresh
}

func (w *rowing) close() {
	w.cursor.Close()
	w.fold.to.workers[w.worker].n += w.found
	w.fold.mu.Lock()
	defer w.fold.mu.Unlock()
	w.fold.keys += w.keys
	w.fold.fetched += w.fetched
}
