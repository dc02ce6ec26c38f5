package virga

import (
	"math"

	"github.com/virgadb/virga/document"
)

// A validator of JSON Schema works on the values of JSON. What a document may hold
// besides them is handed to it as an object with one of these names: stored
// objects have none that begins with a dollar sign.
const (
	schemaDate   = "$date"
	schemaBinary = "$binary"
	schemaRegex  = "$regularExpression"
	schemaNumber = "$number" // one that JSON does not have
)

// schemaValue returns v as a validator takes it.
func schemaValue(v document.Value) any {
	switch v.Kind() {
	case document.Bool:
		b, _ := v.Bool()
		return b
	case document.Number:
		return schemaNumberOf(v)
	case document.String:
		return string(v.Bytes())
	case document.Array:
		list := []any{}
		for e := v.Elements(); e.Next(); {
			list = append(list, schemaValue(e.Value()))
		}
		return list
	case document.Object:
		object := make(map[string]any, v.Len())
		for f := v.Fields(); f.Next(); {
			object[string(f.Key())] = schemaValue(f.Value())
		}
		return object
	case document.Date:
		return map[string]any{schemaDate: v.String()}
	case document.Binary:
		return map[string]any{schemaBinary: v.String()}
	case document.Regexp:
		return map[string]any{schemaRegex: v.String()}
	}
	return nil
}

func schemaNumberOf(v document.Value) any {
	if i, ok := v.Int64(); ok && v.IsInt() {
		return i
	}
	f, _ := v.Float64()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return map[string]any{schemaNumber: v.String()}
	}
	return f
}

// schemaTypes holds the types that a schema can ask for: those of JSON Schema, and
// the names that MongoDB has for what is stored.
var schemaTypes = map[string]func(any) bool{
	"null":    func(v any) bool { return v == nil },
	"boolean": isA[bool],
	"bool":    isA[bool],
	"string":  isA[string],
	"array":   isA[[]any],
	"object":  func(v any) bool { m, ok := v.(map[string]any); return ok && schemaMark(m) == "" },
	"number":  func(v any) bool { return isA[int64](v) || isA[float64](v) || isMarked(v, schemaNumber) },
	"integer": func(v any) bool { f, ok := v.(float64); return isA[int64](v) || ok && f == math.Trunc(f) },
	"int":     func(v any) bool { i, ok := v.(int64); return ok && i == int64(int32(i)) },
	"long":    func(v any) bool { i, ok := v.(int64); return ok && i != int64(int32(i)) },
	"double":  func(v any) bool { return isA[float64](v) || isMarked(v, schemaNumber) },
	"date":    func(v any) bool { return isMarked(v, schemaDate) },
	"binData": func(v any) bool { return isMarked(v, schemaBinary) },
	"regex":   func(v any) bool { return isMarked(v, schemaRegex) },
	// These are never stored; to ask for them is right and finds nothing.
	"decimal":   func(any) bool { return false },
	"objectId":  func(any) bool { return false },
	"timestamp": func(any) bool { return false },
}

func isA[T any](v any) bool { _, ok := v.(T); return ok }

func isMarked(v any, mark string) bool {
	m, ok := v.(map[string]any)
	return ok && schemaMark(m) == mark
}

// schemaMark returns the name that marks m as a value that JSON does not have.
func schemaMark(m map[string]any) string {
	if len(m) == 1 {
		for name := range m {
			switch name {
			case schemaDate, schemaBinary, schemaRegex, schemaNumber:
				return name
			}
		}
	}
	return ""
}

// schemaTypeOf names the type of v in messages.
func schemaTypeOf(v any) string {
	for _, name := range []string{"null", "boolean", "string", "array", "object", "integer", "number", "date", "binData", "regex"} {
		if schemaTypes[name](v) {
			return name
		}
	}
	return "unknown"
}
