package txn

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
)

// Commit makes everything the transaction has written happen at once, and ends it.
// After an error nothing has happened; [fault.ErrConflict] says that running it
// again may succeed.
func (t *Tx) Commit(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done != nil {
		return t.done
	}
	err := t.commit(ctx)
	t.end(fault.ErrTxnDone)
	return err
}

func (t *Tx) commit(ctx context.Context) error {
	if len(t.order) == 0 {
		return nil // a transaction that only reads has seen one moment
	}
	var validate func(*storage.Snapshot) error
	if t.view.reads != nil {
		view := t.view
		validate = func(newest *storage.Snapshot) error {
			return t.docs.recent.validate(view, newest.Meta().(*state).catalog)
		}
	}
	for {
		works, err := t.assemble()
		if err != nil || len(works) == 0 {
			return err
		}
		if err := t.docs.commit(ctx, works, validate); !errors.Is(err, errStale) {
			return err
		}
	}
}

// assemble makes work of the net edits, under the newest definitions of their
// collections. Values that a unique index under construction did not show to belong
// to another document when the transaction wrote them are looked at again.
func (t *Tx) assemble() ([]*work, error) {
	newest, err := t.docs.Snapshot()
	if err != nil {
		return nil, err
	}
	defer newest.Release()
	var works []*work
	for _, e := range t.order {
		net := e.net()
		if net.Op == Keep {
			continue
		}
		coll := newest.state.catalog.byName[e.coll.Name]
		if err := e.coll.compatible(coll); err != nil {
			return nil, err
		}
		at := slices.IndexFunc(works, func(w *work) bool { return w.coll == coll })
		if at < 0 {
			at = len(works)
			works = append(works, newWork(coll, len(t.order)))
			works[at].fought = e.coll
		}
		if err := works[at].put(newest, []byte(e.key), e.before, e.parts, net); err != nil {
			return nil, err
		}
	}
	for _, w := range works {
		if err := w.checkUnique(newest); err != nil {
			return nil, err
		}
	}
	return works, nil
}

// compatible reports, as a conflict, that the collection c that a transaction has
// written to has become something else: gone, with another policy, or with a new unique index.
func (c *Collection) compatible(now *Collection) error {
	if now == nil || now.ID != c.ID {
		return fmt.Errorf("collection %s was dropped: %w", c.Name, fault.ErrConflict)
	}
	if now.policy != c.policy {
		return fmt.Errorf("collection %s has got other rules or another schema: %w", c.Name, fault.ErrConflict)
	}
	for _, x := range now.indexes {
		if x.Spec().Unique && c.sketch(x.ID()) == nil {
			return fmt.Errorf("collection %s has got the unique index %s: %w", c.Name, x.Name(), fault.ErrConflict)
		}
	}
	return nil
}
