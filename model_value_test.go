package virga

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/virgadb/virga/document"
)

// The model holds decoded values: nil, bool, int64, float64, string, []byte,
// time.Time, []any, D and, for a value that is not there, absent. Nothing below
// asks the packages of the database how values compare.

type absent struct{}

// decoded returns v as the model holds it.
func decoded(v document.Value) any {
	switch v.Kind() {
	case document.Missing:
		return absent{}
	case document.Object:
		d := D{}
		for f := v.Fields(); f.Next(); {
			d = append(d, E{Key: string(f.Key()), Value: decoded(f.Value())})
		}
		return d
	case document.Array:
		list := []any{}
		for e := v.Elements(); e.Next(); {
			list = append(list, decoded(e.Value()))
		}
		return list
	}
	return v.Any()
}

// get returns a field of an object, absent where there is none.
func get(d D, name string) any {
	for _, e := range d {
		if e.Key == name {
			return e.Value
		}
	}
	return absent{}
}

// clone returns v with nothing shared.
func clone(v any) any {
	switch x := v.(type) {
	case D:
		d := make(D, len(x))
		for i, e := range x {
			d[i] = E{Key: e.Key, Value: clone(e.Value)}
		}
		return d
	case []any:
		list := make([]any, len(x))
		for i, e := range x {
			list[i] = clone(e)
		}
		return list
	}
	return v
}

// kindOf is the place of a value's kind in the order of kinds.
func kindOf(v any) int {
	switch v.(type) {
	case absent:
		return 0
	case nil:
		return 1
	case int64, float64:
		return 2
	case string:
		return 3
	case D:
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
	panic("the model knows no such value")
}

// order compares two values by the one order of the language.
func order(a, b any) int {
	if c := cmp.Compare(kindOf(a), kindOf(b)); c != 0 {
		return c
	}
	switch x := a.(type) {
	case int64, float64:
		return orderNumbers(a, b)
	case string:
		return strings.Compare(x, b.(string))
	case []byte:
		return bytes.Compare(x, b.([]byte))
	case time.Time:
		return x.Compare(b.(time.Time))
	case bool:
		switch {
		case x == b.(bool):
			return 0
		case x:
			return 1
		}
		return -1
	case []any:
		return slices.CompareFunc(x, b.([]any), order)
	case D:
		return slices.CompareFunc(x, b.(D), orderFields)
	}
	return 0
}

func orderFields(a, b E) int {
	return cmp.Or(cmp.Compare(kindOf(a.Value), kindOf(b.Value)), strings.Compare(a.Key, b.Key), order(a.Value, b.Value))
}

// orderNumbers compares by exact value; NaN is the smallest and equal to itself.
func orderNumbers(a, b any) int {
	if isNaN(a) || isNaN(b) {
		switch {
		case isNaN(a) && isNaN(b):
			return 0
		case isNaN(a):
			return -1
		}
		return 1
	}
	return exact(a).Cmp(exact(b))
}

func isNaN(v any) bool {
	f, ok := v.(float64)
	return ok && math.IsNaN(f)
}

// exact returns the number v without loss.
func exact(v any) *big.Float {
	n := new(big.Float).SetPrec(1100)
	switch x := v.(type) {
	case int64:
		return n.SetInt64(x)
	case float64:
		return n.SetFloat64(x)
	}
	panic("no number")
}

func equal(a, b any) bool { return order(a, b) == 0 }

// identical reports whether a and b are the same down to the kind of number.
func identical(a, b any) bool {
	switch x := a.(type) {
	case int64:
		y, ok := b.(int64)
		return ok && x == y
	case float64:
		y, ok := b.(float64)
		return ok && (math.Float64bits(x) == math.Float64bits(y) || isNaN(x) && isNaN(y))
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, identical)
	case D:
		y, ok := b.(D)
		return ok && slices.EqualFunc(x, y, func(e, f E) bool { return e.Key == f.Key && identical(e.Value, f.Value) })
	}
	return equal(a, b)
}

// text prints a value for a message or a list.
func text(v any) string {
	if _, ok := v.(absent); ok {
		return "nothing"
	}
	value, err := document.Of(v)
	if err != nil {
		return "unprintable: " + err.Error()
	}
	return string(document.AppendJSON(nil, value))
}
