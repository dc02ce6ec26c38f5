package plan

import (
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// InOrder reports whether the cheapest way to the documents of r leads through an index
// that has them in the order of r, and in which each path of that order leads to one
// value of a document, so that what is equal stands together. The _id is an index too.
func InOrder(snap txn.Snapshot, coll *txn.Collection, r *query.Request, o Options) (bool, error) {
	if coll == nil || r.Sort == nil {
		return false, nil
	}
	p := newPlanner(snap, coll, r, toFind, o)
	if p.pinned() != nil {
		return false, nil
	}
	a, _, err := p.choose()
	switch {
	case err != nil || !a.served:
		return false, err
	case a.kind == byIndex:
		return a.index.Traits().Multikey == 0 && !a.index.Traits().Cut, nil
	}
	return len(p.by) == 0 && a.kind != byUnion, nil // by _id alone
}
