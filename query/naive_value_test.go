package query

import (
	"bytes"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/virgadb/virga/document"
)

type absent struct{}

// decode returns v as the naive matcher takes it, the order of fields kept.
func decode(v document.Value) any {
	switch v.Kind() {
	case document.Missing:
		return absent{}
	case document.Object:
		d := document.D{}
		for f := v.Fields(); f.Next(); {
			d = append(d, document.E{Key: string(f.Key()), Value: decode(f.Value())})
		}
		return d
	case document.Array:
		list := []any{}
		for e := v.Elements(); e.Next(); {
			list = append(list, decode(e.Value()))
		}
		return list
	case document.Number:
		if v.IsInt() {
			n, _ := v.Int64()
			return n
		}
		f, _ := v.Float64()
		return f
	case document.String:
		s, _ := v.Text()
		return s
	case document.Binary:
		return bytes.Clone(v.Bytes())
	case document.Bool:
		b, _ := v.Bool()
		return b
	case document.Date:
		t, _ := v.Time()
		return t
	case document.Regexp:
		re, _ := v.Regex()
		return re
	}
	return nil
}

func naiveRank(v any) int {
	switch v.(type) {
	case absent:
		return 0
	case nil:
		return 1
	case int64, float64:
		return 2
	case string:
		return 3
	case document.D:
		return 4
	case []any:
		return 5
	case []byte:
		return 6
	case bool:
		return 7
	case time.Time:
		return 8
	}
	return 9
}

func naiveNumber(v any) (n *big.Float, nan bool) {
	n = new(big.Float).SetPrec(2000)
	switch x := v.(type) {
	case int64:
		return n.SetInt64(x), false
	case float64:
		if math.IsNaN(x) {
			return nil, true
		}
		return n.SetFloat64(x), false
	}
	return nil, true
}

func naiveCompare(a, b any) int {
	if c := naiveRank(a) - naiveRank(b); c != 0 {
		return c
	}
	switch x := a.(type) {
	case int64, float64:
		m, mNaN := naiveNumber(a)
		n, nNaN := naiveNumber(b)
		switch {
		case mNaN && nNaN:
			return 0
		case mNaN:
			return -1
		case nNaN:
			return 1
		}
		return m.Cmp(n)
	case string:
		return strings.Compare(x, b.(string))
	case []byte:
		return bytes.Compare(x, b.([]byte))
	case bool:
		return strings.Compare(strconv.FormatBool(x), strconv.FormatBool(b.(bool)))
	case time.Time:
		return x.Compare(b.(time.Time))
	case document.Regex:
		y := b.(document.Regex)
		return strings.Compare(x.Pattern+"\x00"+x.Options, y.Pattern+"\x00"+y.Options)
	case []any:
		return slices.CompareFunc(x, b.([]any), naiveCompare)
	case document.D:
		return slices.CompareFunc(x, b.(document.D), func(e, f document.E) int {
			if c := naiveRank(e.Value) - naiveRank(f.Value); c != 0 {
				return c
			}
			if c := strings.Compare(e.Key, f.Key); c != 0 {
				return c
			}
			return naiveCompare(e.Value, f.Value)
		})
	}
	return 0
}

// A landing is where a path ends. An array that is one may be looked into, unless
// the path asked for it by its place.
type landing struct {
	value any
	into  bool
}

func naiveGet(d document.D, name string) any {
	for _, e := range d {
		if e.Key == name {
			return e.Value
		}
	}
	return absent{}
}

func naiveReach(v any, path []string) []landing {
	if len(path) == 0 {
		return []landing{{v, true}}
	}
	switch x := v.(type) {
	case document.D:
		return naiveReach(naiveGet(x, path[0]), path[1:])
	case []any:
		return naiveReachArray(x, path)
	}
	return []landing{{absent{}, true}}
}

func naiveReachArray(list []any, path []string) (found []landing) {
	for i, e := range list {
		d, isObject := e.(document.D)
		inner, isArray := e.([]any)
		if isObject {
			found = append(found, naiveReach(d, path)...)
		}
		if strconv.Itoa(i) != path[0] {
			continue
		}
		switch {
		case len(path) == 1:
			found = append(found, landing{e, false})
		case isObject:
			found = append(found, naiveReach(d, path[1:])...)
		case isArray:
			found = append(found, naiveReachArray(inner, path[1:])...)
		}
	}
	return found
}
