package txn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// A Replacement is a collection without a name that takes the place of another one
// once it is filled. Nobody sees it before. A process that ends in between leaves
// nothing: the next Open removes what there is. It belongs to one goroutine.
type Replacement struct {
	docs   *Documents
	name   string // whose place it takes
	hidden string // the name it has until then
	done   bool
}

// hiddenPrefix begins the names of collections that nobody sees. No user can give
// such a name.
const hiddenPrefix = "\x00"

// hidden reports whether c is a collection that nobody sees.
func (c *Collection) hidden() bool { return strings.HasPrefix(c.Name, hiddenPrefix) }

// Replace begins to fill what is to take the place of the named collection, which
// need not exist. It has the same indexes.
func (d *Documents) Replace(ctx context.Context, name string) (*Replacement, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	target, err := d.collection(ctx, name, false)
	if err != nil {
		return nil, err
	}
	r := &Replacement{docs: d, name: name}
	_, err = d.store.Commit(ctx, &storage.Request{
		Alone:   true,
		Durable: true,
		Tag: &step{catalog: func(c *Catalog, version uint64) (*Catalog, []storage.Write) {
			next, coll := c.withTwin(target, version)
			r.hidden = coll.Name
			return next, []storage.Write{next.header(), coll.record()}
		}},
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// withTwin returns the catalog with a new, hidden collection that has the indexes
// of target, which may be nil.
func (c *Catalog) withTwin(target *Collection, version uint64) (*Catalog, *Collection) {
	coll := &Collection{ID: c.next, Name: fmt.Sprintf("%s%d", hiddenPrefix, c.next), Definition: version}
	id := c.next
	if target != nil {
		coll.policy = target.policy
		for _, x := range target.indexes {
			if !x.ready {
				continue // its build ends when the collection is replaced
			}
			id++
			twin, _ := index.Compile(id, x.Spec(), index.Traits{}) // the spec is valid
			coll.indexes = append(coll.indexes, definedIndex{twin, true, newSketch(len(x.Spec().Fields)), false})
		}
	}
	next := c.with(coll)
	next.next = id + 1
	return next, coll
}

// Apply edits documents of the replacement, as [Documents.ApplyPlanned] does. Its
// collection has the policy of the one whose place it takes.
func (r *Replacement) Apply(ctx context.Context, ids []document.Value, planner Planner) error {
	return r.docs.ApplyPlanned(ctx, r.hidden, false, ids, planner)
}

// Commit puts the replacement in the place of the collection, in one commit. What the
// collection held is removed once no snapshot shows it any more.
func (r *Replacement) Commit(ctx context.Context) error {
	for {
		coll, err := r.docs.collection(ctx, r.hidden, false)
		if err != nil {
			return err
		}
		if coll == nil {
			return fmt.Errorf("replacement of %s: %w", r.name, fault.ErrNotFound)
		}
		target, err := r.docs.collection(ctx, r.name, false)
		if err != nil {
			return err
		}
		aligned, err := r.align(ctx, coll, target)
		if err != nil {
			return err
		}
		if !aligned {
			continue
		}
		if err := r.commit(ctx, coll, target); !errors.Is(err, errStale) {
			r.done = err == nil
			return err
		}
	}
}

// align gives the replacement the indexes that the collection has got meanwhile, and
// takes away those it has lost. It reports whether there was nothing to do.
func (r *Replacement) align(ctx context.Context, coll, target *Collection) (bool, error) {
	if target == nil {
		return true, nil
	}
	if target.policy.schema() != coll.policy.schema() {
		return false, fmt.Errorf("collection %s has got another schema meanwhile: %w", r.name, fault.ErrConflict)
	}
	for _, x := range coll.indexes {
		if i := target.find(x.Name()); i < 0 || !target.indexes[i].ready || !same(target.indexes[i], x) {
			return false, r.docs.DropIndex(ctx, r.hidden, x.Name())
		}
	}
	for _, x := range target.indexes {
		if x.ready && coll.find(x.Name()) < 0 {
			return false, r.docs.CreateIndex(ctx, r.hidden, x.Spec(), nil)
		}
	}
	return true, nil
}

func same(a, b definedIndex) bool { return a.Spec().Same(b.Spec()) }

// commit gives coll the name of target, which may be nil.
func (r *Replacement) commit(ctx context.Context, coll, target *Collection) error {
	now := *coll
	now.Name, now.policy = r.name, nil
	if target != nil {
		now.policy = target.policy
	}
	s := &step{dropped: &now}
	var garbage []storage.Range
	records := []storage.Write{{Key: keys.Catalog(r.hidden), Delete: true}}
	if target != nil {
		s.dropped = target
		ranges, writes := target.leftovers()
		garbage, records = ranges, append(records, writes...)
	}
	s.catalog = func(c *Catalog, version uint64) (*Catalog, []storage.Write) {
		named := now
		named.Definition = version
		return c.without(r.hidden).with(&named), append(slices.Clip(records), named.record())
	}
	_, err := r.docs.store.Commit(ctx, &storage.Request{
		Alone: true, Durable: true, Garbage: garbage, Tag: s,
		Check: func(newest *storage.Snapshot) error {
			catalog := newest.Meta().(*state).catalog
			if catalog.byName[r.name] != target || catalog.byName[r.hidden] != coll {
				return errStale
			}
			return nil
		},
	})
	return err
}

// leftovers returns the ranges of the documents and entries of a collection that goes
// away, and the removal of the records behind them.
func (c *Collection) leftovers() ([]storage.Range, []storage.Write) {
	lo, hi := keys.Documents(c.ID)
	garbage := []storage.Range{{Lo: lo, Hi: hi}}
	records := []storage.Write{deleteStatistics(c.ID)}
	for _, x := range c.indexes {
		garbage = append(garbage, storage.Range(x.Span()))
		records = append(records, deleteSketch(x.ID()))
	}
	return garbage, records
}

// Discard removes the replacement, unless it was committed.
func (r *Replacement) Discard() {
	if !r.done {
		r.done = true
		// What cannot be removed now is removed by the next Open.
		_ = r.docs.Drop(context.Background(), r.hidden)
	}
}

// dropHidden removes the replacements that were not committed.
func (d *Documents) dropHidden(ctx context.Context, catalog *Catalog) error {
	for name, coll := range catalog.byName {
		if coll.hidden() {
			if err := d.Drop(ctx, name); err != nil {
				return fmt.Errorf("unfinished replacement: %w", err)
			}
		}
	}
	return nil
}

// Hidden returns how many collections are being filled to replace another.
func (c *Catalog) Hidden() int {
	n := 0
	for _, coll := range c.byName {
		if coll.hidden() {
			n++
		}
	}
	return n
}
