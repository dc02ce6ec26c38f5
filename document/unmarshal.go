package document

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/virgadb/virga/internal/fault"
)

// Decode stores the document in what v points to: a struct, by its tags msgpack
// or else json, a map, an M, a D, a Doc or an any. A field of type any gets what
// [Value.Any] returns. A document that does not fit the type is ErrInvalid.
func (d Doc) Decode(v any) error { return d.Value().Decode(v) }

// Decode stores v in what p points to, as [Doc.Decode] does for documents.
func (v Value) Decode(p any) error {
	if len(v.raw) == 0 || skip(v.raw, 0) != len(v.raw) {
		return fmt.Errorf("decode into %T: %w", p, errMalformed)
	}
	switch p := p.(type) {
	case *Doc:
		return v.decodeDoc(p)
	case *Value:
		*p = v
		return nil
	case *any:
		*p = v.Any()
		return nil
	case *map[string]any:
		return v.decodeMap(p)
	case *M:
		return v.decodeMap((*map[string]any)(p))
	case *D:
		return v.decodeD(p)
	}
	if err := v.unmarshal(p); err != nil {
		return fmt.Errorf("decode into %T: %w: %w", p, err, fault.ErrInvalid)
	}
	return nil
}

func (v Value) mismatch(p any) error {
	return fmt.Errorf("decode %s into %T: %w", v.Kind(), p, fault.ErrInvalid)
}

func (v Value) decodeDoc(p *Doc) error {
	switch v.Kind() {
	case Null:
		*p = Doc{}
	case Object:
		*p = Doc{v.raw}
	default:
		return v.mismatch(p)
	}
	return nil
}

func (v Value) decodeMap(p *map[string]any) error {
	m, ok := v.Any().(map[string]any)
	if !ok && v.Kind() != Null {
		return v.mismatch(p)
	}
	*p = m
	return nil
}

func (v Value) decodeD(p *D) error {
	if v.Kind() == Null {
		*p = nil
		return nil
	}
	d, ok := v.ordered(0).(D)
	if !ok {
		return v.mismatch(p)
	}
	*p = d
	return nil
}

// ordered is Any with objects as D.
func (v Value) ordered(depth int) any {
	k := v.Kind()
	switch {
	case depth > 2*MaxDepth:
		return nil
	case k == Object:
		d := D{}
		for f := v.Fields(); f.Next(); {
			d = append(d, E{string(f.Key()), f.Value().ordered(depth + 1)})
		}
		return d
	case k == Array:
		list := []any{}
		for e := v.Elements(); e.Next(); {
			list = append(list, e.Value().ordered(depth+1))
		}
		return list
	}
	return v.Any()
}

// unmarshal leaves structs and all other types to msgpack, and then sees to it
// that dates are in UTC and interfaces hold the types that Any returns.
func (v Value) unmarshal(p any) error {
	dec := msgpack.GetDecoder()
	defer msgpack.PutDecoder(dec)
	dec.Reset(bytes.NewReader(v.raw))
	dec.SetCustomStructTag("json")
	dec.SetMapDecoder(func(dec *msgpack.Decoder) (any, error) {
		inner, err := decodeRaw(dec)
		return inner.Any(), err
	})
	if err := dec.Decode(p); err != nil {
		return err
	}
	settle(reflect.ValueOf(p), 0)
	return nil
}
