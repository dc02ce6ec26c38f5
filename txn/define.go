package txn

import (
	"context"
	"errors"
	"fmt"

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
		Alone:   true,
		Durable: true,
		Check: func(newest *storage.Snapshot) error {
			if newest.Meta().(*state).catalog.byName[name] != nil {
				return fmt.Errorf("the collection is there: %w", fault.ErrExists)
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
			return fmt.Errorf("the collection is not there: %w", fault.ErrNoCollection)
		}
		if err := d.drop(ctx, coll); !errors.Is(err, errStale) {
			return err
		}
	}
}

func (d *Documents) drop(ctx context.Context, coll *Collection) error {
	garbage, records := coll.leftovers()
	records = append(records, storage.Write{Key: keys.Catalog(coll.Name), Delete: true})
	return d.defineStep(ctx, coll, garbage, &step{
		dropped: coll,
		catalog: func(c *Catalog, _ uint64) (*Catalog, []storage.Write) {
			return c.without(coll.Name), records
		},
	})
}

// define commits a change of the catalog that was planned under coll's definition.
// It returns errStale when the definition has changed since.
func (d *Documents) define(ctx context.Context, coll *Collection, garbage []storage.Range, change catalogChange) error {
	return d.defineStep(ctx, coll, garbage, &step{catalog: change})
}

func (d *Documents) defineStep(ctx context.Context, coll *Collection, garbage []storage.Range, s *step) error {
	// Durable: a definition must not be missing after a power cut that spares what
	// was written under it.
	_, err := d.store.Commit(ctx, &storage.Request{Alone: true, Durable: true, Garbage: garbage, Check: coll.unchanged, Tag: s})
	return err
}

// unchanged is the check of a request that was planned under the definition c.
func (c *Collection) unchanged(newest *storage.Snapshot) error {
	if newest.Meta().(*state).catalog.byName[c.Name] != c {
		return errStale
	}
	return nil
}

func deleteStatistics(id uint32) storage.Write {
	return storage.Write{Key: keys.Statistics(id), Delete: true}
}

// collection returns the definition of a collection, or nil when it does not
// exist and is not to be created.
func (d *Documents) collection(ctx context.Context, name string, create bool) (*Collection, error) {
	for {
		meta, err := d.store.Meta()
		if err != nil {
			return nil, err
		}
		if coll := meta.(*state).catalog.Collection(name); coll != nil || !create {
			return coll, nil
		}
		if err := d.Create(ctx, name); err != nil && !errors.Is(err, fault.ErrExists) {
			return nil, err
		}
	}
}

func deleteSketch(id uint32) storage.Write {
	return storage.Write{Key: sketchKey(id), Delete: true}
}
