package document

import (
	"reflect"
	"time"
)

// settleDepth is how deep a decoded value is walked: pointers count as well.
const settleDepth = 4 * MaxDepth

// settle puts the dates in v into UTC, and the numbers in its interfaces into the
// types that [Value.Any] returns.
func settle(v reflect.Value, depth int) {
	if depth > settleDepth {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			settle(v.Elem(), depth+1)
		}
	case reflect.Interface:
		if v.CanSet() && !v.IsNil() {
			if x, changed := settled(v.Interface(), depth); changed {
				v.Set(reflect.ValueOf(x))
			}
		}
	case reflect.Struct:
		settleStruct(v, depth)
	case reflect.Slice, reflect.Array:
		if plain(v.Type().Elem().Kind()) {
			return
		}
		for i := range v.Len() {
			settle(v.Index(i), depth+1)
		}
	case reflect.Map:
		settleMap(v, depth)
	}
}

// plain reports whether values of kind k hold nothing to settle.
func plain(k reflect.Kind) bool { return k <= reflect.Complex128 || k == reflect.String }

func settleStruct(v reflect.Value, depth int) {
	if v.CanAddr() && v.CanInterface() {
		switch p := v.Addr().Interface().(type) {
		case *time.Time:
			*p = p.UTC()
			return
		case *Value, *Doc, *ID, *Regex:
			return
		}
	}
	for i := range v.NumField() {
		if f := v.Field(i); f.CanSet() || v.Type().Field(i).Anonymous {
			if !plain(f.Kind()) {
				settle(f, depth+1)
			}
		}
	}
}

func settleMap(v reflect.Value, depth int) {
	if plain(v.Type().Elem().Kind()) {
		return
	}
	for it := v.MapRange(); it.Next(); {
		fresh := reflect.New(v.Type().Elem()).Elem()
		fresh.Set(it.Value())
		settle(fresh, depth+1)
		v.SetMapIndex(it.Key(), fresh)
	}
}

// settled returns what an interface should hold in place of x.
func settled(x any, depth int) (any, bool) {
	switch x := x.(type) {
	case int8:
		return int64(x), true
	case int16:
		return int64(x), true
	case int32:
		return int64(x), true
	case uint8:
		return int64(x), true
	case uint16:
		return int64(x), true
	case uint32:
		return int64(x), true
	case uint64:
		return int64(x), true // above the largest int64 nothing is stored
	case time.Time:
		return x.UTC(), true
	case []any:
		for i := range x {
			if y, changed := settled(x[i], depth); changed {
				x[i] = y
			}
		}
	}
	return x, false
}
