package txn

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// Documents keeps collections of documents in a byte store: the catalog, the
// locks of writers and the commits. It is safe for concurrent use.
type Documents struct {
	store *storage.Store
	locks *locks
}

// state is what the committer folds each group into and publishes with the
// snapshot: everything a reader needs besides the stored bytes. It is immutable.
type state struct {
	catalog *Catalog
	counts  counts
}

// Open reads the catalog of store and takes charge of its commits. Nobody else
// may commit to store from then on.
func Open(store *storage.Store, c clock.Clock) (*Documents, error) {
	snap, err := store.Snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.Release()
	st, err := load(snap)
	if err != nil {
		return nil, err
	}
	d := &Documents{store: store, locks: newLocks(c)}
	store.Start(storage.Hooks{Fold: fold}, st)
	return d, nil
}

// Snapshot returns the newest published state. It never waits for a writer. The
// caller releases it.
func (d *Documents) Snapshot() (Snapshot, error) {
	snap, err := d.store.Snapshot()
	if err != nil {
		return Snapshot{}, err
	}
	return Snapshot{snap: snap, state: snap.Meta().(*state)}, nil
}

// step is the tag of every request of this package: what fold makes of it.
type step struct {
	changes []Change
	catalog func(c *Catalog, version uint64) (*Catalog, []storage.Write)
}

// fold brings catalog and counts up to date with a group of commits and adds the
// records that make them last.
func fold(g *storage.Group) error {
	st := *g.Meta.(*state)
	deltas := make(map[uint32]int64)
	for _, r := range g.Requests {
		s, ok := r.Tag.(*step)
		if !ok {
			continue // the store's own housekeeping
		}
		if s.catalog != nil {
			var writes []storage.Write
			st.catalog, writes = s.catalog(st.catalog, g.Version)
			g.Extra = append(g.Extra, writes...)
		}
		for _, c := range s.changes {
			deltas[c.Collection.ID] += c.Op.delta()
		}
	}
	for id, delta := range deltas {
		if delta == 0 {
			continue
		}
		st.counts = st.counts.add(id, delta)
		g.Extra = append(g.Extra, storage.Write{Key: keys.Statistics(id), Value: document.Int(st.counts.of(id)).Raw()})
	}
	g.Meta = &st
	return nil
}

// load reads the catalog and the counts of all collections.
func load(snap *storage.Snapshot) (*state, error) {
	st := &state{catalog: &Catalog{byName: map[string]*Collection{}, next: 1}}
	lo, hi := keys.CatalogRange()
	cursor := snap.Scan(storage.Range{Lo: lo, Hi: hi}, storage.ScanOptions{})
	defer cursor.Close()
	for cursor.Next() {
		if err := st.catalog.read(cursor.Key(), cursor.Own()); err != nil {
			return nil, err
		}
	}
	if err := cursor.Err(); err != nil {
		return nil, err
	}
	for _, coll := range st.catalog.byName {
		n, err := loadCount(snap, coll)
		if err != nil {
			return nil, err
		}
		st.counts = st.counts.add(coll.ID, n)
	}
	return st, nil
}

func loadCount(snap *storage.Snapshot, coll *Collection) (int64, error) {
	entry, err := snap.Get(keys.Statistics(coll.ID))
	if err != nil || entry.Value == nil {
		return 0, err
	}
	n, ok := valueOf(entry.Value).Int64()
	if !ok {
		return 0, fmt.Errorf("document count of collection %s: %w", coll.Name, fault.ErrCorrupt)
	}
	return n, nil
}

// commit submits writes that were planned under coll's definition. It returns
// errStale when the definition has changed since.
func (d *Documents) commit(ctx context.Context, coll *Collection, writes []storage.Write, changes []Change) error {
	_, err := d.store.Commit(ctx, &storage.Request{
		Writes: writes,
		Tag:    &step{changes: changes},
		Check: func(newest *storage.Snapshot) error {
			if newest.Meta().(*state).catalog.byName[coll.Name] != coll {
				return errStale
			}
			return nil
		},
	})
	return err
}
