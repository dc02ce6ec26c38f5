package query

import (
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// JSONSchema asks that the document, or the element of an array, is an object that
// meets a JSON Schema: an object itself, with the types of JSON or, as bsonType,
// those that MongoDB names. It is a whole filter and joins others by And, Or and Not.
func JSONSchema(schema any) Condition { return Condition{"$jsonSchema", []any{schema}} }

// schema compiles $jsonSchema.
func (c *compiler) schema(v any) (*node, error) {
	if c.in.Schema == nil {
		return nil, fmt.Errorf("$jsonSchema: %w", fault.ErrNotImplemented)
	}
	meets, err := c.in.Schema(v)
	if err != nil {
		return nil, fault.At("$jsonSchema", err)
	}
	return &node{op: opSchema, meets: meets}, nil
}

// meetsSchema reports whether v meets the schema of n.
func (m *matcher) meetsSchema(n *node, v document.Value) bool {
	ok, err := n.meets(v)
	m.fail(err)
	return ok
}
