package plan

import (
	"bytes"
	"context"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/sorter"
	"github.com/virgadb/virga/query"
)

// maxTop is the largest window kept in a heap. A larger one is sorted whole.
const maxTop = 10_000

// sorted is the source that sorts another one. With a window that fits in memory
// only its documents are held.
type sorted struct {
	src     source
	by      *query.Sort
	fields  int      // so many of its fields order anything
	after   []byte   // only documents behind this sort key; nil for all
	narrow  []string // the fields that are held of each document; nil for all
	sorter  sorter.Sorter
	filled  bool
	err     error // of what is asked for
	current sorter.Record
}

// newSorted returns src in the order of the request.
func (x *exec) newSorted(src source, r *query.Request) *sorted {
	s := &sorted{src: src, by: r.Sort, fields: len(r.Sort.Fields), sorter: sorter.Sorter{Memory: x.memory, Dir: x.planner.options.Temp}}
	if n := len(x.planner.by); n < s.fields {
		s.fields = n + 1 // behind _id there are no ties
	}
	if window := r.Skip + r.Limit; r.Limit > 0 && window <= maxTop {
		s.sorter.Top = window
	} else if r.Needs != nil {
		s.narrow = append(s.narrow, "_id")
		for _, path := range r.Needs {
			s.narrow = append(s.narrow, firstSegment(path))
		}
	}
	if !r.After.IsZero() {
		var ok bool
		if s.after, ok, s.err = s.appendKey(nil, r.After, keys.Document(x.coll.ID, r.After.Value().Field("_id"))); !ok && s.err == nil {
			s.err = fmt.Errorf("after a document that is at no distance within the bounds: %w", fault.ErrInvalid)
		}
	}
	return s
}

func (s *sorted) next(ctx context.Context) (document.Doc, bool, error) {
	if s.err != nil {
		return document.Doc{}, false, s.err
	}
	if !s.filled {
		s.filled = true
		if err := s.fill(ctx); err != nil {
			return document.Doc{}, false, err
		}
	}
	r, ok, err := s.sorter.Next(ctx)
	s.current = r
	return r.Doc, ok, err
}

func (s *sorted) keep() (document.Doc, error) { return s.current.Doc, nil }
func (s *sorted) key() []byte                 { return nil }

func (s *sorted) close() {
	s.src.close()
	s.sorter.Close()
}

// fill reads the whole source into order.
func (s *sorted) fill(ctx context.Context) error {
	fill := s.fillAlone
	if g, ok := s.src.(*growing); ok && s.sorter.Top > 0 && workerCount() > 1 {
		fill = func(ctx context.Context) error { return s.fillWide(ctx, g) }
	}
	if err := fill(ctx); err != nil {
		return err
	}
	s.src.close()
	return s.sorter.Finish(ctx)
}

func (s *sorted) fillAlone(ctx context.Context) error {
	var scratch []byte
	own := s.src.keep
	for {
		doc, ok, err := s.src.next(ctx)
		if err != nil || !ok {
			return err
		}
		var in bool
		if scratch, in, err = s.appendKey(scratch[:0], doc, s.src.key()); err == nil && in {
			err = s.offer(ctx, &s.sorter, scratch, own)
		}
		if err != nil {
			return err
		}
	}
}

// offer adds a document to a sorter, if it is wanted there.
func (s *sorted) offer(ctx context.Context, to *sorter.Sorter, key []byte, own func() (document.Doc, error)) error {
	if s.after != nil && bytes.Compare(key, s.after) <= 0 || !to.Wants(key) {
		return nil
	}
	doc, err := own()
	if err != nil {
		return err
	}
	if s.narrow != nil {
		doc = doc.Narrow(s.narrow)
	}
	return to.Push(ctx, sorter.Record{Key: bytes.Clone(key), Doc: doc})
}

// appendKey appends bytes that sort as doc does: its sort values, then its key,
// so that no two documents have the same. It reports false for a document that is
// out of the bounds of the distance to sort by.
func (s *sorted) appendKey(dst []byte, doc document.Doc, key []byte) (_ []byte, in bool, err error) {
	for i, f := range s.by.Fields[:s.fields] {
		if f.Near != nil {
			metres, in, err := f.Near.Distance(doc)
			if err != nil || !in {
				return dst, false, corruptAt(key, err)
			}
			dst = keys.AppendFloat(dst, metres)
		} else if v := s.by.Key(doc, i); v.Exists() {
			dst = keys.Append(dst, v, f.Desc)
		} else {
			dst = keys.AppendEmpty(dst, f.Desc)
		}
	}
	return append(dst, key...), true, nil
}

// distance returns what the document last returned was ordered by, in metres.
func (s *sorted) distance() float64 {
	v, _, _ := keys.Decode(s.current.Key, false, true)
	metres, _ := v.Float64()
	return metres
}
