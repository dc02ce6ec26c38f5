package virga

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/txn"
)

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
	filter, err := query.CompileFilterIn(query.Raw(cond), into.db.scope())
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
