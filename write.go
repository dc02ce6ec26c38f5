package virga

import (
	"context"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/txn"
)

// A deed is what a write is about, for the rules that decide it.
type deed struct {
	op     rules.Operation // Create, Update or Delete
	many   bool            // the documents are those that filter matches, at the time they are written
	filter *query.Filter   // of many
	update *query.Update   // of an Update, for request.data
	undone func()          // of a Create: the document is not the caller's and stays as it is; nil where none is replaced
}

// apply edits documents, as one step or within the transaction. Who calls must be
// allowed to, and what becomes of them must meet the schema.
func (c *Collection) apply(ctx context.Context, d deed, ids []document.Value, edit txn.EditFunc) error {
	planner := func(snap txn.Snapshot, coll *txn.Collection) (txn.EditFunc, error) {
		if coll == nil {
			if err := c.db.known(nil); err != nil {
				return nil, err
			}
		}
		return c.planned(ctx, snap, coll, d, ids, edit)
	}
	create := d.op == rules.Create
	if create && c.db.who != nil {
		if err := c.mayBegin(ctx, d, ids, edit); err != nil {
			return err
		}
	}
	create = create && c.db.cloud == nil
	var err error
	if c.tx != nil {
		err = c.tx.tx.ApplyPlanned(ctx, c.name, create, ids, planner)
	} else if err = c.db.outside(ctx); err == nil {
		err = c.db.docs.ApplyPlanned(ctx, c.name, create, ids, planner)
	}
	if c.db.who != nil {
		err = txn.Anonymous(err)
	}
	return err
}

// planned returns edit as it is for this caller under one definition of the collection.
func (c *Collection) planned(ctx context.Context, snap txn.Snapshot, coll *txn.Collection, d deed, ids []document.Value, edit txn.EditFunc) (txn.EditFunc, error) {
	if c.db.who != nil {
		p, err := c.permit(snap, coll)
		if err != nil {
			return nil, err
		}
		if edit, err = p.edits(ctx, d, ids, edit); err != nil {
			return nil, err
		}
	}
	return c.checked(coll, edit)
}

// mayBegin keeps an identity that may not create anything from making the collection.
func (c *Collection) mayBegin(ctx context.Context, d deed, ids []document.Value, edit txn.EditFunc) error {
	snap, err := c.snapshot()
	if err != nil {
		return err
	}
	defer snap.Release()
	if snap.Catalog().Collection(c.name) != nil {
		return nil
	}
	return c.try(ctx, snap, d, ids, edit)
}

// try asks for what would become of documents, were there none.
func (c *Collection) try(ctx context.Context, snap txn.Snapshot, d deed, ids []document.Value, edit txn.EditFunc) error {
	edit, err := c.planned(ctx, snap, nil, d, ids, edit)
	for i := range ids {
		if err == nil {
			_, err = edit(i, document.Doc{})
		}
	}
	return err
}

// edits returns edit as the rules allow it. A document that the caller has no part
// in is not there for edit.
func (p *permit) edits(ctx context.Context, d deed, ids []document.Value, edit txn.EditFunc) (txn.EditFunc, error) {
	if d.update != nil && p.rules.UsesData(rules.Update) {
		p.call.Data = rules.DataOfUpdate(d.update)
	}
	switch {
	case d.many:
		own, extra, err := p.narrow(ctx, d.op, d.filter)
		if err != nil || extra == nil {
			return edit, err
		}
		return func(i int, old document.Doc) (txn.Edit, error) {
			if ok, err := matches(old, own); err != nil || !ok {
				old = document.Doc{}
				if err != nil {
					return txn.Edit{}, err
				}
			}
			return edit(i, old)
		}, nil
	case d.op == rules.Create:
		return func(i int, old document.Doc) (txn.Edit, error) { return p.store(ctx, d, i, old, edit) }, nil
	}
	return func(i int, old document.Doc) (txn.Edit, error) {
		id, err := document.IDOf(ids[i])
		if err != nil {
			return txn.Edit{}, err
		}
		ok, err := p.allows(ctx, d.op, id, old)
		if err != nil {
			return txn.Edit{}, err
		}
		if !ok {
			old = document.Doc{}
		}
		return edit(i, old)
	}, nil
}

// store returns what becomes of a document that is added or set.
func (p *permit) store(ctx context.Context, d deed, i int, old document.Doc, edit txn.EditFunc) (txn.Edit, error) {
	e, err := edit(i, old)
	if err != nil {
		return e, err
	}
	if err := p.coll.db.checkRequest(len(e.Doc.Raw())); err != nil {
		return e, err
	}
	if old.IsZero() {
		if e.Doc, err = p.stamp(e.Doc); err != nil {
			return e, err
		}
		return e, p.creates(ctx, e.Doc)
	}
	p.call.Data = rules.DataOfDoc(e.Doc)
	ok, err := p.allows(ctx, rules.Update, old.ID(), old)
	if err != nil {
		return txn.Edit{}, err
	}
	if !ok {
		d.undone()
		return txn.Edit{}, nil
	}
	e.Doc, err = keepOwner(e.Doc, old)
	return e, err
}
