package query

import (
	"fmt"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

// JSONSchema asks that the document, or the element of an array, is an object that
// meets a JSON Schema: an object itself, with the types of JSON or, as bsonType,
// those that MongoDB names. It is a whole filter and joins others by And, Or and Not.
func JSONSchema(schema any) Condition { return Condition{"$jsonSchema", []any{schema}} }

// CompileForTerms is [CompileFilter] for a filter that is asked for its [Filter.Term] and
// of no document: $jsonSchema, of which no term tells more than that it is there, may then
// have any operand. Where matching comes to one, it is ErrNotImplemented.
func CompileForTerms(cond any, now time.Time) (*Filter, error) {
	unmet := func(document.Value) (bool, error) {
		return false, fmt.Errorf("$jsonSchema: %w", fault.ErrNotImplemented)
	}
	return CompileFilterIn(cond, expr.Scope{Now: now, Schema: func(any) (func(document.Value) (bool, error), error) { return unmet, nil }})
}

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
