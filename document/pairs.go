package document

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Pairs returns the fields of any Go value that is like an object, in stored
// order: a D as it is, maps by sorted key, documents and object values with their
// fields as Values, structs likewise by way of their encoding. It reports false
// for everything else, for a [Marshaler], and for a struct that cannot be encoded.
func Pairs(v any) ([]E, bool) {
	switch x := v.(type) {
	case nil:
		return nil, false
	case D:
		return x, x != nil
	case M:
		return sortedPairs(x), x != nil
	case map[string]any:
		return sortedPairs(x), x != nil
	case Doc:
		return x.Value().pairs()
	case Value:
		return x.pairs()
	case Command, Marshaler, time.Time, Regex, ServerDate, ID:
		return nil, false
	}
	return reflectPairs(reflect.ValueOf(v))
}

func sortedPairs(m map[string]any) []E {
	pairs := make([]E, 0, len(m))
	for key, v := range m {
		pairs = append(pairs, E{key, v})
	}
	slices.SortFunc(pairs, func(a, b E) int { return strings.Compare(a.Key, b.Key) })
	return pairs
}

func (v Value) pairs() ([]E, bool) {
	if v.Kind() != Object {
		return nil, false
	}
	var pairs []E
	f := v.Fields()
	for f.Next() {
		pairs = append(pairs, E{string(f.Key()), f.Value()})
	}
	return pairs, f.Err() == nil
}

func reflectPairs(v reflect.Value) ([]E, bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil, false
		}
		if v.Elem().Kind() != reflect.Struct {
			return Pairs(v.Elem().Interface())
		}
	case reflect.Map:
		if v.IsNil() || v.Type().Key().Kind() != reflect.String {
			return nil, false
		}
		m := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			m[it.Key().String()] = it.Value().Interface()
		}
		return sortedPairs(m), true
	case reflect.Slice:
		// Others are arrays, which are not encoded to find that out: they may be large.
		if t := v.Type(); t != reflect.TypeFor[json.RawMessage]() && !encodesItself(t) {
			return nil, false
		}
	case reflect.Struct:
	default:
		return nil, false
	}
	encoded, err := Of(v.Interface())
	if err != nil {
		return nil, false
	}
	return encoded.pairs()
}

// List returns the elements of any Go value that is like an array: slices and
// arrays of any type, array values with their elements as Values. Binary, a D and
// nil are none.
func List(v any) ([]any, bool) {
	switch x := v.(type) {
	case []any:
		return x, x != nil
	case []byte, D, Command, Marshaler:
		return nil, false
	case Value:
		return x.list()
	}
	r := reflect.ValueOf(v)
	for r.Kind() == reflect.Pointer && !r.IsNil() && r.Elem().Kind() != reflect.Pointer {
		r = r.Elem()
	}
	if r.Kind() != reflect.Slice && r.Kind() != reflect.Array || r.Type().Elem().Kind() == reflect.Uint8 {
		return nil, false
	}
	if r.Kind() == reflect.Slice && r.IsNil() {
		return nil, false
	}
	list := make([]any, r.Len())
	for i := range list {
		list[i] = r.Index(i).Interface()
	}
	return list, true
}

func (v Value) list() ([]any, bool) {
	if v.Kind() != Array {
		return nil, false
	}
	list := []any{}
	e := v.Elements()
	for e.Next() {
		list = append(list, e.Value())
	}
	return list, e.Err() == nil
}
