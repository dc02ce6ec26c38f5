package virga

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/plan"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/txn"
)

// A moment is what a pipeline reads from: the database, or what a transaction sees
// of it, and the attached databases, each as of one moment. It belongs to one
// goroutine.
type moment struct {
	coll     *Collection
	snap     txn.Snapshot
	attached map[string]*momentOf
	given    []any // conditions of the pipeline that is explained, as they were given
}

// handedTo returns the database in the hands of whoever reads from it through
// another one: an identity there is one here.
func (db *DB) handedTo(who *identity) *DB {
	if who == nil || db.who != nil {
		return db
	}
	return &DB{core: db.core, who: who}
}

// A momentOf is an attached database as of one moment.
type momentOf struct {
	db   *DB
	snap txn.Snapshot
}

var (
	_ aggregate.Database    = (*moment)(nil)
	_ aggregate.Folder      = (*moment)(nil)
	_ aggregate.CellCounter = (*moment)(nil)
)

// moment returns what pipelines on the collection read from. The caller releases it.
func (c *Collection) moment() (*moment, error) {
	snap, err := c.snapshot()
	if err != nil {
		return nil, err
	}
	return &moment{coll: c, snap: snap}, nil
}

func (m *moment) release() {
	m.snap.Release()
	for _, a := range m.attached {
		a.snap.Release()
	}
}

// find returns the moment, and the collection in it, nil when it does not exist,
// that name stands for, and the handle that it is read by.
func (m *moment) find(name string) (txn.Snapshot, *txn.Collection, *Collection, error) {
	db := m.coll.db
	if name != m.coll.name {
		if err := db.forProgram("lookups in another collection"); err != nil {
			return txn.Snapshot{}, nil, nil, err
		}
	}
	if alias, rest, ok := strings.Cut(name, "."); ok {
		a, err := m.attachedAs(alias)
		if err != nil {
			return txn.Snapshot{}, nil, nil, err
		}
		if a != nil {
			return a.snap, a.snap.Catalog().Collection(rest), &Collection{db: a.db, name: rest}, nil
		}
	}
	if err := txn.CheckName(name); err != nil {
		return txn.Snapshot{}, nil, nil, err
	}
	coll := m.snap.Catalog().Collection(name)
	return m.snap, coll, &Collection{db: db, name: name}, db.known(coll)
}

// read returns what is read from a collection for r, as who calls may ask it.
func (m *moment) read(ctx context.Context, name string, r *query.Request) (reading, plan.Options, error) {
	snap, coll, c, err := m.find(name)
	if err != nil {
		return reading{}, plan.Options{}, err
	}
	in := reading{snap: snap, coll: coll, request: r}
	if c.db.who != nil {
		in.request, in.added, err = c.permitted(ctx, snap, coll, deed{op: rules.Read}, r)
	}
	return in, m.plan(c.db), err
}

// attachedAs returns the database attached under alias, nil when there is none.
func (m *moment) attachedAs(alias string) (*momentOf, error) {
	if a, ok := m.attached[alias]; ok {
		return a, nil
	}
	db := m.coll.db.attached.get(alias)
	if db == nil {
		return nil, nil
	}
	snap, err := db.docs.Snapshot()
	if err != nil {
		return nil, fmt.Errorf("attached database %s: %w", alias, err)
	}
	if m.attached == nil {
		m.attached = make(map[string]*momentOf)
	}
	m.attached[alias] = &momentOf{db.handedTo(m.coll.db.who), snap}
	return m.attached[alias], nil
}

// plan returns what the runs of the pipeline in a database have in common.
func (m *moment) plan(db *DB) plan.Options {
	o := db.plan
	o.Trace = m.coll.plan().Trace
	return o
}

// Find runs r against a collection.
func (m *moment) Find(name string, r *query.Request) (aggregate.Cursor, error) {
	snap, coll, c, err := m.find(name)
	if err != nil {
		return nil, err
	}
	if c.db.who != nil {
		return &permittedCursor{moment: m, name: name, request: r}, nil
	}
	return plan.Find(snap, coll, r, m.plan(c.db)), nil
}

// A permittedCursor yields what an identity may read. It asks the rules at its first
// step.
type permittedCursor struct {
	moment  *moment
	name    string
	request *query.Request
	found   aggregate.Cursor // nil before the first step
	err     error
}

// Next moves to the next document and reports whether there is one.
func (c *permittedCursor) Next(ctx context.Context) bool {
	if c.found == nil && c.err == nil {
		in, options, err := c.moment.read(ctx, c.name, c.request)
		if c.err = err; err == nil {
			c.found = plan.Find(in.snap, in.coll, in.request, options)
		}
	}
	return c.err == nil && c.found.Next(ctx)
}

func (c *permittedCursor) Doc() document.Doc { return c.found.Doc() }

// Distance returns the distance of the current document in metres.
func (c *permittedCursor) Distance() float64 { return c.found.Distance() }

// Err returns what ended the cursor early, or nil.
func (c *permittedCursor) Err() error {
	if c.err != nil || c.found == nil {
		return c.err
	}
	return c.found.Err()
}

func (c *permittedCursor) Close() {
	if c.found != nil {
		c.found.Close()
	}
}

// Fold hands out the documents of a collection to several goroutines.
func (m *moment) Fold(ctx context.Context, name string, r *query.Request, visit func(worker int, row *query.Row) error) (bool, error) {
	in, options, err := m.read(ctx, name, r)
	if err != nil {
		return false, err
	}
	return plan.Fold(ctx, in.snap, in.coll, in.request, options, visit)
}

// Spreads reports whether to Fold the documents of r costs less than to read them in
// its order.
func (m *moment) Spreads(name string, r *query.Request) (bool, error) {
	snap, coll, c, err := m.find(name)
	if err != nil {
		return false, err
	}
	return plan.Spreads(snap, coll, r, c.db.plan)
}

// CountCells counts points by their cells, if an index knows them.
func (m *moment) CountCells(ctx context.Context, name, path string, resolution int, visit func(geo.Cell, int64) error) (bool, error) {
	in, options, err := m.read(ctx, name, &query.Request{})
	if err != nil || in.request.Filter != nil { // rules may leave some documents only
		return false, err
	}
	return plan.CountCells(ctx, in.snap, in.coll, path, resolution, options, visit)
}

// ExplainCells says how CountCells counts, if an index knows the cells.
func (m *moment) ExplainCells(ctx context.Context, name, path string) (query.Explain, bool, error) {
	in, _, err := m.read(ctx, name, &query.Request{})
	if err != nil || in.request.Filter != nil {
		return query.Explain{}, false, err
	}
	e, ok := plan.ExplainCells(in.snap, in.coll, path)
	if !ok {
		return e, false, nil
	}
	e.Modifications, err = m.coll.db.modifications(m.given, in.added)
	return e, true, err
}

// Workers is the most goroutines of a Fold.
func (m *moment) Workers() int { return plan.Workers }

// Count counts documents of a collection.
func (m *moment) Count(ctx context.Context, name string, f *query.Filter) (int64, error) {
	in, options, err := m.read(ctx, name, &query.Request{Filter: f})
	if err != nil {
		return 0, err
	}
	return plan.Count(ctx, in.snap, in.coll, in.request, options)
}

// Explain says how r is run.
func (m *moment) Explain(ctx context.Context, name string, r *query.Request, count bool) (query.Explain, error) {
	in, options, err := m.read(ctx, name, r)
	if err != nil {
		return query.Explain{}, err
	}
	op := "aggregate"
	if count {
		op = "count"
	}
	e, err := plan.Explain(ctx, in.snap, in.coll, in.request, op, options)
	e.Collection = name
	if err == nil {
		e.Modifications, err = m.coll.db.modifications(m.given, in.added)
	}
	return e, err
}

// InOrder reports whether an index has what r asks for in its order.
func (m *moment) InOrder(name string, r *query.Request) (bool, error) {
	snap, coll, c, err := m.find(name)
	if err != nil {
		return false, err
	}
	return plan.InOrder(snap, coll, r, c.db.plan)
}

// Indexed reports whether an index begins with path, or path is the _id. For an
// identity it always does: whether rules allow a lookup must not depend on indexes,
// and to ask for the values that are wanted proves more than to ask for everything.
func (m *moment) Indexed(name, path string) bool {
	if m.coll.db.who != nil {
		return true
	}
	_, coll, _, err := m.find(name)
	if err != nil || coll == nil {
		return false
	}
	return path == "_id" || slices.ContainsFunc(coll.Indexes(), func(x *index.Index) bool {
		return x.Spec().Fields[0].Path == path && !x.Spec().Sparse && x.GeoField() < 0
	})
}

// GeoPaths returns the paths of the geo indexes of a collection.
func (m *moment) GeoPaths(name string) []string {
	_, coll, _, err := m.find(name)
	if err != nil || coll == nil {
		return nil
	}
	var paths []string
	for _, x := range coll.Indexes() {
		if path := x.Spec().Geo; path != "" && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}
