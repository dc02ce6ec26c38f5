package virga

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/txn"
)

// A DocRef addresses one document of a collection by its _id, whether it exists
// or not. It is a handle, safe for concurrent use.
type DocRef struct {
	coll   *Collection
	id     ID
	fields any
	err    error
}

// SetResult tells what [DocRef.Set] did.
type SetResult struct {
	Updated int // 1 when the document existed and was replaced
	Created int // 1 when it was created
}

// UpdateResult tells what an update did.
type UpdateResult struct {
	Matched int // documents found
	Updated int // documents whose content changed
}

// RemoveResult tells what a remove did.
type RemoveResult struct {
	Removed int
}

// Doc addresses the document whose _id is id: an [ID], a string or any number.
// An empty string, and anything else, makes every operation on it [ErrInvalid].
func (c *Collection) Doc(id any) *DocRef {
	ref := &DocRef{coll: c, err: c.err}
	if ref.err != nil {
		return ref
	}
	var err error
	if ref.id, err = addressOf(id); err != nil {
		ref.err = fault.At("_id", err)
	}
	return ref
}

// addressOf returns id as the _id of one document.
func addressOf(id any) (ID, error) {
	switch x := id.(type) {
	case string:
		if x == "" {
			return ID{}, errEmptyID
		}
		return document.IDOf(x)
	case ID:
		if v := x.Value(); !v.Exists() || v.Kind() == document.String && len(v.Bytes()) == 0 {
			return ID{}, errEmptyID
		}
		return x, nil
	}
	v, err := document.Of(id)
	if err != nil {
		return ID{}, err
	}
	switch k := v.Kind(); {
	case k == document.Missing || k == document.String && len(v.Bytes()) == 0:
		return ID{}, errEmptyID
	case k != document.String && k != document.Number:
		return ID{}, fmt.Errorf("an _id must be a string or a number here, found %s: %w", k, fault.ErrInvalid)
	}
	return document.IDOf(v)
}

var errEmptyID = fmt.Errorf("_id is empty: %w", fault.ErrInvalid)

// ID returns the _id the reference addresses.
func (r *DocRef) ID() ID { return r.id }

// Field returns a reference whose Get returns only some fields, see [Query.Field].
func (r *DocRef) Field(fields any) *DocRef {
	next := *r
	next.fields = fields
	return &next
}

// Get returns the document. One that does not exist is [ErrNotFound].
func (r *DocRef) Get(ctx context.Context) (Doc, error) {
	r, call := r.observed("get")
	var doc Doc
	err := call.run(ctx, func() (err error) {
		doc, err = r.get(ctx)
		return err
	})
	if err != nil {
		return Doc{}, r.fail("get", err)
	}
	return doc, nil
}

func (r *DocRef) get(ctx context.Context) (Doc, error) {
	if err := r.ready(ctx); err != nil {
		return Doc{}, err
	}
	var projection *query.Projection
	if r.fields != nil {
		var err error
		if projection, err = query.CompileProjectionIn(r.fields, r.coll.db.scope()); err != nil {
			return Doc{}, err
		}
	}
	snap, err := r.coll.snapshot()
	if err != nil {
		return Doc{}, err
	}
	defer snap.Release()
	coll := snap.Catalog().Collection(r.coll.name)
	var doc Doc
	if coll != nil {
		doc, err = snap.Get(coll, r.id.Value())
	} else {
		err = r.coll.db.known(coll)
	}
	if err == nil && r.coll.db.who != nil {
		doc, err = r.visible(ctx, snap, coll, doc)
	}
	if err != nil {
		return Doc{}, err
	}
	if doc.IsZero() {
		return Doc{}, errNoDocument
	}
	if projection != nil {
		return projection.Apply(doc, nil)
	}
	return doc, nil
}

// visible returns doc as the identity may see it: the zero Doc when there is none for
// it.
func (r *DocRef) visible(ctx context.Context, snap txn.Snapshot, coll *txn.Collection, doc Doc) (Doc, error) {
	p, err := r.coll.permit(snap, coll)
	if err != nil {
		return Doc{}, err
	}
	ok, err := p.allows(ctx, rules.Read, r.id, doc)
	if err != nil || !ok {
		return Doc{}, err
	}
	return doc, nil
}

var errNoDocument = fmt.Errorf("document does not exist: %w", fault.ErrNotFound)

// Set stores data as the whole document: it replaces one that exists and creates
// one that does not. Data may name the _id only as it is. Update commands inside
// are [ErrInvalid].
func (r *DocRef) Set(ctx context.Context, data any) (SetResult, error) {
	r, call := r.observed("set")
	var res SetResult
	if err := call.run(ctx, func() error { return r.set(ctx, data, &res) }); err != nil {
		return SetResult{}, r.fail("set", err)
	}
	return res, nil
}

func (r *DocRef) set(ctx context.Context, data any, res *SetResult) error {
	if err := r.ready(ctx); err != nil {
		return err
	}
	if data == nil {
		return errNil
	}
	data, err := r.coll.db.substitute(data)
	if err != nil {
		return err
	}
	doc, err := document.Encode(data, r.coll.db.clock.Now())
	if err != nil {
		return err
	}
	if id := doc.Value().Field("_id"); id.Exists() && doc.ID() != r.id {
		return fault.At("_id", fmt.Errorf("_id cannot change from %s to %s: %w", r.id, id, fault.ErrInvalid))
	}
	if doc, err = doc.WithID(r.id.Value()); err != nil {
		return err
	}
	d := deed{op: rules.Create, undone: func() { *res = SetResult{} }}
	err = r.apply(ctx, d, func(_ int, old document.Doc) (txn.Edit, error) {
		if old.IsZero() {
			*res = SetResult{Created: 1}
			return txn.Edit{Op: txn.Insert, Doc: doc}, nil
		}
		*res = SetResult{Updated: 1}
		return txn.Edit{Op: txn.Replace, Doc: doc}, nil
	})
	if err != nil {
		*res = SetResult{}
	}
	return err
}

// Update changes fields of the document as data says, see [Query.Update]. A
// document that does not exist is not created and is no error: the result counts
// none.
func (r *DocRef) Update(ctx context.Context, data any) (UpdateResult, error) {
	r, call := r.observed("update")
	var res UpdateResult
	if err := call.run(ctx, func() error { return r.update(ctx, data, &res) }); err != nil {
		return UpdateResult{}, r.fail("update", err)
	}
	return res, nil
}

func (r *DocRef) update(ctx context.Context, data any, res *UpdateResult) error {
	if err := r.ready(ctx); err != nil {
		return err
	}
	update, err := r.coll.db.compileUpdate(data, r.coll.db.scope())
	if err != nil {
		return err
	}
	if update.NeedsFilter() {
		return errPositional
	}
	err = r.apply(ctx, deed{op: rules.Update, update: update}, func(_ int, old document.Doc) (txn.Edit, error) {
		*res = UpdateResult{}
		if old.IsZero() {
			return txn.Edit{}, nil
		}
		doc, changed, err := update.Apply(old, nil)
		if err != nil {
			return txn.Edit{}, err
		}
		res.Matched = 1
		if !changed {
			return txn.Edit{}, nil
		}
		res.Updated = 1
		return txn.Edit{Op: txn.Update, Doc: doc, Touches: update.Touches, Paths: update.Paths()}, nil
	})
	if err != nil {
		*res = UpdateResult{}
	}
	return err
}

var errPositional = fmt.Errorf("a path with .$ needs a filter on that array, use Where: %w", fault.ErrInvalid)

// Remove removes the document. One that does not exist is no error: the result
// counts none.
func (r *DocRef) Remove(ctx context.Context) (RemoveResult, error) {
	r, call := r.observed("remove")
	var res RemoveResult
	err := call.run(ctx, func() (err error) {
		res, err = r.remove(ctx)
		return err
	})
	if err != nil {
		return RemoveResult{}, r.fail("remove", err)
	}
	return res, nil
}

func (r *DocRef) remove(ctx context.Context) (RemoveResult, error) {
	var res RemoveResult
	err := r.ready(ctx)
	if err == nil {
		err = r.apply(ctx, deed{op: rules.Delete}, func(_ int, old document.Doc) (txn.Edit, error) {
			if old.IsZero() {
				res.Removed = 0
				return txn.Edit{}, nil
			}
			res.Removed = 1
			return txn.Edit{Op: txn.Remove}, nil
		})
	}
	if err != nil {
		return RemoveResult{}, err
	}
	return res, nil
}

func (r *DocRef) apply(ctx context.Context, d deed, edit txn.EditFunc) error {
	return r.coll.apply(ctx, d, []document.Value{r.id.Value()}, edit)
}

func (r *DocRef) ready(ctx context.Context) error {
	if r.err != nil {
		return r.err
	}
	return r.coll.ready(ctx)
}

func (r *DocRef) fail(op string, err error) error { return r.coll.failAt(op, r.id, err) }
