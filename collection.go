package virga

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/txn"
)

// A Collection is a named set of documents, each with an _id of its own. It is a
// handle: getting one touches nothing, and it is safe for concurrent use.
type Collection struct {
	db   *DB
	name string
	tx   *Tx   // the transaction it is bound to, nil for none
	call *call // the operation it serves, nil when nobody observes
	err  error // the name cannot be one; every operation returns this
}

// Collection returns the collection of that name: 1 to 255 bytes of UTF-8 without
// NUL and "$", not beginning with "system.". The collection is created just before
// the first document is written to it; until then it is empty.
func (db *DB) Collection(name string) *Collection {
	return &Collection{db: db, name: name, err: txn.CheckName(name)}
}

// Name returns the collection's name.
func (c *Collection) Name() string { return c.name }

// CreateCollection creates an empty collection. A name in use is [ErrExists].
func (db *DB) CreateCollection(ctx context.Context, name string) error {
	err := db.observed("create collection", name, "", nil).run(ctx, func() error {
		if err := db.defines(ctx); err != nil {
			return err
		}
		if err := db.creatable(name); err != nil {
			return err
		}
		return db.docs.Create(ctx, name)
	})
	return fault.Wrap("create collection", name, "", err)
}

// DropCollection removes a collection and all of its documents at once. Queries
// that are running still see them; the space is given back when the last of
// those has ended. A name not in use is [ErrNotFound].
func (db *DB) DropCollection(ctx context.Context, name string) error {
	err := db.observed("drop collection", name, "", nil).run(ctx, func() error {
		if err := db.defines(ctx); err != nil {
			return err
		}
		return db.docs.Drop(ctx, name)
	})
	return fault.Wrap("drop collection", name, "", err)
}

// Collections returns the names of all collections in ascending order.
func (db *DB) Collections(ctx context.Context) ([]string, error) {
	if err := db.administrates(ctx); err != nil {
		return nil, fault.Wrap("collections", "", "", err)
	}
	snap, err := db.docs.Snapshot()
	if err != nil {
		return nil, fault.Wrap("collections", "", "", err)
	}
	defer snap.Release()
	all := snap.Catalog().Collections()
	names := make([]string, len(all))
	for i, coll := range all {
		names[i] = coll.Name
	}
	return names, nil
}

// ready reports why an operation on the collection must not start, or nil.
func (c *Collection) ready(ctx context.Context) error {
	if c.err != nil {
		return c.err
	}
	return usable(ctx)
}

// snapshot returns the newest state, or what the transaction sees.
func (c *Collection) snapshot() (txn.Snapshot, error) {
	if c.tx != nil {
		return c.tx.tx.Snapshot()
	}
	return c.db.docs.Snapshot()
}

// definable reports why the definition of the collection cannot be changed now.
func (c *Collection) definable(ctx context.Context) error {
	if c.tx != nil {
		return fmt.Errorf("definitions cannot be changed in a transaction: %w", fault.ErrInvalid)
	}
	if c.err != nil {
		return c.err
	}
	return c.db.defines(ctx)
}

// defines reports why no definition can be changed under ctx.
func (db *DB) defines(ctx context.Context) error {
	if err := db.administers(); err != nil {
		return err
	}
	return db.outside(ctx)
}

// fail wraps err as the end of operation op on this collection.
func (c *Collection) fail(op string, err error) error {
	return fault.Wrap(op, c.name, "", err)
}

// failAt wraps err as the end of operation op on one document.
func (c *Collection) failAt(op string, id ID, err error) error {
	if err == nil || id.IsZero() {
		return c.fail(op, err)
	}
	return fault.Wrap(op, c.name, id.String(), err)
}

// errNil is what a write without data answers.
var errNil = fmt.Errorf("data is nil: %w", fault.ErrInvalid)
