package txn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
)

// CreateIndex creates an index and fills it while writers go on. It is a no-op when
// the collection has that very index; another one of that name, or one of the same
// fields, is [fault.ErrExists]. A collection that does not exist is created.
//
// On an error, a cancelled context included, nothing of the index is left. A
// process that ends before the index is ready leaves nothing either: the next
// Open removes what there is.
func (d *Documents) CreateIndex(ctx context.Context, collection string, spec index.Spec, progress Progress) error {
	spec = spec.Named()
	if err := spec.Validate(); err != nil {
		return err
	}
	if err := spec.Buildable(); err != nil {
		return err
	}
	if progress == nil {
		progress = func(done, total int64) {}
	}
	return d.build(ctx, &build{docs: d, coll: collection, spec: spec, progress: progress})
}

// build builds an index, unless it is there.
func (d *Documents) build(ctx context.Context, b *build) error {
	d.builds.add(b)
	defer d.builds.remove(b)
	if done, err := d.defineIndex(ctx, b); done || err != nil {
		return err
	}
	err := b.fill(ctx)
	if err == nil {
		err = d.finishIndex(ctx, b)
	}
	if err != nil && !errors.Is(err, errGone) {
		// The context may be done; what is left must go all the same.
		undo := d.dropIndex(context.WithoutCancel(ctx), b.coll, b.spec.Name, b)
		if undo != nil && !errors.Is(undo, fault.ErrNotFound) {
			err = fault.Join(err, undo)
		}
	}
	return err
}

// defineIndex commits the definition of an index that is not ready. It reports
// true when the index exists already.
func (d *Documents) defineIndex(ctx context.Context, b *build) (bool, error) {
	for {
		coll, err := d.collection(ctx, b.coll, true)
		if err != nil {
			return false, err
		}
		spec := b.spec
		if left := coll.find(spec.Name); left >= 0 && d.abandoned(coll.indexes[left]) {
			if err := d.DropIndex(ctx, b.coll, spec.Name); err != nil && !errors.Is(err, fault.ErrNotFound) {
				return false, err
			}
			continue
		}
		if b.anew {
			spec.Name = coll.freeName()
		} else if done, err := coll.existing(spec); done || err != nil {
			return done, err
		}
		err = d.define(ctx, coll, nil, func(c *Catalog, version uint64) (*Catalog, []storage.Write) {
			x, _ := index.Compile(c.next, spec, index.Traits{}) // the spec is valid
			b.start(coll.ID, x)
			next := c.with(coll.withIndex(definedIndex{x, false, newSketch(len(spec.Fields)), false}, version))
			next.next = c.next + 1
			return next, []storage.Write{next.header(), next.byName[coll.Name].record()}
		})
		if !errors.Is(err, errStale) {
			return false, err
		}
	}
}

// freeName returns a name that none of the collection's indexes has.
func (c *Collection) freeName() string {
	for n := 1; ; n++ {
		if name := fmt.Sprintf("anew %d", n); c.find(name) < 0 {
			return name
		}
	}
}

// abandoned reports whether x is what a build has left that could not remove it
// when it failed: the disk was full, say.
func (d *Documents) abandoned(x definedIndex) bool {
	return !x.ready && d.builds.of(x.ID()) == nil
}

// existing reports whether the collection has the index that spec asks for, or
// returns the error of one that is in the way.
func (c *Collection) existing(spec index.Spec) (bool, error) {
	for _, x := range c.indexes {
		same := x.Spec().Same(spec)
		switch {
		case x.Name() == spec.Name && same && x.ready:
			return true, nil
		case x.Name() == spec.Name && same:
			return false, fmt.Errorf("index %s is being built: %w", spec.Name, fault.ErrExists)
		case x.Name() == spec.Name:
			return false, fmt.Errorf("index %s has other fields or options: %w", spec.Name, fault.ErrExists)
		case same:
			return false, fmt.Errorf("index %s has the same fields: %w", x.Name(), fault.ErrExists)
		}
	}
	return false, nil
}

// finishIndex commits that an index is ready, under its name. Of two by that name
// the older one, which was built anew, goes.
func (d *Documents) finishIndex(ctx context.Context, b *build) error {
	for {
		coll, err := d.collection(ctx, b.coll, false)
		if err != nil {
			return err
		}
		at := b.find(coll)
		if at < 0 {
			return errGone
		}
		sk := coll.indexes[at].sketch
		x, _ := index.Compile(b.index.ID(), b.spec, coll.indexes[at].Traits().Union(b.index.Traits()))
		var garbage []storage.Range
		var replaced []storage.Write
		without := coll
		if old := coll.find(b.spec.Name); old >= 0 && old != at {
			before := coll.indexes[old]
			garbage = []storage.Range{storage.Range(before.Span())}
			replaced = []storage.Write{deleteSketch(before.ID())}
			without = coll.withoutIndex(before.ID(), coll.Definition)
		}
		err = d.define(ctx, coll, garbage, func(c *Catalog, version uint64) (*Catalog, []storage.Write) {
			next := c.with(without.withIndex(definedIndex{x, true, sk, false}, version))
			// The sketch belongs to the committer, which is who runs this.
			return next, append(replaced, sk.save(x.ID()), next.byName[coll.Name].record())
		})
		if !errors.Is(err, errStale) {
			return err
		}
	}
}

// DropIndex removes an index at once; its space is given back behind it. A name
// that is not there is [fault.ErrNotFound], one that is being built [fault.ErrInvalid].
func (d *Documents) DropIndex(ctx context.Context, collection, name string) error {
	return d.dropIndex(ctx, collection, name, nil)
}

// dropIndex removes an index, but of those that are being built only the one of
// own, and nothing else when own is given.
func (d *Documents) dropIndex(ctx context.Context, collection, name string, own *build) error {
	for {
		coll, err := d.collection(ctx, collection, false)
		if err != nil {
			return err
		}
		at := -1
		switch {
		case own != nil:
			at = own.find(coll)
		case coll != nil:
			at = coll.find(name)
		}
		if at < 0 {
			return fmt.Errorf("index %s: %w", name, fault.ErrNotFound)
		}
		x := coll.indexes[at]
		if builder := d.builds.of(x.ID()); !x.ready && builder != nil && builder != own {
			return fmt.Errorf("index %s is being built, cancel its build: %w", name, fault.ErrInvalid)
		}
		err = d.define(ctx, coll, []storage.Range{storage.Range(x.Span())}, func(c *Catalog, version uint64) (*Catalog, []storage.Write) {
			next := c.with(coll.withoutIndex(x.ID(), version))
			return next, []storage.Write{deleteSketch(x.ID()), next.byName[coll.Name].record()}
		})
		if !errors.Is(err, errStale) {
			return err
		}
	}
}

// Recover removes indexes whose build did not come to its end, and collections that
// were to replace others and did not. It builds indexes anew that an earlier version
// filled in a way that writers no longer know.
func (d *Documents) Recover(ctx context.Context, log *slog.Logger) error {
	snap, err := d.Snapshot()
	if err != nil {
		return err
	}
	catalog := snap.Catalog()
	snap.Release()
	if err := d.dropHidden(ctx, catalog); err != nil {
		return err
	}
	for _, coll := range catalog.Collections() {
		for _, x := range coll.indexes {
			if err := d.recoverIndex(ctx, coll.Name, x, log); err != nil {
				return fmt.Errorf("index %s of %s: %w", x.Name(), coll.Name, err)
			}
		}
	}
	return nil
}

func (d *Documents) recoverIndex(ctx context.Context, coll string, x definedIndex, log *slog.Logger) error {
	switch {
	case !x.ready:
		return d.DropIndex(ctx, coll, x.Name())
	case x.outdated && (x.Traits().Shapes || x.Spec().Buildable() == nil): // of points alone all is as it was
		log.Info("an earlier version filled an index, which is made anew", "collection", coll, "index", x.Name())
		if err := d.rebuildIndex(ctx, coll, x, log); err != nil {
			return fmt.Errorf("filled by an earlier version, has to be made anew: %w", err)
		}
	}
	return nil
}
