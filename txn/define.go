package txn

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// Create creates a collection. A name that is taken is [fault.ErrExists].
func (d *Documents) Create(ctx context.Context, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	_, err := d.store.Commit(ctx, &storage.Request{
		Alone: true,
		Check: func(newest *storage.Snapshot) error {
			if newest.Meta().(*state).catalog.byName[name] != nil {
				return fmt.Errorf("collection %q: %w", name, fault.ErrExists)
			}
			return nil
		},
		Tag: &step{catalog: func(c *Catalog, version uint64) (*Catalog, []storage.Write) {
			coll := &Collection{ID: c.next, Name: name, Definition: version}
			next := c.with(coll)
			return next, []storage.Write{next.header(), coll.record()}
		}},
	})
	return err
}

// Drop removes a collection with all of its documents. Snapshots taken before
// still show it; its space is given back once the last of them is released. A
// name that is not there is [fault.ErrNotFound].
func (d *Documents) Drop(ctx context.Context, name string) error {
	for {
		snap, err := d.Snapshot()
		if err != nil {
			return err
		}
		coll := snap.Catalog().Collection(name)
		snap.Release()
		if coll == nil {
			return fmt.Errorf("collection %q: %w", name, fault.ErrNotFound)
		}
		if err := d.drop(ctx, coll); !errors.Is(err, errStale) {
			return err
		}
	}
}

func (d *Documents) drop(ctx context.Context, coll *Collection) error {
	lo, hi := keys.Documents(coll.ID)
	_, err := d.store.Commit(ctx, &storage.Request{
		Alone:   true,
		Garbage: []storage.Range{{Lo: lo, Hi: hi}},
		Check: func(newest *storage.Snapshot) error {
			if newest.Meta().(*state).catalog.byName[coll.Name] != coll {
				return errStale
			}
			return nil
		},
		Tag: &step{catalog: func(c *Catalog, _ uint64) (*Catalog, []storage.Write) {
			return c.without(coll.Name), []storage.Write{
				{Key: keys.Catalog(coll.Name), Delete: true},
				{Key: keys.Statistics(coll.ID), Delete: true},
			}
		}},
	})
	return err
}

// collection returns the definition of a collection, or nil when it does not
// exist and is not to be created.
func (d *Documents) collection(ctx context.Context, name string, create bool) (*Collection, error) {
	for {
		snap, err := d.Snapshot()
		if err != nil {
			return nil, err
		}
		coll := snap.Catalog().Collection(name)
		snap.Release()
		if coll != nil || !create {
			return coll, nil
		}
		if err := d.Create(ctx, name); err != nil && !errors.Is(err, fault.ErrExists) {
			return nil, err
		}
	}
}

// header is the record of the catalog itself.
func (c *Catalog) header() storage.Write {
	doc, _ := document.Of(document.D{{"next", int64(c.next)}})
	return storage.Write{Key: keys.Catalog(""), Value: doc.Raw()}
}

// record is the record of one collection.
func (c *Collection) record() storage.Write {
	doc, _ := document.Of(document.D{{"id", int64(c.ID)}, {"definition", int64(c.Definition)}})
	return storage.Write{Key: keys.Catalog(c.Name), Value: doc.Raw()}
}

// read adds a stored record to a catalog that is being loaded.
func (c *Catalog) read(key, value []byte) error {
	lo := keys.Catalog("")
	name := string(key[len(lo):])
	if err := document.Validate(value); err != nil {
		return fmt.Errorf("catalog record of %q: %w", name, err)
	}
	v := valueOf(value)
	if name == "" {
		next, ok := v.Field("next").Int64()
		if !ok || next < 1 || next > math.MaxUint32 {
			return fmt.Errorf("catalog header %s: %w", v, fault.ErrCorrupt)
		}
		c.next = uint32(next)
		return nil
	}
	id, ok1 := v.Field("id").Int64()
	definition, ok2 := v.Field("definition").Int64()
	if !ok1 || !ok2 || id < 1 || id > math.MaxUint32 {
		return fmt.Errorf("catalog record of %q is %s: %w", name, v, fault.ErrCorrupt)
	}
	c.byName[name] = &Collection{ID: uint32(id), Name: name, Definition: uint64(definition)}
	return nil
}
