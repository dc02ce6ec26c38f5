package badger

import (
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
)

// Apply writes a batch as one transaction of Badger. See [storage.Engine].
func (e *Engine) Apply(version uint64, writes []storage.Write, durable bool) (err error) {
	e.seat.Lock()
	defer e.seat.Unlock()
	defer e.rescue(&err, "apply")
	if err := e.writable(); err != nil {
		return err
	}
	if have := e.version.Load(); version != have+1 {
		return fmt.Errorf("batch of version %d after version %d: %w", version, have, fault.ErrInternal)
	}
	size, err := e.measure(writes)
	if err != nil {
		return err
	}
	if err := e.room.admit(size); err != nil {
		return err
	}
	if !durable {
		if err := e.state.relax(); err != nil {
			return err
		}
	}
	if err := e.commit(version, writes); err != nil {
		return explain(e.path, err)
	}
	if durable {
		if err := e.wals.sync(); err != nil {
			return explain(e.path, err)
		}
	}
	// Only now: a view must not show what may yet turn out not to be durable.
	e.version.Store(version)
	if durable {
		e.synced.Store(version)
	}
	return nil
}

// writable says why the engine takes no writes, if it does not.
func (e *Engine) writable() error {
	switch {
	case e.closed.Load():
		return fmt.Errorf("database %s: %w", e.path, fault.ErrClosed)
	case e.readOnly:
		return fmt.Errorf("database %s: %w", e.path, fault.ErrReadOnly)
	}
	return nil
}

// measure returns the bytes a batch takes in the log, or says why Badger would
// not take it, so that a batch is refused before any of it is written.
func (e *Engine) measure(writes []storage.Write) (int64, error) {
	var size, value int64
	for i := range writes {
		w := &writes[i]
		if !w.Delete {
			value = max(value, int64(len(w.Value)))
			size += int64(len(w.Value))
		}
		size += int64(len(w.Key)) + 12
	}
	// Badger counts one more write, its own mark of the end, and wants to stay
	// below each limit.
	if size+64 >= e.limits.bytes || int64(len(writes))+1 >= e.limits.keys || value >= e.limits.value {
		return 0, fmt.Errorf("batch of %d writes and %d bytes, the longest value of %d: the limits are %d, %d and %d: %w",
			len(writes), size, value, e.limits.keys, e.limits.bytes, e.limits.value, fault.ErrTooLarge)
	}
	return size, nil
}

// versionMark is deleted, though it never exists, by a batch that has no writes:
// its version then survives like any other.
var versionMark = []byte{0, 'v'}

// commit writes a batch to Badger's log and memory table.
func (e *Engine) commit(version uint64, writes []storage.Write) error {
	txn := e.db.NewTransactionAt(version-1, true)
	defer txn.Discard()
	entries := e.entriesFor(len(writes))
	defer clear(entries)
	for i := range writes {
		w := &writes[i]
		var err error
		if w.Delete {
			err = txn.Delete(w.Key)
		} else {
			entries[i].Key, entries[i].Value = w.Key, w.Value
			err = txn.SetEntry(&entries[i])
		}
		if err != nil {
			return fmt.Errorf("key %x: %w", w.Key[:min(len(w.Key), 64)], err)
		}
	}
	if len(writes) == 0 {
		if err := txn.Delete(versionMark); err != nil {
			return err
		}
	}
	return txn.CommitAt(version, nil)
}

// keptEntries is how many of Badger's entries are kept from one batch to the next.
const keptEntries = 1024

// entriesFor returns n zero entries. Badger needs them until a batch is committed
// and no longer.
func (e *Engine) entriesFor(n int) []badger.Entry {
	if n > keptEntries {
		return make([]badger.Entry, n)
	}
	if n > len(e.entries) {
		e.entries = make([]badger.Entry, min(2*n, keptEntries))
	}
	return e.entries[:n]
}

// Sync makes everything applied so far survive a power cut.
func (e *Engine) Sync() error {
	if e.closed.Load() {
		return fmt.Errorf("database %s: %w", e.path, fault.ErrClosed)
	}
	if e.readOnly {
		return nil
	}
	version := e.version.Load()
	if version == e.synced.Load() {
		return nil
	}
	if err := e.wals.sync(); err != nil {
		return explain(e.path, err)
	}
	e.synced.Store(version)
	return nil
}
