package virga

import "github.com/virgadb/virga/query"

// Names for [Query.Hint] that are not those of an index made with CreateIndex.
const (
	// NoIndex reads the whole collection.
	NoIndex = query.NoIndex
	// IDIndex reads by _id, as far as the conditions speak of it.
	IDIndex = query.IDIndex
)

// Hint returns the query that uses the index of that name, whatever the others
// would cost. The answer is the same. An index that does not exist is
// [ErrNotFound]; a sparse one that may lack documents the query is about is
// [ErrInvalid].
func (q *Query) Hint(index string) *Query {
	next := *q
	next.hint = index
	return &next
}
