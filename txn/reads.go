package txn

import (
	"fmt"
	"sync"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// reads is what a serializable transaction has looked at: the keys of documents,
// found or not, and whole ranges of documents and entries. Nil remembers nothing.
type reads struct {
	mu     sync.Mutex // guards both below: a query may read in several goroutines
	keys   map[string]struct{}
	ranges map[stretch]struct{}
}

// A stretch is a [storage.Range] that can be a key of a map: a query for many values
// looks at a range for each.
type stretch struct {
	lo, hi string
	open   bool // there is no hi
}

func newReads() *reads {
	return &reads{keys: make(map[string]struct{}), ranges: make(map[stretch]struct{})}
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

// sees reports whether c changed something the transaction has looked at.
func (r *reads) sees(c Change) bool {
	doc := c.After
	if doc.IsZero() {
		doc = c.Before
	}
	key := keys.Document(c.Collection.ID, doc.Value().Field("_id"))
	if _, ok := r.keys[string(key)]; ok || r.inRange(key) {
		return true
	}
	return r.seesEntry(c, key)
}

// seesEntry reports whether an entry of the document, before or after, lies in a
// range the transaction has looked at.
func (r *reads) seesEntry(c Change, key []byte) bool {
	_, id, _ := keys.SplitDocument(key)
	for _, x := range c.Collection.indexes {
		for _, doc := range []document.Doc{c.Before, c.After} {
			entries, _, err := entriesOf(x.Index, doc, id)
			if err != nil {
				return true // to be on the safe side
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

// validate refuses a transaction that has seen what a commit after its snapshot
// has changed. It runs in the leader's seat, where the newest commit is known.
func (r *recent) validate(seen *reads, version uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen.mu.Lock()
	defer seen.mu.Unlock()
	for _, commit := range r.commits {
		if commit.Version <= version {
			continue
		}
		for _, c := range commit.Changes {
			if seen.sees(c) {
				return fmt.Errorf("what the transaction has read of %s was changed since: %w", c.Collection.Name, fault.ErrConflict)
			}
		}
	}
	return nil
}
