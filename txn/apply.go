package txn

import (
	"context"
	"errors"
	"fmt"

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

// maxID is the longest encoded _id, in bytes. It keeps keys of indexes, which
// end in the _id, within what engines accept.
const maxID = 4096

// Apply edits the documents of the named collection whose ids are given, which
// must be distinct, as one atomic step. The documents are locked while edit
// looks at them, so the step never meets a conflict; it waits for other writers
// of the same documents instead. An error of edit abandons the step.
//
// With create, a collection that does not exist is created; without, there is
// nothing to edit and Apply returns nil.
func (d *Documents) Apply(ctx context.Context, collection string, create bool, ids []document.Value, edit EditFunc) error {
	for {
		coll, err := d.collection(ctx, collection, create)
		if err != nil || coll == nil {
			return err
		}
		err = d.apply(ctx, coll, ids, edit)
		if !errors.Is(err, errStale) {
			return err
		}
	}
}

// apply is one attempt of Apply under one definition of the collection.
func (d *Documents) apply(ctx context.Context, coll *Collection, ids []document.Value, edit EditFunc) error {
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
		w, err := d.plan(coll, names, edit)
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
		return d.commit(ctx, w)
	}
}

// documentKeys returns the keys of documents, as strings to lock them by.
func documentKeys(coll *Collection, ids []document.Value) ([]string, error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		var room [64]byte
		key := keys.AppendDocument(room[:0], coll.ID, id)
		if len(key) > maxID {
			return nil, fault.At("_id", fmt.Errorf("_id of %d bytes, the limit is about %d: %w", len(key), maxID, fault.ErrTooLarge))
		}
		names[i] = string(key)
	}
	return names, nil
}

// plan reads the documents, which are locked, and works out what is to be written.
func (d *Documents) plan(coll *Collection, names []string, edit EditFunc) (*work, error) {
	snap, err := d.Snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.Release()
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
		w.writes = append(w.writes, storage.Write{Key: key, Value: e.Doc.Raw(), Delete: e.Op == Remove, Replaces: parts})
		w.changes = append(w.changes, Change{Collection: coll, Op: e.Op, Before: old, After: e.Doc, Paths: e.Paths})
		if err := w.index(snap, key, old, e); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// commit submits what w has gathered. It returns errStale when the definition of
// the collection has changed since.
func (d *Documents) commit(ctx context.Context, w *work) error {
	_, err := d.store.Commit(ctx, &storage.Request{
		Writes: w.writes,
		Tag:    &step{coll: w.coll, changes: w.changes, entries: w.entries, traits: w.traits, hashes: w.hashes},
		Check:  w.check,
	})
	return err
}
