// Package plan chooses how to run a query and runs it. A query becomes a chain
// of sources, each pulling documents from the one beneath: a read of one key or
// of a whole collection, a filter, an order, a window, a projection.
package plan

import (
	"context"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// Options bound the working memory of one query.
type Options struct {
	Memory int64 // bytes of documents a sort may hold before it spills to disk; 0 means 64 MiB
}

const defaultMemory = 64 << 20

// checkEvery is how many documents a loop passes between two looks at the context.
const checkEvery = 256

// A source yields documents one after another. It belongs to one goroutine.
type source interface {
	// next returns the next document, which is valid until the following call
	// unless keep has been called for it. It returns false at the end.
	next(ctx context.Context) (document.Doc, bool, error)
	// keep returns the document last returned by next, valid for ever.
	keep() (document.Doc, error)
	// key returns the key of the document last returned by next, valid until the
	// following call.
	key() []byte
	close()
}

// Find runs r against coll as snap shows it. A nil coll holds no documents. The
// snapshot stays the caller's and must live as long as the cursor.
func Find(snap txn.Snapshot, coll *txn.Collection, r *query.Request, o Options) *Cursor {
	c := &Cursor{skip: r.Skip, limit: r.Limit, projection: r.Projection, filter: r.Filter, left: r.Limit}
	if coll == nil {
		c.src = empty{}
		return c
	}
	c.src = access(snap, coll, r.Filter)
	if r.Sort != nil && len(r.Sort.Fields) > 0 {
		c.src = order(c.src, r, o)
	}
	return c
}

// Count returns how many documents of coll match filter; nil matches all.
func Count(ctx context.Context, snap txn.Snapshot, coll *txn.Collection, filter *query.Filter) (int64, error) {
	if coll == nil {
		return 0, nil
	}
	if filter == nil {
		return snap.Count(coll), nil
	}
	src := access(snap, coll, filter)
	defer src.close()
	var n int64
	for {
		_, ok, err := src.next(ctx)
		if err != nil || !ok {
			return n, err
		}
		n++
	}
}

// access returns the source of the documents that match filter: a read by _id
// where the filter pins it, else a scan of the collection.
func access(snap txn.Snapshot, coll *txn.Collection, filter *query.Filter) source {
	if filter != nil {
		if id, ok := filter.ID(); ok {
			return &fetch{snap: snap, coll: coll, id: id, filter: filter}
		}
	}
	return &scan{cursor: snap.Scan(coll), filter: filter}
}

// empty is the source of a collection that does not exist.
type empty struct{}

func (empty) next(context.Context) (document.Doc, bool, error) { return document.Doc{}, false, nil }
func (empty) keep() (document.Doc, error)                      { return document.Doc{}, nil }
func (empty) key() []byte                                      { return nil }
func (empty) close()                                           {}

// fetch reads the one document that a filter pins by _id.
type fetch struct {
	snap   txn.Snapshot
	coll   *txn.Collection
	id     document.Value
	filter *query.Filter
	doc    document.Doc
	done   bool
}

func (f *fetch) next(ctx context.Context) (document.Doc, bool, error) {
	if f.done {
		return document.Doc{}, false, nil
	}
	f.done = true
	if err := ctx.Err(); err != nil {
		return document.Doc{}, false, err
	}
	doc, err := f.snap.Get(f.coll, f.id)
	if err != nil || doc.IsZero() {
		return document.Doc{}, false, err
	}
	ok, err := f.filter.Match(doc)
	f.doc = doc
	return doc, ok, err
}

func (f *fetch) keep() (document.Doc, error) { return f.doc, nil }
func (f *fetch) key() []byte                 { return keys.Document(f.coll.ID, f.id) }
func (f *fetch) close()                      {}

// scan walks a whole collection.
type scan struct {
	cursor *txn.Cursor
	filter *query.Filter
	passed int
}

func (s *scan) next(ctx context.Context) (document.Doc, bool, error) {
	for s.cursor.Next() {
		if s.passed%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return document.Doc{}, false, err
			}
		}
		s.passed++
		if s.filter == nil {
			return s.cursor.Doc(), true, nil
		}
		ok, err := s.filter.Match(s.cursor.Doc())
		if err != nil {
			return document.Doc{}, false, corruptAt(s.cursor.Key(), err)
		}
		if ok {
			return s.cursor.Doc(), true, nil
		}
	}
	return document.Doc{}, false, s.cursor.Err()
}

func (s *scan) keep() (document.Doc, error) { return s.cursor.Own() }
func (s *scan) key() []byte                 { return s.cursor.Key() }
func (s *scan) close()                      { s.cursor.Close() }
