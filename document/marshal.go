package document

// A Marshaler is a type that says itself which value it stands for, wherever a Go
// value is encoded: in a document, a filter, an expression. The geometries of
// package geo are such types. What MarshalValue returns is checked like any value
// from outside; when it is an object it is taken whole, never as dotted paths.
type Marshaler interface {
	MarshalValue() (Value, error)
}

// An Unmarshaler is a type that reads itself from a value, which it may not keep
// without a copy: it shares the bytes of a document. Null never reaches it, but
// leaves the zero of the type.
type Unmarshaler interface {
	UnmarshalValue(Value) error
}
