package query

import "github.com/virgadb/virga/document"

// A Row is one document on its way to a reader that said [Request.Bare].
type Row struct {
	// Doc is the document, to be looked at where there are no Values.
	Doc document.Doc
	// Values are those at the paths of [Request.Needs], in that order, missing where
	// the document has none. Nil says that they are not known.
	Values []document.Value
	// Fresh has bit i set unless Values[i] is, to the byte, what it was in the last row
	// with Values that the same goroutine was given.
	Fresh uint64
}
