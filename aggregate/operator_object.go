package aggregate

import "github.com/virgadb/virga/document"

// MergeObjects joins objects, later fields in the place of earlier ones. With one
// argument it is also an accumulator for [Pipeline.Group].
func MergeObjects(args ...any) Expression { return Expression{"$mergeObjects", list(args)} }

// Literal returns v as it is: strings that begin with $ are strings.
func Literal(v any) Expression { return Expression{"$literal", v} }

// GetField returns a field of an object, whose name may hold dots or begin with $.
func GetField(field, object any) Expression {
	return Expression{"$getField", document.D{{"field", field}, {"input", object}}}
}
