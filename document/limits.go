package document

// The limits of a document. A value over either is refused with ErrTooLarge.
const (
	// MaxSize is the largest size of a document in bytes.
	MaxSize = 16 << 20
	// MaxDepth is the largest number of objects and arrays inside one another,
	// the document itself included.
	MaxDepth = 100
)
