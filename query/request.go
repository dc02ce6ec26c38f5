package query

import "github.com/virgadb/virga/document"

// A Request is a compiled query: what to read from a collection. It is immutable
// and safe for concurrent use.
type Request struct {
	Filter     *Filter      // nil takes every document
	Sort       *Sort        // nil leaves the order of the ids
	After      document.Doc // only documents that come behind this one; zero from the beginning
	Skip       int          // documents passed over at the beginning
	Limit      int          // the most documents returned; 0 means all
	Projection *Projection  // nil returns whole documents
	Hint       string       // the name of the index to use, or [NoIndex]; empty leaves the choice
	Distances  bool         // of each document its distance is asked for; of an order by that

	// For readers that do not look at everything. Without a Projection only.
	Needs  []string // dotted paths that are looked at: others may be missing; nil means all of it
	Strict bool     // the order of the fields is looked at too
	Brief  bool     // a document need not be valid when the next one is asked for
	Loose  bool     // documents that Sort puts nowhere may come in any order, and not by _id
	Bare   bool     // the values at Needs will do where a document is handed over as a [Row]
}

// NoIndex is the [Request.Hint] that reads the whole collection. No index can have
// that name.
const NoIndex = "\x00none"

// IDIndex is the [Request.Hint] that reads by _id.
const IDIndex = "_id_"
