package txn

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// A Tx is one atomic step of many reads and writes. It sees the database as it was
// at its beginning, with its own writes. The first of two that write the same
// document wins: the other gets [fault.ErrConflict] at its write, and nothing of
// it happens. It is safe for concurrent use.
type Tx struct {
	docs    *Documents
	options Options
	timer   clock.Timer
	lenient bool // an operation that fails does not end the transaction

	mu       sync.Mutex // guards everything below
	view     Snapshot
	locks    *holder
	held     map[string]struct{}
	edits    map[string]*edited // by key of the document
	order    []*edited          // in the order of their first edits
	done     error              // why the transaction can be used no more
	readOnly bool
}

// edited is what has become of one document.
type edited struct {
	coll     *Collection
	key      string
	before   document.Doc
	parts    storage.PartSet
	after    document.Doc
	replaced bool // not only by updates
	touches  []func(path string) bool
	paths    []string
}

// Begin starts a transaction. It first takes the locks of keys, which a run that
// met a conflict has told; it waits for them as a plain write does.
func (d *Documents) Begin(ctx context.Context, o Options, keys []string) (*Tx, error) {
	o, err := o.Complete()
	if err != nil {
		return nil, err
	}
	h := d.locks.holder()
	for {
		ok, err := h.take(ctx, keys)
		if err != nil {
			h.release()
			return nil, err
		}
		if ok {
			break
		}
	}
	t := &Tx{docs: d, options: o, locks: h, held: make(map[string]struct{}), edits: make(map[string]*edited)}
	for _, key := range keys {
		t.held[key] = struct{}{}
	}
	if err := t.begin(); err != nil {
		h.release()
		return nil, err
	}
	return t, nil
}

// begin takes the snapshot and sets the timer.
func (t *Tx) begin() error {
	t.mu.Lock() // the timer may go off before it is known
	defer t.mu.Unlock()
	serializable := t.options.Isolation == Serializable
	if serializable {
		t.docs.recent.join()
	}
	snap, err := t.docs.Snapshot()
	if err != nil {
		if serializable {
			t.docs.recent.leave()
		}
		return err
	}
	snap.own = newOverlay()
	if serializable {
		snap.reads = newReads()
		snap.state = snap.state.with(snap.state.catalog.readBy(snap.reads))
	}
	t.view = snap
	if t.options.Timeout > 0 {
		t.timer = t.docs.clock.AfterFunc(t.options.Timeout, func() { t.expire(t.options.Timeout) })
	}
	if !t.docs.open.add(t) {
		t.end(fault.ErrClosed)
		return t.done
	}
	return nil
}

// View starts a transaction that only reads and has no time limit.
func (d *Documents) View() (*Tx, error) {
	t := &Tx{docs: d, locks: d.locks.holder(), readOnly: true}
	return t, t.begin()
}

// Lenient makes an operation that is refused leave the transaction as it was
// before that operation, instead of ending it. A conflict ends it all the same.
func (t *Tx) Lenient() { t.lenient = true }

// Snapshot returns what the transaction sees at this moment. Writes made later do
// not show in it.
func (t *Tx) Snapshot() (Snapshot, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done != nil {
		return Snapshot{}, t.done
	}
	view := t.view
	view.own = view.own.clone()
	return view, nil
}

// Keys returns the locks the transaction has taken, and the one it could not get,
// for the Begin of its next run.
func (t *Tx) Keys() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]string, 0, len(t.held))
	for key := range t.held {
		list = append(list, key)
	}
	return list
}

// Rollback ends the transaction; nothing of it happens. It may be called more than
// once, and after Commit, and then does nothing.
func (t *Tx) Rollback() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end(fault.ErrTxnDone)
}

// Abort ends the transaction, nothing of which happens, as an operation of it that
// fails with reason does. One that only reads goes on: it has nothing to take back.
func (t *Tx) Abort(reason error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.readOnly {
		t.end(reason)
	}
}

func (t *Tx) expire(after time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end(fmt.Errorf("not ended within %v: %w", after, fault.ErrTxnExpired))
}

// end releases everything, with mu held. Later calls get reason.
func (t *Tx) end(reason error) {
	if t.done != nil {
		return
	}
	t.done = reason
	t.docs.open.remove(t)
	if t.timer != nil {
		t.timer.Stop()
	}
	t.locks.release()
	t.view.snap.Release()
	if t.options.Isolation == Serializable {
		t.docs.recent.leave()
	}
}

// conflict ends the transaction because of the lock or document under key.
func (t *Tx) conflict(key, why string) error {
	t.held[key] = struct{}{}
	name := "a unique value"
	if _, id, ok := keys.SplitDocument([]byte(key)); ok {
		name = "document"
		if v, _, ok := keys.Decode(id, false, false); ok {
			name = fmt.Sprintf("document %s", v)
		}
	}
	err := fmt.Errorf("%s %s: %w", name, why, fault.ErrConflict)
	t.end(err)
	return err
}

// openTxs are the transactions under way.
type openTxs struct {
	mu     sync.Mutex // guards what is below; taken inside of Tx.mu
	all    map[*Tx]struct{}
	closed bool
}

// add notes t, and reports false when no more may begin.
func (o *openTxs) add(t *Tx) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	if o.all == nil {
		o.all = make(map[*Tx]struct{})
	}
	o.all[t] = struct{}{}
	return true
}

func (o *openTxs) remove(t *Tx) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.all, t)
}

func (o *openTxs) closeAll() {
	o.mu.Lock()
	o.closed = true
	list := slices.Collect(maps.Keys(o.all))
	o.mu.Unlock()
	for _, t := range list {
		t.mu.Lock()
		t.end(fault.ErrClosed)
		t.mu.Unlock()
	}
}
