package txn

import (
	"fmt"
	"sync"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// reads is what a serializable transaction has looked at: the keys of documents,
// found or not, whole ranges of documents and entries, which collections its names
// led to, and which indexes it has planned by. Nil remembers nothing.
type reads struct {
	mu      sync.Mutex // guards all below: a query may read in several goroutines
	keys    map[string]struct{}
	ranges  map[stretch]struct{}
	names   map[string]uint32 // the collection of the name, 0 when there was none
	indexes map[uint32]struct{}
}

// A stretch is a [storage.Range] that can be a key of a map: a query for many values
// looks at a range for each.
type stretch struct {
	lo, hi string
	open   bool // there is no hi
}

func newReads() *reads {
	return &reads{keys: make(map[string]struct{}), ranges: make(map[stretch]struct{}), names: make(map[string]uint32), indexes: make(map[uint32]struct{})}
}

func (r *reads) addKey(key []byte) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys[string(key)] = struct{}{}
}

func (r *reads) addRange(one storage.Range) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ranges[stretch{string(one.Lo), string(one.Hi), one.Hi == nil}] = struct{}{}
}

// addName notes what a name has led to: coll, nil for nothing.
func (r *reads) addName(name string, coll *Collection) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names[name] = 0
	if coll != nil {
		r.names[name] = coll.ID
	}
}

// addIndexes notes that a query is planned by the traits of indexes: it does not look
// where these say that nothing can be.
func (r *reads) addIndexes(list []*index.Index) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range list {
		r.indexes[x.ID()] = struct{}{}
	}
}

// adopt tells of a collection that has come since the transaction began, and that it
// sees from now on. When it has found nothing under that name, it has read that the
// collection is empty.
func (r *reads) adopt(coll *Collection) {
	if r == nil {
		return
	}
	r.mu.Lock()
	_, asked := r.names[coll.Name]
	r.mu.Unlock()
	if asked {
		lo, hi := keys.Documents(coll.ID)
		r.addRange(storage.Range{Lo: lo, Hi: hi})
		r.addName(coll.Name, coll)
	}
}

// moved returns a name that leads to something else in the catalog now.
func (r *reads) moved(now *Catalog) (name string, ok bool) {
	for name, id := range r.names {
		var to uint32
		if coll := now.byName[name]; coll != nil {
			to = coll.ID
		}
		if to != id {
			return name, true
		}
	}
	return "", false
}

// sees reports whether c changed something that the transaction, whose catalog is
// given, has looked at.
func (r *reads) sees(c Change, catalog *Catalog) bool {
	doc := c.After
	if doc.IsZero() {
		doc = c.Before
	}
	key := keys.Document(c.Collection.ID, doc.Value().Field("_id"))
	if _, ok := r.keys[string(key)]; ok || r.inRange(key) {
		return true
	}
	coll := catalog.byName[c.Collection.Name]
	return coll != nil && coll.ID == c.Collection.ID && r.seesEntry(c, coll, key)
}

// seesEntry reports whether an entry of the document, before or after, lies in a
// range the transaction has looked at, or gives an index that it has planned by a trait
// that it did not have. The indexes are those of coll, as the transaction knows it: one
// may have been dropped since.
func (r *reads) seesEntry(c Change, coll *Collection, key []byte) bool {
	_, id, _ := keys.SplitDocument(key)
	for _, x := range coll.indexes {
		if !x.ready {
			continue
		}
		_, planned := r.indexes[x.ID()]
		for _, doc := range []document.Doc{c.Before, c.After} {
			entries, traits, err := entriesOf(x.Index, doc, id)
			if err != nil {
				return true // to be on the safe side
			}
			if planned && x.Traits().Union(traits) != x.Traits() {
				return true
			}
			for _, e := range entries {
				if r.inRange(e.Key) {
					return true
				}
			}
		}
	}
	return false
}

func (r *reads) inRange(key []byte) bool {
	for x := range r.ranges {
		if x.lo <= string(key) && (x.open || string(key) < x.hi) {
			return true
		}
	}
	return false
}

// recent keeps the commits that serializable transactions still have to be
// compared with.
type recent struct {
	mu      sync.Mutex // guards both below
	active  int        // serializable transactions under way
	commits []*Commit
}

// join announces a transaction. Its snapshot is taken afterwards.
func (r *recent) join() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.active++
}

// leave forgets a transaction, and with the last one the commits.
func (r *recent) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.active--; r.active == 0 {
		r.commits = nil
	}
}

// note keeps a commit while somebody may ask for it. It runs in the leader's seat.
func (r *recent) note(c *Commit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.active > 0 {
		r.commits = append(r.commits, c)
	}
}

// validate refuses a transaction that has seen, in view, what a commit since then has
// changed; now is the newest catalog. It runs in the leader's seat, where the newest
// commit is known.
func (r *recent) validate(view Snapshot, now *Catalog) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := view.reads
	seen.mu.Lock()
	defer seen.mu.Unlock()
	if name, ok := seen.moved(now); ok {
		return fmt.Errorf("collection %s, which the transaction has read, was made, dropped or replaced since: %w", name, fault.ErrConflict)
	}
	for _, commit := range r.commits {
		if commit.Version <= view.Version() {
			continue
		}
		for _, c := range commit.Changes {
			if seen.sees(c, view.state.catalog) {
				return fmt.Errorf("what the transaction has read of %s was changed since: %w", c.Collection.Name, fault.ErrConflict)
			}
		}
	}
	return nil
}
