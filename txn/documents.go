package txn

import (
	"slices"

	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// Documents keeps collections of documents in a byte store: the catalog, the
// locks of writers and the commits. It is safe for concurrent use.
type Documents struct {
	store    *storage.Store
	clock    clock.Clock
	locks    *locks
	builds   builds
	recent   recent
	open     openTxs
	listener func(*Commit) // nil when nobody listens
}

// Close ends every transaction that is open, with [fault.ErrClosed], so that whoever
// waits for its locks goes on. It comes behind the end of the store.
func (d *Documents) Close() { d.open.closeAll() }

// state is what the committer folds each group into and publishes with the
// snapshot: everything a reader needs besides the stored bytes. It is immutable.
type state struct {
	catalog *Catalog
	counts  counts
	told    uint64 // the newest version that was handed to the listener, or will be
}

// with returns the state with another catalog.
func (s *state) with(c *Catalog) *state {
	next := *s
	next.catalog = c
	return &next
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
	return take(store, c, st), nil
}

// take takes charge of the commits of a store that is in state st.
func take(store *storage.Store, c clock.Clock, st *state) *Documents {
	d := &Documents{store: store, clock: c, locks: newLocks(c)}
	store.Start(storage.Hooks{Fold: fold, Published: d.published}, st)
	return d
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
	request storage.Request // that carries s, when works is all there is to it
	works   []*work
	extra   func(newest *storage.Snapshot) error // more to check, or nil
	catalog catalogChange
	dropped *Collection // what catalog drops, if it does
	// redefined is the collection to which catalog gives another policy, if it does.
	redefined *Collection
}

// recorded reports whether s has a part in the record of its commit.
func (s *step) recorded() bool {
	return s.redefined != nil || s.dropped != nil && !s.dropped.hidden() || slices.ContainsFunc(s.works, (*work).recorded)
}

// recorded reports whether w has a part in the record of its commit.
func (w *work) recorded() bool { return len(w.changes) > 0 && !w.coll.hidden() }

// A catalogChange makes the next catalog of c, at the version that commits it, and
// the records that keep it.
type catalogChange func(c *Catalog, version uint64) (*Catalog, []storage.Write)

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
		counts, err := st.counts.load(snap, coll)
		if err != nil {
			return nil, err
		}
		st.counts = counts
		for _, x := range coll.indexes {
			if err := x.sketch.load(snap, x.ID()); err != nil {
				return nil, err
			}
		}
	}
	return st, nil
}
