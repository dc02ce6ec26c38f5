package txn

import (
	"bytes"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// work is what one atomic step is about to write in a collection.
type work struct {
	coll     *Collection
	writes   []storage.Write // of documents
	removals []storage.Write // of entries
	added    []storage.Write // of entries: behind all removals, one may take the key of another
	changes  []Change
	indexes  []growth // one for each index of coll, nil when no entry changes
	miscount int64    // documents that are there but have not been counted
	traits   map[uint32]index.Traits
	claims   []claim // in the order of the changes
	expected []expectation
	owners   map[string]string // by key of a unique entry that was written, its value; "" once removed

	// fought is the definition under which a transaction has fought for the unique
	// values of its edits, of which these are the net: their order says nothing. It is
	// nil for a step of its own.
	fought *Collection

	oneWrite  [1]storage.Write // room for the usual step, of one document
	oneChange [1]Change
}

// growth is what a step does to the numbers of one index.
type growth struct {
	entries int64    // how many more it has
	hashes  []uint64 // of the entries added

	fewHashes [4]uint64 // room for the usual entry
}

// A claim is an entry of a unique index that the step adds.
type claim struct {
	index *index.Index
	entry index.Entry
	id    document.ID
}

func newWork(coll *Collection, n int) *work {
	w := &work{coll: coll}
	w.writes, w.changes = w.oneWrite[:0], w.oneChange[:0]
	if n > 1 {
		w.writes, w.changes = make([]storage.Write, 0, n), make([]Change, 0, n)
	}
	return w
}

// put adds the edit of one document, stored under key in parts, with the entries
// it changes. What snap shows of an index under construction has to hold still
// when the step is committed.
func (w *work) put(snap Snapshot, key []byte, old document.Doc, parts storage.PartSet, e Edit) error {
	w.writes = append(w.writes, storage.Write{Key: key, Value: e.Doc.Raw(), Delete: e.Op == Remove, Replaces: parts})
	w.changes = append(w.changes, Change{Collection: w.coll, Op: e.Op, Before: old, After: e.Doc, Paths: e.Paths})
	return w.index(snap, key, old, e)
}

// index adds what one edit changes in the indexes. key is that of the document.
func (w *work) index(snap Snapshot, key []byte, old document.Doc, e Edit) error {
	_, id, _ := keys.SplitDocument(key)
	for i, x := range w.coll.indexes {
		if x.ready && !e.touched(x.Index) {
			continue
		}
		before, _, err := entriesOf(x.Index, old, id)
		if err != nil {
			return fault.On(old.ID().String(), err)
		}
		after, traits, err := entriesOf(x.Index, e.Doc, id)
		if err != nil {
			return fault.On(e.Doc.ID().String(), err)
		}
		w.learn(x.Index, traits)
		removed, added := index.Diff(before, after)
		if !x.ready {
			if removed, added, err = w.complete(snap, removed, after); err != nil {
				return err
			}
		}
		if err := w.change(i, removed, added, e.Doc); err != nil {
			return err
		}
	}
	return nil
}

// touched reports whether e may change the entries of x.
func (e Edit) touched(x *index.Index) bool {
	if e.Op != Update || e.Touches == nil {
		return true
	}
	return slices.ContainsFunc(x.Spec().Fields, func(f index.Field) bool { return e.Touches(f.Path) })
}

func entriesOf(x *index.Index, doc document.Doc, id []byte) ([]index.Entry, index.Traits, error) {
	if doc.IsZero() {
		return nil, index.Traits{}, nil
	}
	return x.Entries(doc, id)
}

// learn notes traits that the catalog does not know of x yet.
func (w *work) learn(x *index.Index, t index.Traits) {
	if x.Traits().Union(t) == x.Traits() {
		return
	}
	if w.traits == nil {
		w.traits = make(map[uint32]index.Traits)
	}
	w.traits[x.ID()] = w.traits[x.ID()].Union(t)
}

// An expectation is what a step that touches an index under construction has seen
// at one of its keys: nil for nothing. The build, which takes no locks, may put the
// entry of another document there.
type expectation struct {
	key, value []byte
}

// complete says what to write in an index under construction, which may not have
// any entry of the document yet, or have a unique key for another one. The build
// leaves the document to the writer, so all of its entries have to be there
// afterwards. What was seen in the index has to hold still at the commit.
func (w *work) complete(snap Snapshot, removed, after []index.Entry) (gone, added []index.Entry, err error) {
	split := func(entries []index.Entry) (present, absent []index.Entry) {
		for _, e := range entries {
			value, failed := snap.entry(e.Key)
			if failed != nil {
				err = failed
			}
			w.expected = append(w.expected, expectation{e.Key, value})
			if holds(value, e) {
				present = append(present, e)
			} else {
				absent = append(absent, e)
			}
		}
		return present, absent
	}
	gone, _ = split(removed)
	_, added = split(after)
	return gone, added, err
}

// holds reports whether value, nil for none, is that of e.
func holds(value []byte, e index.Entry) bool {
	return value != nil && bytes.Equal(value, e.Value)
}

// entry returns the value of the index entry under key, nil when there is none.
func (s Snapshot) entry(key []byte) ([]byte, error) {
	if s.own != nil {
		if value, known := s.own.get(key); known {
			return value, nil
		}
	}
	stored, err := s.snap.Get(key)
	return stored.Value, err
}

// check is the check of the request that commits w.
func (w *work) check(newest *storage.Snapshot) error {
	if err := w.coll.unchanged(newest); err != nil {
		return err
	}
	for _, x := range w.expected {
		now, err := newest.Get(x.key)
		if err != nil {
			return err
		}
		if (now.Value == nil) != (x.value == nil) || !bytes.Equal(now.Value, x.value) {
			return errStale
		}
	}
	return nil
}

// change adds the removal and addition of entries of index i.
func (w *work) change(i int, removed, added []index.Entry, doc document.Doc) error {
	if len(removed) == 0 && len(added) == 0 {
		return nil
	}
	if w.indexes == nil {
		w.indexes = make([]growth, len(w.coll.indexes))
		w.added = make([]storage.Write, 0, min(len(w.coll.indexes)*cap(w.writes), storage.MaxKeys))
	}
	x := w.coll.indexes[i].Index
	unique := x.Spec().Unique
	if unique && w.owners == nil {
		w.owners = make(map[string]string)
	}
	for _, e := range removed {
		w.removals = append(w.removals, storage.Write{Key: e.Key, Delete: true})
		if unique {
			w.owners[string(e.Key)] = ""
		}
	}
	g := &w.indexes[i]
	if g.hashes == nil {
		g.hashes = g.fewHashes[:0]
	}
	g.entries += int64(len(added) - len(removed))
	for _, e := range added {
		g.hashes = sketchHashes(g.hashes, x, e)
		w.added = append(w.added, storage.Write{Key: e.Key, Value: e.Value})
		if unique && !w.fought.answers(x.ID()) {
			if err := w.claim(claim{index: x, entry: e, id: doc.ID()}); err != nil {
				return err
			}
		}
	}
	return nil
}

// claim fights for an entry within the step, and notes it for the fight with others.
func (w *work) claim(c claim) error {
	key, value := string(c.entry.Key), string(c.entry.Value)
	owner, known := w.owners[key]
	if known && owner != "" && owner != value {
		return c.refuse([]byte(owner))
	}
	if !known {
		w.claims = append(w.claims, c)
	}
	w.owners[key] = value
	return nil
}

// uniqueKeys returns the keys of the claims, to lock them.
func (w *work) uniqueKeys() []string {
	if len(w.claims) == 0 {
		return nil
	}
	list := make([]string, len(w.claims))
	for i, c := range w.claims {
		list[i] = string(c.entry.Key)
	}
	return list
}

// checkUnique looks whether the claims, which are locked, are free.
func (d *Documents) checkUnique(w *work) error {
	if len(w.claims) == 0 {
		return nil
	}
	snap, err := d.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Release()
	return w.checkUnique(snap)
}

func (w *work) checkUnique(snap Snapshot) error {
	for _, c := range w.claims {
		stored, err := snap.snap.Get(c.entry.Key)
		if err != nil {
			return err
		}
		if stored.Value != nil && !bytes.Equal(stored.Value, c.entry.Value) && !w.frees(c.entry.Key) {
			return c.refuse(stored.Value)
		}
	}
	return nil
}

// frees reports whether one of a transaction's net edits removes the entry under key.
func (w *work) frees(key []byte) bool {
	return w.fought != nil && slices.ContainsFunc(w.removals, func(x storage.Write) bool { return bytes.Equal(x.Key, key) })
}
