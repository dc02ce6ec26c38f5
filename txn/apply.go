package txn

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// An Edit is what becomes of one document. The zero Edit leaves it as it is.
type Edit struct {
	Op  Op
	Doc document.Doc // for Insert, Update and Replace; its _id is the one edited
	// Touches reports whether an Update may have changed what path leads to; nil
	// means that it may have changed anything. Other indexes are left alone.
	Touches func(path string) bool
	Paths   []string // of an Update: what it was about, for the record
}

// An EditFunc looks at the stored document, zero when there is none, and says
// what becomes of ids[i]. It may be called again for the same document.
type EditFunc func(i int, old document.Doc) (Edit, error)

// A Planner returns the EditFunc for documents of coll, as it is defined and as snap
// shows them. It is called again when that has changed before the commit. Where there is
// no collection, coll is nil: the EditFunc, if any, is then told of no documents, and what
// it says does not happen.
type Planner func(snap Snapshot, coll *Collection) (EditFunc, error)

// maxID is the longest encoded _id, in bytes. It keeps keys of indexes, which
// end in the _id, within what engines accept.
const maxID = 4096

// Apply edits the documents of the named collection whose ids are given, which
// must be distinct, as one atomic step. The documents are locked while edit
// looks at them, so the step never meets a conflict; it waits for other writers
// of the same documents instead. An error of edit abandons the step.
//
// With create, a collection that does not exist is created; without, there is
// nothing to edit, as edit is told.
func (d *Documents) Apply(ctx context.Context, collection string, create bool, ids []document.Value, edit EditFunc) error {
	return d.ApplyPlanned(ctx, collection, create, ids, func(Snapshot, *Collection) (EditFunc, error) { return edit, nil })
}

// ApplyPlanned is [Documents.Apply] for edits that depend on the definition of the
// collection.
func (d *Documents) ApplyPlanned(ctx context.Context, collection string, create bool, ids []document.Value, planner Planner) error {
	for {
		coll, err := d.collection(ctx, collection, create)
		if err != nil {
			return err
		}
		if coll == nil { // also when it was dropped under an attempt, which has told edit of documents
			return d.applyToNone(len(ids), planner)
		}
		err = d.apply(ctx, coll, ids, planner)
		if !errors.Is(err, errStale) {
			return err
		}
	}
}

func (d *Documents) applyToNone(n int, planner Planner) error {
	snap, err := d.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Release()
	return snap.applyToNone(n, planner)
}

// applyToNone tells an EditFunc that there are none of n documents.
func (s Snapshot) applyToNone(n int, planner Planner) error {
	edit, err := planner(s, nil)
	if err != nil || edit == nil {
		return err
	}
	for i := range n {
		if _, err := edit(i, document.Doc{}); err != nil {
			return err
		}
	}
	return nil
}

// apply is one attempt of Apply under one definition of the collection.
func (d *Documents) apply(ctx context.Context, coll *Collection, ids []document.Value, planner Planner) error {
	names, err := documentKeys(coll, ids)
	if err != nil {
		return err
	}
	h := d.locks.holder()
	defer h.release()
	for {
		if ok, err := h.take(ctx, names); err != nil {
			return err
		} else if !ok {
			continue
		}
		w, err := d.plan(coll, names, planner)
		if err != nil || len(w.writes) == 0 {
			return err
		}
		if ok, err := h.take(ctx, w.uniqueKeys()); err != nil {
			return err
		} else if !ok {
			continue
		}
		if err := d.checkUnique(w); err != nil {
			return err
		}
		return d.commit(ctx, []*work{w}, nil)
	}
}

// DocumentKeys returns the locks of documents, for [Documents.Begin]; none of a
// collection that does not exist.
func (d *Documents) DocumentKeys(ctx context.Context, collection string, ids []document.Value) ([]string, error) {
	coll, err := d.collection(ctx, collection, false)
	if err != nil || coll == nil {
		return nil, err
	}
	return documentKeys(coll, ids)
}

// documentKeys returns the keys of documents, as strings to lock them by.
func documentKeys(coll *Collection, ids []document.Value) ([]string, error) {
	names := make([]string, len(ids))
	key := make([]byte, 0, 64)
	for i, id := range ids {
		key = keys.AppendDocument(key[:0], coll.ID, id)
		if len(key) > maxID {
			return nil, fault.At("_id", fmt.Errorf("_id of %d bytes, the limit is about %d: %w", len(key), maxID, fault.ErrTooLarge))
		}
		names[i] = string(key)
	}
	if twice(names) {
		return nil, fmt.Errorf("collection %s has two documents of one _id: %w", coll.Name, fault.ErrCorrupt)
	}
	return names, nil
}

// twice reports whether a name stands in names more than once. Ids that a query
// has read from sound documents never do.
func twice(names []string) bool {
	if !slices.IsSorted(names) {
		names = slices.Sorted(slices.Values(names))
	}
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			return true
		}
	}
	return false
}

// plan reads the documents, which are locked, and works out what is to be written.
func (d *Documents) plan(coll *Collection, names []string, planner Planner) (*work, error) {
	snap, err := d.Snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.Release()
	if snap.state.catalog.byName[coll.Name] != coll {
		return nil, errStale
	}
	edit, err := planner(snap, coll)
	if err != nil {
		return nil, err
	}
	w := newWork(coll, len(names))
	for i, name := range names {
		key := []byte(name)
		old, parts, err := snap.read(key)
		if err != nil {
			return nil, err
		}
		e, err := edit(i, old)
		if err != nil {
			return nil, err
		}
		if e.Op == Keep {
			continue
		}
		if err := w.put(snap, key, old, parts, e); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// commit submits what works have gathered as one step. It returns errStale when
// the definition of a collection has changed since, and what extra returns in the
// leader's seat, where nothing else is in the group if extra is not nil.
func (d *Documents) commit(ctx context.Context, works []*work, extra func(newest *storage.Snapshot) error) error {
	s := &step{works: works, extra: extra}
	s.request = storage.Request{Writes: s.writes(), Check: s.check, Alone: extra != nil, Tag: s}
	_, err := d.store.Commit(ctx, &s.request)
	return err
}

// writes returns all that s writes, in the order in which it has to be.
func (s *step) writes() []storage.Write {
	n := 0
	for _, w := range s.works {
		n += len(w.writes) + len(w.removals) + len(w.added)
	}
	if len(s.works) == 1 && n == len(s.works[0].writes) {
		return s.works[0].writes
	}
	list := make([]storage.Write, 0, n)
	for _, w := range s.works {
		list = append(append(append(list, w.writes...), w.removals...), w.added...)
	}
	return list
}

// check is the check of the request that commits s.
func (s *step) check(newest *storage.Snapshot) error {
	for _, w := range s.works {
		if err := w.check(newest); err != nil {
			return err
		}
	}
	if s.extra != nil {
		return s.extra(newest)
	}
	return nil
}
