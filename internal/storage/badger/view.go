package badger

import (
	"errors"

	"github.com/dgraph-io/badger/v4"

	"github.com/virgadb/virga/internal/storage"
)

// A view is a read-only transaction of Badger at a version of ours. Badger calls
// a transaction unsafe for concurrent use, but all of that is in its writing side:
// a read-only one changes nothing but an atomic count of its iterators. For the
// same reason there is nothing to discard: it has registered itself nowhere.
type view struct {
	e   *Engine
	txn *badger.Txn
}

// View returns the state at the newest version.
func (e *Engine) View() storage.View {
	return &view{e: e, txn: e.db.NewTransactionAt(e.version.Load(), false)}
}

// empty is a value of no bytes, which is not the same as none.
var empty = []byte{}

// Get returns the entry of key. The value is the caller's.
func (v *view) Get(key []byte) (entry storage.Entry, err error) {
	if len(key) == 0 {
		return entry, nil // no such key can be written
	}
	defer v.e.rescue(&err, "get")
	item, err := v.txn.Get(key)
	if err != nil {
		if errors.Is(err, badger.ErrKeyNotFound) {
			return entry, nil
		}
		return entry, explain(v.e.path, err)
	}
	value, err := valueOf(item)
	if err != nil {
		return entry, explain(v.e.path, err)
	}
	return storage.Entry{Value: value, Version: item.Version()}, nil
}

// valueOf returns the bytes of an item's value without copying them: they are in
// a buffer of the item, which the item of a Get does not use a second time and
// that of an iterator when the iterator moves on.
func valueOf(item *badger.Item) (value []byte, err error) {
	err = item.Value(func(b []byte) error {
		value = b
		return nil
	})
	if value == nil {
		value = empty
	}
	return value, err
}

// Release does nothing, see [view].
func (v *view) Release() {}
