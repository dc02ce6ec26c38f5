package document

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/virgadb/virga/internal/fault"
)

// reflected writes a value of any type by its kind, unless its type says otherwise.
func (e *encoder) reflected(x any) error {
	if c, ok := x.(Command); ok {
		return refuseCommand(c)
	}
	return e.reflect(reflect.ValueOf(x))
}

func refuseCommand(c Command) error {
	return fmt.Errorf("the command %s is no value: %w", c.CommandName(), fault.ErrContent)
}

func (e *encoder) reflect(v reflect.Value) error {
	for hops := 0; v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface; hops++ {
		if v.IsNil() {
			e.null()
			return nil
		}
		if hops > MaxDepth {
			return errDepth // a pointer to itself
		}
		v = v.Elem()
	}
	if v.Type().PkgPath() != "" {
		if done, err := e.named(v); done {
			return err
		}
	}
	switch v.Kind() {
	case reflect.Bool:
		e.buf = appendBool(e.buf, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.buf = appendInt(e.buf, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return e.unsigned(v.Uint())
	case reflect.Float32, reflect.Float64:
		e.buf = appendFloat(e.buf, v.Float())
	case reflect.String:
		return e.text(v.String())
	case reflect.Map:
		return e.reflectMap(v)
	case reflect.Slice, reflect.Array:
		return e.reflectList(v)
	case reflect.Struct:
		return e.structure(v)
	default:
		return unsupported(v.Type())
	}
	return nil
}

func unsupported(t reflect.Type) error {
	return fmt.Errorf("unsupported type %s: %w", t, fault.ErrInvalid)
}

// named writes v when its type has methods that decide how, or must be refused.
func (e *encoder) named(v reflect.Value) (done bool, err error) {
	if reflect.PointerTo(v.Type()).NumMethod() == 0 || !v.CanInterface() {
		return false, nil
	}
	switch v.Interface().(type) {
	case M, D:
		return true, e.value(v.Interface())
	}
	if known, err := e.known(v.Interface()); known {
		return true, err
	}
	switch p := addressed(v).Interface().(type) {
	case Command:
		return true, refuseCommand(p)
	case Marshaler:
		x, err := p.MarshalValue()
		if err != nil {
			return true, err
		}
		return true, e.embed(x)
	case msgpack.CustomEncoder, msgpack.Marshaler:
		return true, e.marshaled(p)
	case error:
		return true, fmt.Errorf("an error (%s) is no value: %w", v.Type(), fault.ErrInvalid)
	case encoding.BinaryMarshaler:
		if t := v.Type(); t.Kind() == reflect.Array && t.Elem().Kind() == reflect.Uint8 {
			return false, nil
		}
		return true, refuseMarshaler(v.Type())
	case encoding.TextMarshaler:
		return true, refuseMarshaler(v.Type())
	}
	return false, nil
}

func refuseMarshaler(t reflect.Type) error {
	return fmt.Errorf("type %s has MarshalBinary or MarshalText; convert it, or give it EncodeMsgpack and DecodeMsgpack: %w", t, fault.ErrInvalid)
}

// encodesItself reports whether a value of type t is not written by its fields or elements.
func encodesItself(t reflect.Type) bool {
	switch reflect.Zero(t).Interface().(type) {
	case time.Time, Value, Doc, ID, Regex, ServerDate:
		return true
	}
	switch reflect.Zero(reflect.PointerTo(t)).Interface().(type) {
	case Command, Marshaler, Unmarshaler, msgpack.CustomEncoder, msgpack.Marshaler, msgpack.CustomDecoder, msgpack.Unmarshaler,
		error, encoding.BinaryMarshaler, encoding.TextMarshaler:
		return true
	}
	return false
}

// addressed returns a pointer to v, or to a copy of it.
func addressed(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v.Addr()
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p
}

// marshaled writes what the type's own encoding method makes of p.
func (e *encoder) marshaled(p any) error {
	if e.depth >= MaxDepth {
		return errDepth
	}
	var raw limited
	enc := msgpack.NewEncoder(&raw)
	enc.SetSortMapKeys(true)
	enc.SetCustomStructTag("json")
	enc.UseCompactInts(true)
	if err := enc.Encode(p); err != nil {
		return fmt.Errorf("%w: %w", err, fault.ErrInvalid)
	}
	return e.canonical(raw.b)
}

// limited collects bytes up to the largest size of a document.
type limited struct{ b []byte }

func (l *limited) Write(p []byte) (int, error) {
	if len(l.b)+len(p) > MaxSize {
		return 0, fmt.Errorf("more than %d bytes: %w", MaxSize, fault.ErrTooLarge)
	}
	l.b = append(l.b, p...)
	return len(p), nil
}

// reflectMap writes a map whose keys are strings, sorted.
func (e *encoder) reflectMap(v reflect.Value) error {
	if v.IsNil() {
		e.null()
		return nil
	}
	t := v.Type()
	if t.Key().Kind() != reflect.String {
		return fmt.Errorf("keys of %s are no strings: %w", t, fault.ErrInvalid)
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		return strings.Compare(a.String(), b.String())
	})
	c, err := e.open(Object, len(keys))
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := e.reflectField(&c, key.String(), v.MapIndex(key)); err != nil {
			return under(key.String(), err)
		}
	}
	e.close(c)
	return nil
}

// reflectField is field for a value held by reflection.
func (e *encoder) reflectField(c *container, key string, v reflect.Value) error {
	start := len(e.buf)
	if err := e.key(key); err != nil {
		return err
	}
	after := len(e.buf)
	if err := e.reflect(v); err != nil {
		return err
	}
	return e.endField(c, start, after)
}

// reflectList writes a slice or array, of bytes as binary.
func (e *encoder) reflectList(v reflect.Value) error {
	if v.Kind() == reflect.Slice && v.IsNil() {
		e.null()
		return nil
	}
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return e.reflectBytes(v)
	}
	c, err := e.open(Array, v.Len())
	if err != nil {
		return err
	}
	for i := range v.Len() {
		if err := e.element(&c, func() error { return e.reflect(v.Index(i)) }); err != nil {
			return underIndex(i, err)
		}
	}
	e.close(c)
	return nil
}

func (e *encoder) reflectBytes(v reflect.Value) error {
	if v.Len() > MaxSize {
		return fmt.Errorf("more than %d bytes: %w", MaxSize, fault.ErrTooLarge)
	}
	if v.Kind() == reflect.Array {
		v = addressed(v).Elem()
	}
	e.buf = appendBinary(e.buf, v.Bytes())
	return nil
}
