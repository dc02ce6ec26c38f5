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

// Warm says that the documents under keys, all of one collection, are about to be read.
func (s Snapshot) Warm(keys [][]byte) { s.snap.Warm(keys) }

// GetKey returns the document under a key, as [keys.AppendDocumentOf] makes it, or
// the zero Doc when there is none.
func (s Snapshot) GetKey(key []byte) (document.Doc, error) {
	doc, _, err := s.read(key)
	return doc, err
}
