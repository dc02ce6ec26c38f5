package badger

import (
	"bytes"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
)

// A cursor walks a range by an iterator of Badger. It belongs to one goroutine.
type cursor struct {
	e        *Engine
	it       *badger.Iterator // nil when closed or never opened
	item     *badger.Item     // nil when not on an entry
	r        storage.Range
	reverse  bool
	keysOnly bool
	started  bool
	done     bool
	err      error
}

// Scan returns a cursor over r.
func (v *view) Scan(r storage.Range, o storage.ScanOptions) storage.EngineCursor {
	c := &cursor{e: v.e, r: r, reverse: o.Reverse, keysOnly: o.KeysOnly}
	if r.Hi != nil && bytes.Compare(r.Lo, r.Hi) >= 0 {
		c.done = true
		return c
	}
	c.open(v.txn)
	return c
}

func (c *cursor) open(txn *badger.Txn) {
	defer c.rescue()
	if c.e.closed.Load() {
		c.err, c.done = fmt.Errorf("database %s: %w", c.e.path, fault.ErrClosed), true
		return
	}
	c.it = txn.NewIterator(badger.IteratorOptions{
		Reverse: c.reverse,
		// Never PrefetchValues: it starts a goroutine for each entry.
		Prefix: commonPrefix(c.r, c.reverse),
	})
}

// Next moves to the next entry and reports whether there is one.
func (c *cursor) Next() bool {
	if c.done {
		c.item = nil
		return false
	}
	defer c.rescue()
	if c.started {
		c.it.Next()
	} else {
		c.started = true
		c.seek()
	}
	if !c.it.Valid() {
		c.end()
		return false
	}
	item := c.it.Item()
	if c.beyond(item.Key()) {
		c.end()
		return false
	}
	c.item = item
	return true
}

// seek moves the iterator to the first entry.
func (c *cursor) seek() {
	if !c.reverse {
		c.it.Seek(c.r.Lo)
		return
	}
	c.it.Seek(c.r.Hi) // nil: the last key
	if c.r.Hi != nil && c.it.Valid() && bytes.Equal(c.it.Item().Key(), c.r.Hi) {
		c.it.Next()
	}
}

// beyond reports whether key is past the end of the range.
func (c *cursor) beyond(key []byte) bool {
	if c.reverse {
		return bytes.Compare(key, c.r.Lo) < 0
	}
	return c.r.Hi != nil && bytes.Compare(key, c.r.Hi) >= 0
}

func (c *cursor) end() { c.item, c.done = nil, true }

// rescue is deferred by every method that calls Badger.
func (c *cursor) rescue() {
	if p := recover(); p != nil {
		c.end()
		c.err = fmt.Errorf("database %s: scan: badger: %v: %w", c.e.path, p, fault.ErrCorrupt)
	}
}

// Key returns the key of the entry, valid until Next.
func (c *cursor) Key() []byte {
	if c.item == nil {
		return nil
	}
	return c.item.Key()
}

// Value returns the value of the entry, valid until Next.
func (c *cursor) Value() []byte {
	if c.item == nil || c.keysOnly {
		return nil
	}
	value, err := valueOf(c.item)
	if err != nil && c.err == nil {
		c.err = explain(c.e.path, err)
	}
	return value
}

// Version returns the version of the entry.
func (c *cursor) Version() uint64 {
	if c.item == nil {
		return 0
	}
	return c.item.Version()
}

// Err returns the error that ended the walk early.
func (c *cursor) Err() error { return c.err }

// Close releases the tables the cursor holds.
func (c *cursor) Close() {
	c.end()
	if c.it == nil {
		return
	}
	defer c.rescue()
	it := c.it
	c.it = nil
	it.Close()
}

// commonPrefix returns the longest prefix it can tell that all keys of r share. By
// it Badger leaves out the tables that have none of them, and a forward walk over
// deleted entries stops there. A reverse iterator is sought to Hi, which must then
// have the prefix as well.
func commonPrefix(r storage.Range, reverse bool) []byte {
	n := 0
	for n < len(r.Lo) && n < len(r.Hi) && r.Lo[n] == r.Hi[n] {
		n++
	}
	// Hi is often the successor of a prefix: then every key starts with Lo up to
	// and with the byte that was raised, and on over bytes that can be no higher.
	if !reverse && n < len(r.Lo) && len(r.Hi) == n+1 && r.Lo[n]+1 == r.Hi[n] {
		for n++; n < len(r.Lo) && r.Lo[n] == 0xff; n++ {
		}
	}
	return r.Lo[:n]
}
