package txn

import (
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/storage"
)

// ScanRange returns a cursor over the documents whose keys lie in r, which must
// be within the documents of one collection, in the order of their ids or, with
// reverse, against it.
func (s Snapshot) ScanRange(r storage.Range, reverse bool) *Cursor {
	return &Cursor{scan: s.scan(r, storage.ScanOptions{Reverse: reverse})}
}

// Indexes returns the indexes of coll that queries on the snapshot may use, in the
// order of their names, with what a transaction's own documents have made of them.
func (s Snapshot) Indexes(coll *Collection) []*index.Index {
	list := coll.Indexes()
	if s.own == nil {
		return list
	}
	s.reads.addIndexes(list)
	for i, x := range list {
		list[i] = x.WithTraits(x.Traits().Union(s.own.traits[x.ID()]))
	}
	return list
}

// Peek looks for the documents under keys, all of one collection, that are about to be read.
// What it puts into values, of the same length, and what it returns is for
// [Snapshot.GetPeeked].
func (s Snapshot) Peek(keys, values [][]byte) (checked bool) { return s.snap.Peek(keys, values) }

// GetPeeked is [Snapshot.GetKey] for one of the keys that [Snapshot.Peek] was asked for.
func (s Snapshot) GetPeeked(key, value []byte, checked bool) (document.Doc, error) {
	if value == nil || s.own != nil || !s.snap.Live() {
		return s.GetKey(key)
	}
	return stored(key, value, checked)
}

// GetKey returns the document under a key, as [keys.AppendDocumentOf] makes it, or
// the zero Doc when there is none.
func (s Snapshot) GetKey(key []byte) (document.Doc, error) {
	doc, _, err := s.read(key)
	return doc, err
}
