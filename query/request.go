package query

// A Request is a compiled query: what to read from a collection. It is immutable
// and safe for concurrent use.
type Request struct {
	Filter     *Filter     // nil takes every document
	Sort       *Sort       // nil leaves the order of the ids
	Skip       int         // documents passed over at the beginning
	Limit      int         // the most documents returned; 0 means all
	Projection *Projection // nil returns whole documents
}
