package plan

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
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

// foldEntries lets v visit the documents made from the entries of a.
func (x *exec) foldEntries(ctx context.Context, a *access, v visitor) error {
	r := storage.Range(a.spans[0])
	last := x.snap.Entries(a.index, a.spans[0], true)
	if last.Next() {
		r.Hi = append(bytes.Clone(last.Key()), 0)
	}
	err := last.Err()
	last.Close()
	if err != nil {
		return err
	}
	f := &entryFold{wide: wide{exec: x, visit: v}, access: a, columns: x.planner.columns(a.index)}
	f.open = f.pass
	f.start(ctx, r, workerCount())
	err = f.wait()
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

// An entryFold is a [wide] walk over the entries of an index, of which documents are
// made.
type entryFold struct {
	wide
	access        *access
	columns       []int // see [planner.columns]
	keys, fetched int64 // guarded by wide.mu
}

// An entryPass walks over one piece of an entryFold.
type entryPass struct {
	*txn.EntryCursor
	fold          *entryFold
	coverer       *coverer
	filter        *query.Filter // nil when the entries are known to match
	row           query.Row
	values        []document.Value // of the row, where they are known
	keys, fetched int64
	err           error
}

func (f *entryFold) pass(_ context.Context, r storage.Range) pass {
	p := &entryPass{fold: f, EntryCursor: f.exec.snap.Entries(f.access.index, index.Span(r), false), coverer: f.access.cover.start(true)}
	if !f.access.exact {
		p.filter = f.exec.planner.filter
	}
	p.values = make([]document.Value, len(f.columns))
	return p
}

func (p *entryPass) Next() bool {
	for p.err == nil && p.EntryCursor.Next() {
		if p.keys++; p.keys%checkEvery == 0 && p.fold.over() {
			return false
		}
		var ok bool
		if ok, p.err = p.read(); ok {
			return p.err == nil
		}
	}
	return false
}

// read sets the row of the entry and reports whether it matches.
func (p *entryPass) read() (bool, error) {
	e := p.Parts()
	known := p.coverer.reader.Read(e)
	bare := known && p.fold.columns != nil
	if !bare || p.filter != nil {
		if err := p.readDoc(e, known); err != nil {
			return false, err
		}
	}
	if p.filter != nil {
		if ok, err := p.filter.Match(p.row.Doc); err != nil || !ok {
			return false, err
		}
	}
	p.row.Values = nil
	if bare {
		p.readValues()
	}
	return true, nil
}

// readDoc sets the document of an entry: it is made from one that is known.
func (p *entryPass) readDoc(e index.Parts, known bool) (err error) {
	if known {
		if p.row.Doc, known = p.coverer.make(); known {
			return nil
		}
	}
	p.fetched++
	key := keys.AppendDocumentOf(nil, p.fold.exec.coll.ID, e.ID)
	p.row.Doc, err = p.fold.exec.snap.GetKey(key)
	if err == nil && p.row.Doc.IsZero() {
		err = fmt.Errorf("an index has an entry for the document under key %x, which does not exist: %w", key, fault.ErrCorrupt)
	}
	return err
}

// readValues sets the values of the entry.
func (p *entryPass) readValues() {
	r := p.coverer.reader
	changed, fresh := r.Fresh(), uint64(0)
	for i, field := range p.fold.columns {
		switch {
		case field < 0:
			p.values[i] = r.ID()
		case changed>>field&1 != 0:
			p.values[i] = r.Value(field)
		default:
			continue
		}
		fresh |= 1 << i
	}
	p.row.Values, p.row.Fresh = p.values, fresh
}

func (p *entryPass) Doc() document.Doc { return p.row.Doc }

func (p *entryPass) Own() (document.Doc, error) {
	return document.FromRaw(bytes.Clone(p.row.Doc.Raw())), nil
}

// Valid has nothing to do: what is made here is valid, what is fetched was validated.
func (p *entryPass) Valid() error { return nil }

func (p *entryPass) Err() error {
	if p.err != nil {
		return p.err
	}
	return p.EntryCursor.Err()
}

func (p *entryPass) Close() {
	p.EntryCursor.Close()
	p.fold.mu.Lock()
	defer p.fold.mu.Unlock()
	p.fold.keys += p.keys
	p.fold.fetched += p.fetched
}

// over reports whether the walk was ended, which many entries in a row that do not
// match must not keep from being noticed.
func (f *entryFold) over() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stopped
}
