package aggregate

import (
	"context"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// A Database is what a pipeline reads from and writes to, as of one moment. A
// collection is named as users name it; one that does not exist is empty.
type Database interface {
	// Find runs r against a collection.
	Find(collection string, r *query.Request) (Cursor, error)
	// Count returns how many documents match, all when f is nil.
	Count(ctx context.Context, collection string, f *query.Filter) (int64, error)
	// Explain runs r, or only counts what matches its filter, and says how.
	Explain(ctx context.Context, collection string, r *query.Request, count bool) (query.Explain, error)
	// InOrder reports whether the best way to what r asks for is an index that has it
	// in the order of r, each path of which leads to one value of a document.
	InOrder(collection string, r *query.Request) (bool, error)
	// Indexed reports whether an index finds documents by the value at path.
	Indexed(collection, path string) bool
	// GeoPaths returns the paths of the geo indexes of a collection.
	GeoPaths(collection string) []string
	// Replace begins to fill a collection that is to take the place of the named one.
	Replace(ctx context.Context, collection string) (Replacement, error)
	// Merge looks for the document of a collection that has the values of doc at the
	// paths of on, hands it to edit, or the zero Doc when there is none, and stores
	// what edit returns; the zero Doc changes nothing. It may call edit again.
	Merge(ctx context.Context, collection string, on []document.Path, doc document.Doc, edit Edit) error
	// Mergeable reports why documents cannot be told apart by the paths of on.
	Mergeable(collection string, on []document.Path) error
}

// A Folder is a [Database] that can hand out the documents of a collection to several
// goroutines at once.
type Folder interface {
	// Fold calls visit for every document that r asks for, in no order, each goroutine
	// with a number of its own below Workers. The row is valid until visit returns.
	// Fold reports false, and has called nothing, when there is nothing to gain.
	Fold(ctx context.Context, collection string, r *query.Request, visit func(worker int, row *query.Row) error) (bool, error)
	// Spreads reports whether to Fold the documents of r, all of them, costs less than
	// to read them in the order of r, which has few different values.
	Spreads(collection string, r *query.Request) (bool, error)
	// Workers is the most goroutines there are.
	Workers() int
}

// A Cursor yields documents one after another, each valid for ever. It belongs to
// one goroutine.
type Cursor interface {
	// Next moves to the next document and reports whether there is one.
	Next(ctx context.Context) bool
	Doc() document.Doc
	// Distance returns the distance of the current document in metres, when documents
	// come by it.
	Distance() float64
	// Err returns what ended the cursor early, or nil.
	Err() error
	Close()
}

// A Replacement is a collection that nobody sees yet.
type Replacement interface {
	// Add adds documents; the paths of unique indexes hold as in the collection.
	Add(ctx context.Context, docs []document.Doc) error
	// Commit puts it in the place of the collection, at once.
	Commit(ctx context.Context) error
	// Discard removes it, unless it was committed.
	Discard()
}

// An Edit says what becomes of a stored document.
type Edit func(old document.Doc) (document.Doc, error)
