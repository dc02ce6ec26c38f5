package txn

import "github.com/virgadb/virga/internal/storage"

// ScanRange returns a cursor over the documents whose keys lie in r, which must
// be within the documents of one collection, in the order of their ids or, with
// reverse, against it.
func (s Snapshot) ScanRange(r storage.Range, reverse bool) *Cursor {
	return &Cursor{scan: s.scan(r, storage.ScanOptions{Reverse: reverse})}
}
