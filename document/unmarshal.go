package document

import (
	"fmt"
	"reflect"

	"github.com/virgadb/virga/internal/fault"
)

// Decode stores the document in what v points to: a struct, by its tags msgpack
// or else json, a map, an M, a D, a Doc or an any. Fields of the document that the
// struct does not have are passed over; those the document lacks keep their
// content. An any gets what [Value.Any] returns. A number may be stored in any type
// of number that holds it exactly, or as the nearest float; null empties. A
// document that does not fit the type is ErrInvalid with the path, as is no
// document at all.
func (d Doc) Decode(v any) error { return d.Value().Decode(v) }

// Decode stores v in what p points to, as [Doc.Decode] does for documents.
func (v Value) Decode(p any) error {
	if !v.Exists() {
		return fmt.Errorf("decode into %T: there is no value: %w", p, fault.ErrInvalid)
	}
	if !sound(v.raw) {
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
	dst := reflect.ValueOf(p)
	if dst.Kind() != reflect.Pointer || dst.IsNil() {
		return fmt.Errorf("decode into %T, which is no pointer to anything: %w", p, fault.ErrInvalid)
	}
	if err := into(v, dst.Elem(), 0); err != nil {
		return fmt.Errorf("decode into %T: %w", p, err)
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
		*p = Doc(v)
	default:
		return v.mismatch(p)
	}
	return nil
}

func (v Value) decodeID(p *ID) (err error) {
	if v.Kind() == Null {
		*p = ID{}
		return nil
	}
	*p, err = IDOf(v)
	return err
}

func (v Value) decodeRegex(p *Regex) error {
	r, ok := v.Regex()
	if !ok && v.Kind() != Null {
		return v.mismatch(p)
	}
	*p = r
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
