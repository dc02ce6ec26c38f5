// Package plan chooses how to run a query and runs it. It knows what a filter says
// of the fields of an index, weighs the ways that lead to the documents, and turns
// the cheapest into a chain of sources, each pulling from the one beneath: entries
// of an index or stretches of the collection, documents, a filter, an order, a
// window, a projection.
//
// Whatever the plan, the answer is that of a walk over the whole collection:
// without an order, and where an order leaves ties, documents come by _id.
package plan

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// Options are what a database has set for all queries.
type Options struct {
	Clock        clock.Clock
	Advisor      *Advisor      // is told of every run; nil is nobody
	Slow         time.Duration // runs that take longer are logged; 0 logs none
	Logger       *slog.Logger  // for them
	Memory       int64         // bytes that a sort may hold before it spills to disk; 0 means 64 MiB
	Temp         string        // the folder that sorts spill to; empty means the system's
	RequireIndex bool          // walks over more than a few hundred documents are refused
	Trace        func(Run)     // is told of every run that has ended; nil is nobody
	Candidate    int           // for tests: use the n-th of the ways that were weighed, whatever they cost; 0 means the cheapest
	Wide         int           // for tests: so many documents are walked over on several cores; 0 means 20,000
}

const defaultMemory = 64 << 20

// freeScan is the number of documents that may be walked over without an index.
const freeScan = 500

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
	if coll == nil {
		return newCursor(r, empty{})
	}
	run, err := begin(newPlanner(snap, coll, r, toFind, o))
	if err != nil {
		return &Cursor{src: empty{}, err: err}
	}
	c := newCursor(r, run.exec.source(run.access))
	c.run = run
	return c
}

// plan chooses an access and refuses it if the options do.
func (p *planner) plan() (*access, error) {
	a := p.pinned()
	if a == nil {
		var err error
		if a, _, err = p.choose(); err != nil {
			return nil, err
		}
	}
	if p.options.RequireIndex && a.kind == byScan && p.documents > freeScan && (len(p.conjuncts) > 0 || len(p.by) > 0) {
		return nil, p.refusal()
	}
	return a, nil
}

// refusal is the error of a walk over the collection that the options forbid.
func (p *planner) refusal() error {
	remedy := "no index can serve it"
	if want, _ := p.wanted(); len(want.Fields) > 0 && !p.has(want) {
		remedy = "create an index on (" + want.Keys() + ")"
	}
	return fmt.Errorf("%s: the query would walk over %.0f documents and indexes are required, %s: %w", p.shapeText(), p.documents, remedy, fault.ErrInvalid)
}

// pinned returns the access to the one document that the filter names by _id, nil
// when it names none.
func (p *planner) pinned() *access {
	if p.r.Filter == nil || p.r.Hint != "" && p.r.Hint != query.IDIndex {
		return nil
	}
	if _, ok := p.r.Filter.ID(); !ok {
		return nil
	}
	return p.idAccess()
}

// Count returns how many documents of coll match the request's filter.
func Count(ctx context.Context, snap txn.Snapshot, coll *txn.Collection, r *query.Request, o Options) (int64, error) {
	if coll == nil {
		return 0, nil
	}
	if r.Filter == nil {
		return snap.Count(coll), nil
	}
	return count(ctx, newPlanner(snap, coll, r, toCount, o), 0)
}

// Exists reports whether a document of coll matches the request's filter.
func Exists(ctx context.Context, snap txn.Snapshot, coll *txn.Collection, r *query.Request, o Options) (bool, error) {
	if coll == nil || r.Filter == nil {
		return coll != nil && snap.Count(coll) > 0, nil
	}
	n, err := count(ctx, newPlanner(snap, coll, r, toCount, o), 1)
	return n > 0, err
}

// count counts up to limit documents, or all when limit is 0.
func count(ctx context.Context, p *planner, limit int64) (int64, error) {
	p.window = int(limit)
	r, err := begin(p)
	if err != nil {
		return 0, err
	}
	n, err := r.exec.count(ctx, r.access, limit)
	r.end(n)
	return n, err
}

func (x *exec) count(ctx context.Context, a *access, limit int64) (int64, error) {
	if a.exact && a.kind == byIndex {
		return countItems(ctx, x.items(a), limit)
	}
	src := x.unsorted(a)
	defer src.close()
	if g, ok := src.(*growing); ok && limit == 0 {
		var c counting
		err := g.fold(ctx, &c)
		return c.sum(), err
	}
	for n := int64(0); ; n++ {
		if limit > 0 && n == limit {
			return n, nil
		}
		_, ok, err := src.next(ctx)
		if err != nil || !ok {
			return n, err
		}
	}
}

// A counter counts its items for less than it takes to yield them.
type counter interface {
	// count returns how many items are left, or limit when there are more and it is
	// not 0.
	count(ctx context.Context, limit int64) (int64, error)
}

// countItems counts without looking at documents.
func countItems(ctx context.Context, src items, limit int64) (int64, error) {
	defer src.close()
	if c, ok := src.(counter); ok {
		return c.count(ctx, limit)
	}
	most := math.MaxInt
	if limit > 0 {
		most = int(limit)
	}
	n, err := skip(ctx, src, most)
	return int64(n), err
}

// empty is the source of a collection that does not exist.
type empty struct{}

func (empty) next(context.Context) (document.Doc, bool, error) { return document.Doc{}, false, nil }
func (empty) keep() (document.Doc, error)                      { return document.Doc{}, nil }
func (empty) key() []byte                                      { return nil }
func (empty) close()                                           {}
