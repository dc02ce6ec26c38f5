package txn

import (
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// Mirror returns the options by which a store keeps indexes, and then documents,
// in up to limit bytes of memory.
func Mirror(limit int64) storage.MirrorOptions {
	documents, _ := keys.Documents(0)
	entries, _ := keys.Index(0)
	return storage.MirrorOptions{
		Limit: limit,
		Class: func(first byte) (mirrored bool, priority int) {
			switch first {
			case documents[0]:
				return true, 0
			case entries[0]:
				return true, 1
			}
			return false, 0
		},
		Check: func(key, value []byte) error {
			if key[0] != documents[0] {
				return nil
			}
			return document.Validate(value)
		},
	}
}

// DocumentsMirrored reports whether the snapshot reads the documents of coll from
// memory.
func (s Snapshot) DocumentsMirrored(coll *Collection) bool {
	lo, _ := keys.Documents(coll.ID)
	return s.snap.Mirrored(lo)
}

// EntriesMirrored reports whether the snapshot reads the entries of x from memory.
func (s Snapshot) EntriesMirrored(x *index.Index) bool {
	lo, _ := keys.Index(x.ID())
	return s.snap.Mirrored(lo)
}
