package virga

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/virgadb/virga/internal/fault"
)

// The limits of one schema. They bound what a hostile one costs, to compile and for
// each value it is held against.
const (
	maxSchemaBytes = 1 << 20
	maxSchemaDepth = 100
	maxSchemaParts = 10_000 // with what is referred to counted each time
	maxSchemaChain = 1000   // of parts within parts, through references
)

// schemaKinds is the keyword that takes the place of type and bsonType.
const schemaKinds = "x-virga-kinds"

// A schemaRewriter prepares a schema for its compiler: types are checked against
// what is stored here, references stay inside the schema and make no circles. It
// serves one schema.
type schemaRewriter struct {
	root    any
	mongo   bool           // $jsonSchema, which has fewer keywords
	seen    map[string]any // subschemas by JSON pointer, as they were
	refs    map[string][]string
	subs    map[string][]string // the subschemas of each, by pointer
	weights map[string]int
}

// rewriteSchema returns the schema in root as the compiler is to see it.
func rewriteSchema(root any, mongo bool) (any, error) {
	r := &schemaRewriter{
		root: root, mongo: mongo,
		seen: map[string]any{}, refs: map[string][]string{}, subs: map[string][]string{}, weights: map[string]int{},
	}
	out, err := r.schema(root, "", 0)
	if err == nil {
		_, err = r.weigh("", nil)
	}
	return out, err
}

func schemaFault(at, format string, args ...any) error {
	return fmt.Errorf("schema: #%s: %s: %w", at, fmt.Sprintf(format, args...), fault.ErrInvalid)
}

// The keywords that hold schemas.
var (
	schemaOne  = []string{"not", "if", "then", "else", "additionalProperties", "additionalItems", "contains", "propertyNames", "unevaluatedProperties", "unevaluatedItems", "items"}
	schemaList = []string{"allOf", "anyOf", "oneOf", "prefixItems", "items"}
	schemaMap  = []string{"properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"}
)

// mongoLacks holds the keywords that $jsonSchema does not take.
var mongoLacks = []string{"$ref", "$schema", "default", "definitions", "format", "id"}

// schema rewrites the schema v, which stands at a JSON pointer.
func (r *schemaRewriter) schema(v any, at string, depth int) (any, error) {
	if depth > maxSchemaDepth {
		return nil, schemaFault(at, "more than %d levels", maxSchemaDepth)
	}
	r.seen[at] = v
	object, ok := v.(map[string]any)
	if !ok {
		if isA[bool](v) {
			return v, nil
		}
		return nil, schemaFault(at, "a schema is an object or a boolean")
	}
	out := maps.Clone(object)
	delete(out, "$comment")
	if err := r.types(object, out, at); err != nil {
		return nil, err
	}
	if err := r.reference(object, at); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if err := r.keyword(out, name, object[name], at, depth); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// keyword rewrites the schemas below one keyword.
func (r *schemaRewriter) keyword(out map[string]any, name string, v any, at string, depth int) error {
	here := at + "/" + name
	list, isList := v.([]any)
	object, isObject := v.(map[string]any)
	var err error
	switch {
	case isList && slices.Contains(schemaList, name):
		next := make([]any, len(list))
		for i, sub := range list {
			if next[i], err = r.below(sub, at, here+"/"+strconv.Itoa(i), depth); err != nil {
				return err
			}
		}
		out[name] = next
	case isObject && slices.Contains(schemaMap, name):
		next := make(map[string]any, len(object))
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if name == "dependencies" && isA[[]any](object[key]) {
				next[key] = object[key] // names of other properties
				continue
			}
			parent := at
			if name == "$defs" || name == "definitions" {
				parent = "\x00" // nothing, unless it is referred to
			}
			if next[key], err = r.below(object[key], parent, here+"/"+escapePointer(key), depth); err != nil {
				return err
			}
		}
		out[name] = next
	case slices.Contains(schemaOne, name) && !(isList && name == "items"):
		out[name], err = r.below(v, at, here, depth)
	}
	return err
}

// below rewrites a schema that is part of the one at parent.
func (r *schemaRewriter) below(v any, parent, at string, depth int) (any, error) {
	r.subs[parent] = append(r.subs[parent], at)
	return r.schema(v, at, depth+1)
}

// types puts what type and bsonType ask for under a keyword of our own.
func (r *schemaRewriter) types(object, out map[string]any, at string) error {
	var kinds []any
	for _, name := range []string{"type", "bsonType"} {
		v, ok := object[name]
		if !ok {
			continue
		}
		delete(out, name)
		list, isList := v.([]any)
		if !isList {
			list = []any{v}
		}
		if len(list) == 0 {
			return schemaFault(at+"/"+name, "needs at least one type")
		}
		for _, t := range list {
			text, _ := t.(string)
			if schemaTypes[text] == nil || name == "type" && r.mongo && text == "integer" {
				return schemaFault(at+"/"+name, "there is no type %v", t)
			}
		}
		kinds = append(kinds, list)
	}
	if kinds != nil {
		out[schemaKinds] = kinds
	}
	return nil
}

// reference checks the keywords that lead elsewhere.
func (r *schemaRewriter) reference(object map[string]any, at string) error {
	for _, name := range []string{"$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary"} {
		if _, ok := object[name]; ok {
			return schemaFault(at, "%s is not supported: refer to parts by their place, as in #/$defs/name", name)
		}
	}
	if r.mongo {
		for _, name := range mongoLacks {
			if _, ok := object[name]; ok {
				return schemaFault(at, "$jsonSchema does not take %s", name)
			}
		}
	}
	v, ok := object["$ref"]
	if !ok {
		return nil
	}
	text, _ := v.(string)
	target, local := strings.CutPrefix(text, "#")
	if !local || target != "" && target[0] != '/' {
		return schemaFault(at, "$ref %q leads out of the schema: nothing is loaded", text)
	}
	r.refs[at] = append(r.refs[at], target)
	return nil
}

// weigh returns how many schemas the one at a pointer comes to, with all it refers
// to. Path holds those that lead to it.
func (r *schemaRewriter) weigh(at string, path []string) (int, error) {
	if _, ok := r.seen[at]; !ok {
		return 0, schemaFault(path[len(path)-1], "$ref #%s leads to no schema", at)
	}
	if slices.Contains(path, at) {
		return 0, schemaFault(path[len(path)-1], "$ref #%s leads back to a schema around it: a schema is finite here", at)
	}
	if n, ok := r.weights[at]; ok {
		return n, nil
	}
	if path = append(path, at); len(path) > maxSchemaChain {
		return 0, fmt.Errorf("schema: references lead on more than %d times: %w", maxSchemaChain, fault.ErrTooLarge)
	}
	n := 1
	for _, next := range append(slices.Clone(r.subs[at]), r.refs[at]...) {
		more, err := r.weigh(next, path)
		if err != nil {
			return 0, err
		}
		if n += more; n > maxSchemaParts {
			return 0, fmt.Errorf("schema: more than %d parts: %w", maxSchemaParts, fault.ErrTooLarge)
		}
	}
	r.weights[at] = n
	return n, nil
}

// escapePointer returns a name as JSON pointers have it.
func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
