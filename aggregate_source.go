package virga

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
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
func (m *moment) Fold(ctx context.Context, name string, r *query.Request, visit func(worker int, doc document.Doc) error) (bool, error) {
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
		e.Modifications, err = m.coll.db.modifications(nil, in.added)
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

// target returns the collection that a pipeline writes to.
func (m *moment) target(ctx context.Context, name string) (*Collection, error) {
	db := m.coll.db
	if alias, _, ok := strings.Cut(name, "."); ok && db.attached.get(alias) != nil {
		return nil, fmt.Errorf("%s is in an attached database, which is only read: %w", name, fault.ErrInvalid)
	}
	into := db.Collection(name)
	return into, into.definable(ctx)
}

// Replace begins to fill what takes the place of a collection.
func (m *moment) Replace(ctx context.Context, name string) (aggregate.Replacement, error) {
	into, err := m.target(ctx, name)
	if err != nil {
		return nil, err
	}
	r, err := into.db.docs.Replace(ctx, name)
	if err != nil {
		return nil, err
	}
	return &replacement{coll: into, Replacement: r}, nil
}

// A replacement gives documents an _id.
type replacement struct {
	coll *Collection
	*txn.Replacement
}

func (r *replacement) Add(ctx context.Context, docs []document.Doc) error {
	stored, ids, err := r.coll.stored(docs)
	if err != nil {
		return err
	}
	edit := func(i int, old document.Doc) (txn.Edit, error) {
		if !old.IsZero() {
			return txn.Edit{}, duplicate(stored[i].ID(), "stands in the result twice")
		}
		return txn.Edit{Op: txn.Insert, Doc: stored[i]}, nil
	}
	return r.Replacement.Apply(ctx, ids, func(_ txn.Snapshot, coll *txn.Collection) (txn.EditFunc, error) {
		return r.coll.checked(coll, edit)
	})
}

// stored returns documents that a pipeline made in the form in which they are
// stored, with their ids.
func (c *Collection) stored(docs []document.Doc) ([]document.Doc, []document.Value, error) {
	stored, ids := make([]document.Doc, len(docs)), make([]document.Value, len(docs))
	list := make([]ID, len(docs))
	for i, doc := range docs {
		var err error
		if stored[i], err = c.storedOne(doc); err != nil {
			return nil, nil, err
		}
		ids[i], list[i] = stored[i].Value().Field("_id"), stored[i].ID()
	}
	return stored, ids, distinct(list)
}

func (c *Collection) storedOne(doc document.Doc) (document.Doc, error) {
	canonical, err := document.Canonical(doc.Raw())
	if err == nil && !canonical.Value().Field("_id").Exists() {
		canonical, err = canonical.WithID(document.Text(c.db.ids.Next()))
	}
	if err != nil {
		return doc, fmt.Errorf("document %s: %w", doc.ID(), err)
	}
	return canonical, nil
}

// Mergeable reports why documents cannot be told apart by the paths of on.
func (m *moment) Mergeable(name string, on []document.Path) error {
	if len(on) == 1 && on[0].String() == "_id" {
		return nil
	}
	_, coll, _, err := m.find(name)
	if err != nil {
		return err
	}
	var paths []string
	for _, p := range on {
		paths = append(paths, p.String())
	}
	slices.Sort(paths)
	if coll != nil && slices.ContainsFunc(coll.Indexes(), func(x *index.Index) bool {
		return x.Spec().Unique && !x.Spec().Sparse && slices.Equal(sortedPaths(x.Spec()), paths)
	}) {
		return nil
	}
	return fault.At("on", fmt.Errorf("%s has no unique index on (%s): %w", name, strings.Join(paths, ", "), fault.ErrInvalid))
}

func sortedPaths(s index.Spec) []string {
	var paths []string
	for _, f := range s.Fields {
		paths = append(paths, f.Path)
	}
	slices.Sort(paths)
	return paths
}

// Merge edits the document that has the values of doc at the paths of on.
func (m *moment) Merge(ctx context.Context, name string, on []document.Path, doc document.Doc, edit aggregate.Edit) error {
	into, err := m.target(ctx, name)
	if err != nil {
		return err
	}
	if doc, err = into.storedOne(doc); err != nil {
		return err
	}
	if len(on) == 1 && on[0].String() == "_id" {
		return into.mergeAt(ctx, doc.Value().Field("_id"), doc, nil, edit)
	}
	cond, err := sameAt(on, doc)
	if err != nil {
		return err
	}
	filter, err := into.db.compileFilter(query.Raw(cond))
	if err != nil {
		return err
	}
	for {
		found, err := into.Where(query.Raw(cond)).Limit(1).Get(ctx)
		if err != nil {
			return err
		}
		id := doc.Value().Field("_id")
		if len(found) > 0 {
			id = found[0].Value().Field("_id")
		}
		err = into.mergeAt(ctx, id, doc, filter, edit)
		if errors.Is(err, errMoved) {
			continue
		}
		return err
	}
}

// errMoved says that another writer came in between.
var errMoved = errors.New("the document has changed")

// sameAt returns the condition of a document that has the values of doc at the
// paths of on.
func sameAt(on []document.Path, doc document.Doc) (D, error) {
	var cond D
	for _, p := range on {
		v := p.Lookup(doc.Value())
		if v.Kind() <= document.Null || v.Kind() == document.Array {
			return nil, fault.At(p.String(), fmt.Errorf("a field that documents are merged by is missing, null or an array: %w", fault.ErrInvalid))
		}
		cond = append(cond, E{Key: p.String(), Value: D{{"$eq", v}}})
	}
	return cond, nil
}

// mergeAt edits the document under id, which filter, unless nil, must have found.
func (c *Collection) mergeAt(ctx context.Context, id document.Value, doc document.Doc, filter *query.Filter, edit aggregate.Edit) error {
	return c.apply(ctx, deed{op: rules.Create}, []document.Value{id}, func(_ int, old document.Doc) (txn.Edit, error) {
		if filter != nil && !old.IsZero() {
			if ok, err := filter.Match(old); err != nil || !ok {
				if err == nil && document.Equal(id, doc.Value().Field("_id")) {
					err = duplicate(doc.ID(), "exists with other values")
				}
				if err == nil {
					err = errMoved
				}
				return txn.Edit{}, err
			}
		}
		next, err := edit(old)
		if err != nil || next.IsZero() {
			return txn.Edit{}, err
		}
		op := txn.Insert
		if old.IsZero() {
			next = doc // as it is to be stored
		} else {
			op = txn.Replace
			if next, err = c.keepID(next, old); err != nil {
				return txn.Edit{}, err
			}
			if string(next.Raw()) == string(old.Raw()) {
				return txn.Edit{}, nil
			}
		}
		return txn.Edit{Op: op, Doc: next}, nil
	})
}

// keepID returns next, which is to take the place of old, with the _id of old. One
// that has another is refused.
func (c *Collection) keepID(next, old document.Doc) (document.Doc, error) {
	id := next.Value().Field("_id")
	if id.Exists() && !document.Equal(id, old.Value().Field("_id")) {
		return next, fault.At("_id", fmt.Errorf("_id cannot change from %s to %s: %w", old.ID(), id, fault.ErrInvalid))
	}
	canonical, err := document.Canonical(next.Raw())
	if err != nil {
		return next, err
	}
	return canonical.WithID(old.Value().Field("_id"))
}
