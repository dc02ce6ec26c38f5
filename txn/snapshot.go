package txn

import (
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// A Snapshot is the whole database as one commit left it. It is safe for
// concurrent use and must be released.
type Snapshot struct {
	snap  *storage.Snapshot
	state *state
	own   *overlay // what the transaction has written itself; nil outside of one
	reads *reads   // what a serializable transaction has read; nil for others
}

// Version returns the number of the commit the snapshot shows.
func (s Snapshot) Version() uint64 { return s.snap.Version() }

// Told returns the version of the newest commit in the snapshot whose record
// goes to the listener. The listener hears of it right after it is published, so
// whoever holds the snapshot may be ahead of that for a moment. It is 0 when there
// was none since Open.
func (s Snapshot) Told() uint64 { return s.state.told }

// Catalog returns the collections of the snapshot.
func (s Snapshot) Catalog() *Catalog { return s.state.catalog }

// Count returns the number of documents in coll, without reading any.
func (s Snapshot) Count(coll *Collection) int64 {
	lo, hi := keys.Documents(coll.ID)
	s.reads.addRange(storage.Range{Lo: lo, Hi: hi})
	return s.Size(coll)
}

// Size is [Snapshot.Count] for an estimate: a serializable transaction that asks for
// it has seen nothing.
func (s Snapshot) Size(coll *Collection) int64 {
	n := s.state.counts.of(coll.ID)
	if s.own != nil {
		n += s.own.deltas[coll.ID]
	}
	return n
}

// Release gives the snapshot back; that of a transaction lives as long as the
// transaction. Documents taken from it stay valid.
func (s Snapshot) Release() {
	if s.own == nil {
		s.snap.Release()
	}
}

// Get returns the document of coll whose _id is id, or the zero Doc when there
// is none. Stored bytes that are no document are [fault.ErrCorrupt].
func (s Snapshot) Get(coll *Collection, id document.Value) (document.Doc, error) {
	var room [64]byte
	doc, _, err := s.read(keys.AppendDocument(room[:0], coll.ID, id))
	return doc, err
}

// read returns the document under key and the parts it is stored in.
func (s Snapshot) read(key []byte) (document.Doc, storage.PartSet, error) {
	if s.own != nil {
		s.reads.addKey(key)
		if value, known := s.own.get(key); known {
			return document.FromRaw(value), 0, nil
		}
	}
	entry, err := s.snap.Get(key)
	if err != nil || entry.Value == nil {
		return document.Doc{}, 0, err
	}
	doc, err := stored(key, entry.Value, entry.Checked)
	return doc, entry.Parts, err
}

// stored returns the document under key, whose bytes are value.
func stored(key, value []byte, checked bool) (document.Doc, error) {
	if !checked {
		if err := document.Validate(value); err != nil {
			return document.Doc{}, fmt.Errorf("document under key %x: %w", key, err)
		}
	}
	return document.FromRaw(value), nil
}

// Scan returns a cursor over all documents of coll in the order of their ids.
func (s Snapshot) Scan(coll *Collection) *Cursor {
	lo, hi := keys.Documents(coll.ID)
	return &Cursor{scan: s.scan(storage.Range{Lo: lo, Hi: hi}, storage.ScanOptions{})}
}

// A scanner walks a range of keys, as [storage.Cursor] does.
type scanner interface {
	Next() bool
	Seek(lo []byte)
	Head(skip int) uint64
	Heads(skip int, to []uint64) int
	Ahead(to [][]byte) int
	Skip(n int) int
	Pass(skip int, head uint64) (n int, arrived bool)
	Key() []byte
	Value() []byte
	Own() []byte
	Checked() bool
	Err() error
	Close()
}

// scan returns a scanner over r that sees what the transaction has written.
func (s Snapshot) scan(r storage.Range, o storage.ScanOptions) scanner {
	if s.own == nil {
		return s.snap.Scan(r, o)
	}
	if !o.Seeks { // whoever seeks says himself what he has looked at
		s.reads.addRange(r)
	}
	return s.own.scan(s.snap, r, o)
}

// A Cursor walks the documents of a collection. It belongs to one goroutine.
type Cursor struct {
	scan scanner
	doc  document.Doc
}

// Next moves to the next document and reports whether there is one.
func (c *Cursor) Next() bool {
	if !c.scan.Next() {
		return false
	}
	c.doc = document.FromRaw(c.scan.Value())
	return true
}

// Doc returns the current document, valid until the next call of Next. Its bytes
// have not been validated.
func (c *Cursor) Doc() document.Doc { return c.doc }

// Key returns the key of the current document, valid until the next call of Next.
func (c *Cursor) Key() []byte { return c.scan.Key() }

// Own returns the current document, validated and valid for ever.
func (c *Cursor) Own() (document.Doc, error) {
	raw := c.scan.Own()
	if c.scan.Checked() {
		return document.FromRaw(raw), nil
	}
	if err := document.Validate(raw); err != nil {
		return document.Doc{}, fmt.Errorf("document under key %x: %w", c.scan.Key(), err)
	}
	return document.FromRaw(raw), nil
}

// Valid returns an error when the bytes of the current document are no document.
func (c *Cursor) Valid() error {
	if c.scan.Checked() {
		return nil
	}
	if err := document.Validate(c.doc.Raw()); err != nil {
		return fmt.Errorf("document under key %x: %w", c.scan.Key(), err)
	}
	return nil
}

// Skip moves over documents, at most n of them, and returns how many: not always as many as
// it could, but 0 only at the end. Where the collection is mirrored many take no longer
// than a few. There is no current document then.
func (c *Cursor) Skip(n int) int { return c.scan.Skip(n) }

// Err returns what ended the walk early, or nil.
func (c *Cursor) Err() error { return c.scan.Err() }

// Close releases the cursor. It may be called more than once.
func (c *Cursor) Close() { c.scan.Close() }

// errStale says that a collection changed its definition while a write was on
// its way; the write is planned again and the error never leaves the package.
var errStale = fmt.Errorf("collection definition changed: %w", fault.ErrConflict)
