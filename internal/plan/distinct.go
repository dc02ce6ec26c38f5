package plan

import (
	"context"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// Distinct returns the different values at path in the documents of coll that
// match the request's filter, in ascending order. The elements of an array count each for
// itself, and so do the values that path finds in the elements of an array on
// its way; documents without the path add nothing.
func Distinct(ctx context.Context, snap txn.Snapshot, coll *txn.Collection, r *query.Request, path document.Path, o Options) ([]document.Value, error) {
	if coll == nil {
		return nil, nil
	}
	p := newPlanner(snap, coll, r, toFind, o)
	if a := p.distinctAccess(path.String()); a != nil {
		return p.distinctByIndex(ctx, a, path)
	}
	run, err := begin(p)
	if err != nil {
		return nil, err
	}
	src := run.exec.source(run.access)
	defer src.close()
	d := distinct{path: path, seen: make(map[string]struct{})}
	for {
		doc, ok, err := src.next(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		d.passed++
		d.walk(doc.Value(), 0)
	}
	run.end(d.passed)
	return d.sorted(), nil
}

// distinct gathers the values of a path.
type distinct struct {
	path   document.Path
	seen   map[string]struct{} // by their encoded keys: equal values have equal keys
	values []document.Value
	key    []byte
	passed int64 // documents
}

// sorted returns the values in ascending order.
func (d *distinct) sorted() []document.Value {
	slices.SortFunc(d.values, document.Compare)
	return d.values
}

// walk follows the path from segment i on in v.
func (d *distinct) walk(v document.Value, i int) {
	segments := d.path.Segments()
	if i == len(segments) {
		d.leaf(v)
		return
	}
	switch v.Kind() {
	case document.Object:
		if next := v.Field(segments[i]); next.Exists() {
			d.walk(next, i+1)
		}
	case document.Array:
		if n, ok := d.path.Index(i); ok {
			if next := v.Element(n); next.Exists() {
				d.walk(next, i+1)
			}
		}
		for e := v.Elements(); e.Next(); {
			if e.Value().Kind() == document.Object {
				d.walk(e.Value(), i)
			}
		}
	}
}

// leaf adds the value at the end of the path, or the elements of an array there.
func (d *distinct) leaf(v document.Value) {
	if v.Kind() != document.Array {
		d.add(v)
		return
	}
	for e := v.Elements(); e.Next(); {
		d.add(e.Value())
	}
}

func (d *distinct) add(v document.Value) {
	d.key = keys.Append(d.key[:0], v, false)
	if _, ok := d.seen[string(d.key)]; ok {
		return
	}
	d.seen[string(d.key)] = struct{}{}
	d.values = append(d.values, v.Clone())
}
