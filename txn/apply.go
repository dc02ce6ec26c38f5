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
	names := make([]string, len(ids))
	for i, id := range ids {
		var room [64]byte
		key := keys.AppendDocument(room[:0], coll.ID, id)
		if len(key) > maxID {
			return fault.At("_id", fmt.Errorf("_id of %d bytes, the limit is about %d: %w", len(key), maxID, fault.ErrTooLarge))
		}
		names[i] = string(key)
	}
	held := names
	if !slices.IsSorted(names) {
		held = slices.Sorted(slices.Values(names))
	}
	if err := d.locks.acquire(ctx, held); err != nil {
		return err
	}
	defer d.locks.release(held)

	writes, changes, err := d.edit(coll, names, edit)
	if err != nil || len(writes) == 0 {
		return err
	}
	return d.commit(ctx, coll, writes, changes)
}

// edit reads the documents, which are locked, and returns what is to be written.
func (d *Documents) edit(coll *Collection, names []string, edit EditFunc) ([]storage.Write, []Change, error) {
	snap, err := d.Snapshot()
	if err != nil {
		return nil, nil, err
	}
	defer snap.Release()
	writes := make([]storage.Write, 0, len(names))
	changes := make([]Change, 0, len(names))
	for i, name := range names {
		key := []byte(name)
		old, parts, err := snap.read(key)
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
		writes = append(writes, storage.Write{Key: key, Value: e.Doc.Raw(), Delete: e.Op == Remove, Replaces: parts})
		changes = append(changes, Change{Collection: coll, Op: e.Op, Before: old, After: e.Doc})
	}
	return writes, changes, nil
}

// valueOf views bytes of the store's own records.
func valueOf(raw []byte) document.Value { return document.FromRaw(raw).Value() }
