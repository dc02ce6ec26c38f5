package txn

import (
	"bytes"
	"context"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
)

// Apply edits documents as [Documents.Apply] does, within the transaction. It never
// waits: a document that somebody else has locked, or changed since the transaction
// began, is [fault.ErrConflict] and ends the transaction. Any other error of an
// edit ends it too, unless it is lenient.
//
// A collection that does not exist is created at once, and stays when the
// transaction is rolled back.
func (t *Tx) Apply(ctx context.Context, collection string, create bool, ids []document.Value, edit EditFunc) error {
	return t.ApplyPlanned(ctx, collection, create, ids, func(Snapshot, *Collection) (EditFunc, error) { return edit, nil })
}

// ApplyPlanned is [Tx.Apply] for edits that depend on the definition of the
// collection: the one it had when the transaction began.
func (t *Tx) ApplyPlanned(ctx context.Context, collection string, create bool, ids []document.Value, planner Planner) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done != nil {
		return t.done
	}
	if t.readOnly {
		return fmt.Errorf("write in a view: %w", fault.ErrInvalid)
	}
	coll, err := t.collection(ctx, collection, create)
	if err != nil {
		return err
	}
	if coll == nil {
		return t.view.applyToNone(len(ids), planner)
	}
	names, err := documentKeys(coll, ids)
	if err != nil {
		return err
	}
	w, staged, err := t.stage(coll, names, planner)
	if err == nil {
		err = t.claim(w)
	}
	if err != nil {
		if !t.lenient {
			t.end(err)
		}
		return err
	}
	t.view.own.write(w)
	for _, s := range staged {
		t.keep(s)
	}
	return nil
}

// collection returns the collection as the transaction sees it, or nil when it
// does not exist and is not to be created.
func (t *Tx) collection(ctx context.Context, name string, create bool) (*Collection, error) {
	if coll := t.view.state.catalog.byName[name]; coll != nil || !create {
		return coll, nil
	}
	coll, err := t.docs.collection(ctx, name, true)
	if err != nil {
		return nil, err
	}
	// The snapshot holds nothing of a collection that came after it.
	t.view.state = t.view.state.with(t.view.state.catalog.with(coll))
	t.view.reads.adopt(coll)
	return coll, nil
}

// A stagedEdit is an edit that has not been taken into the transaction yet.
type stagedEdit struct {
	coll  *Collection
	key   string
	old   document.Doc
	parts storage.PartSet
	edit  Edit
}

// stage locks the documents, asks edit what becomes of them, and returns that
// with what it changes in the indexes.
func (t *Tx) stage(coll *Collection, names []string, planner Planner) (*work, []stagedEdit, error) {
	edit, err := planner(t.view, coll)
	if err != nil {
		return nil, nil, err
	}
	w := newWork(coll, len(names))
	var staged []stagedEdit
	for i, name := range names {
		if err := t.lockDocument(name); err != nil {
			return nil, nil, err
		}
		key := []byte(name)
		old, parts, err := t.view.read(key)
		if err != nil {
			return nil, nil, err
		}
		e, err := edit(i, old)
		if err != nil {
			return nil, nil, err
		}
		if e.Op == Keep {
			continue
		}
		if err := w.put(t.view, key, old, parts, e); err != nil {
			return nil, nil, err
		}
		staged = append(staged, stagedEdit{coll, name, old, parts, e})
	}
	return w, staged, nil
}

// lock takes one lock, without waiting for it.
func (t *Tx) lock(key string) error {
	if _, ok := t.held[key]; ok {
		return nil
	}
	if !t.locks.locks.try(key) {
		return t.conflict(key, "is being written by another transaction")
	}
	t.locks.held = append(t.locks.held, key)
	t.held[key] = struct{}{}
	return nil
}

// lockDocument takes the lock of a document, and makes sure that it is what the
// transaction sees.
func (t *Tx) lockDocument(name string) error {
	if _, known := t.edits[name]; known {
		return nil
	}
	if err := t.lock(name); err != nil {
		return err
	}
	newest, err := t.docs.Snapshot()
	if err != nil {
		return err
	}
	defer newest.Release()
	if newest.Version() == t.view.Version() {
		return nil
	}
	now, err := newest.snap.Get([]byte(name))
	if err != nil {
		return err
	}
	then, err := t.view.snap.Get([]byte(name))
	if err != nil {
		return err
	}
	if now.Version != then.Version {
		return t.conflict(name, "was written since the transaction began")
	}
	return nil
}

// claim fights for the unique values that w adds.
func (t *Tx) claim(w *work) error {
	if len(w.claims) == 0 {
		return nil
	}
	newest, err := t.docs.Snapshot()
	if err != nil {
		return err
	}
	defer newest.Release()
	for _, c := range w.claims {
		if err := t.lock(string(c.entry.Key)); err != nil {
			return err
		}
		if value, known := t.view.own.get(c.entry.Key); known {
			if value != nil && !bytes.Equal(value, c.entry.Value) {
				return c.refuse(value)
			}
			continue
		}
		if err := t.claimOne(c, newest); err != nil {
			return err
		}
	}
	return nil
}

// claimOne fights for a value that the transaction has not written before and has
// locked.
func (t *Tx) claimOne(c claim, newest Snapshot) error {
	now, err := newest.snap.Get(c.entry.Key)
	if err != nil || holds(now.Value, c.entry) {
		return err
	}
	then, err := t.view.snap.Get(c.entry.Key)
	switch {
	case err != nil:
		return err
	case now.Version != then.Version: // also when it is free now: the transaction still sees who had it
		return t.conflict(string(c.entry.Key), "was taken or given back since the transaction began")
	case now.Value != nil:
		return c.refuse(now.Value)
	}
	return nil
}

// keep takes a staged edit into the transaction.
func (t *Tx) keep(s stagedEdit) {
	e := t.edits[s.key]
	if e == nil {
		e = &edited{coll: s.coll, key: s.key, before: s.old, parts: s.parts}
		t.edits[s.key] = e
		t.order = append(t.order, e)
	}
	e.after = s.edit.Doc
	if s.edit.Op != Update {
		e.replaced = true
	}
	e.touches = append(e.touches, s.edit.Touches)
	e.paths = append(e.paths, s.edit.Paths...)
}

// net returns what the whole transaction does to the document.
func (e *edited) net() Edit {
	switch {
	case e.before.IsZero() && e.after.IsZero():
		return Edit{}
	case e.before.IsZero():
		return Edit{Op: Insert, Doc: e.after}
	case e.after.IsZero():
		return Edit{Op: Remove}
	case e.replaced:
		return Edit{Op: Replace, Doc: e.after}
	}
	return Edit{Op: Update, Doc: e.after, Paths: e.paths, Touches: e.touched}
}

func (e *edited) touched(path string) bool {
	for _, f := range e.touches {
		if f == nil || f(path) {
			return true
		}
	}
	return false
}
