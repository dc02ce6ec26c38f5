package document

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/virgadb/virga/internal/fault"
)

// into stores v in dst, which can be set and lies depth levels deep.
func into(v Value, dst reflect.Value, depth int) error {
	if depth > 2*MaxDepth {
		return errDepth
	}
	for dst.Kind() == reflect.Pointer && v.Kind() != Null {
		if dst.IsNil() {
			dst.Set(reflect.New(dst.Type().Elem()))
		}
		dst, depth = dst.Elem(), depth+1
		if depth > 2*MaxDepth {
			return errDepth // a pointer to itself
		}
	}
	if t := dst.Type(); t.PkgPath() != "" && reflect.PointerTo(t).NumMethod() > 0 && dst.CanInterface() {
		if done, err := v.known(dst.Addr().Interface()); done {
			return err
		}
	}
	if v.Kind() == Null {
		dst.SetZero()
		return nil
	}
	switch dst.Kind() {
	case reflect.Struct:
		return readStruct(v, dst, depth)
	case reflect.Map:
		return readMap(v, dst, depth)
	case reflect.Slice:
		return readSlice(v, dst, depth)
	case reflect.Array:
		return readArray(v, dst, depth)
	case reflect.Interface:
		if dst.NumMethod() > 0 {
			return v.unfit(dst)
		}
		if x := v.Any(); x != nil {
			dst.Set(reflect.ValueOf(x))
		}
		return nil
	}
	if !v.scalar(dst) {
		return v.unfit(dst)
	}
	return nil
}

func (v Value) unfit(dst reflect.Value) error {
	return fmt.Errorf("%s does not fit %s: %w", v.Kind(), dst.Type(), fault.ErrInvalid)
}

// scalar stores a value that is no container and reports whether it fits.
func (v Value) scalar(dst reflect.Value) bool {
	switch dst.Kind() {
	case reflect.Bool:
		b, ok := v.Bool()
		if ok {
			dst.SetBool(b)
		}
		return ok
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, ok := v.Int64()
		if !ok || dst.OverflowInt(i) {
			return false
		}
		dst.SetInt(i)
		return true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		i, ok := v.Int64()
		if !ok || i < 0 || dst.OverflowUint(uint64(i)) {
			return false
		}
		dst.SetUint(uint64(i))
		return true
	case reflect.Float32, reflect.Float64:
		f, ok := v.Float64()
		if !ok || dst.OverflowFloat(f) {
			return false
		}
		dst.SetFloat(f)
		return true
	case reflect.String:
		if v.Kind() != String {
			return false
		}
		dst.SetString(string(v.Bytes()))
		return true
	}
	return false
}

// known stores v in what p points to when that type reads itself.
func (v Value) known(p any) (bool, error) {
	switch p := p.(type) {
	case *time.Time:
		t, ok := v.Time()
		if !ok && v.Kind() != Null {
			return true, v.mismatch(p)
		}
		*p = t
	case *Value:
		*p = v
	case *Doc:
		return true, v.decodeDoc(p)
	case *ID:
		return true, v.decodeID(p)
	case *Regex:
		return true, v.decodeRegex(p)
	case *M:
		return true, v.decodeMap((*map[string]any)(p))
	case *D:
		return true, v.decodeD(p)
	case *json.Number:
		if v.Kind() != Number {
			return false, nil
		}
		*p = json.Number(v.String())
	case *json.RawMessage:
		*p = AppendJSON(nil, v)
	default:
		return v.unmarshal(p)
	}
	return true, nil
}

// unmarshal lets a type read v by a method of its own.
func (v Value) unmarshal(p any) (bool, error) {
	if v.Kind() == Null {
		return false, nil
	}
	var err error
	switch p := p.(type) {
	case Unmarshaler:
		return true, p.UnmarshalValue(v)
	case msgpack.CustomDecoder:
		dec := msgpack.NewDecoder(bytes.NewReader(v.raw))
		dec.SetCustomStructTag("json")
		err = p.DecodeMsgpack(dec)
	case msgpack.Unmarshaler:
		err = p.UnmarshalMsgpack(bytes.Clone(v.raw))
	case encoding.BinaryUnmarshaler:
		if v.Kind() != Binary {
			return false, nil
		}
		err = p.UnmarshalBinary(bytes.Clone(v.Bytes()))
	default:
		return false, nil
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", err, fault.ErrInvalid)
	}
	return true, err
}

// readStruct stores an object in a struct, or an array in one that is stored as such.
func readStruct(v Value, dst reflect.Value, depth int) error {
	p, err := layout(dst.Type())
	if err != nil {
		return err
	}
	if p.asArray {
		return readPositions(v, dst, p, depth)
	}
	if v.Kind() != Object {
		return v.unfit(dst)
	}
	next := 0
	for f := v.Fields(); f.Next(); {
		i := p.find(f.key, next)
		if i < 0 {
			continue
		}
		next = i + 1
		if err := readField(f.Value(), dst, p.fields[i], depth); err != nil {
			return under(p.fields[i].name, err)
		}
	}
	return nil
}

// readField stores v in one field of the struct dst.
func readField(v Value, dst reflect.Value, f planned, depth int) error {
	at, ok := makeAt(dst, f.index)
	if !ok {
		return fmt.Errorf("embedded pointer to an unexported struct is nil: %w", fault.ErrInvalid)
	}
	return into(v, at, depth+1)
}

// readPositions stores an array in the fields of a struct, in their order.
func readPositions(v Value, dst reflect.Value, p *plan, depth int) error {
	if v.Kind() != Array || v.Len() != len(p.fields) {
		return v.unfit(dst)
	}
	i := 0
	for e := v.Elements(); e.Next(); i++ {
		if err := readField(e.Value(), dst, p.fields[i], depth); err != nil {
			return under(p.fields[i].name, err)
		}
	}
	return nil
}

// makeAt returns the field of v at index, making what embedded pointers lack where
// that is allowed.
func makeAt(v reflect.Value, index []int) (reflect.Value, bool) {
	for i, n := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, false
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v, true
}

func readMap(v Value, dst reflect.Value, depth int) error {
	t := dst.Type()
	if v.Kind() != Object || t.Key().Kind() != reflect.String {
		return v.unfit(dst)
	}
	if dst.IsNil() {
		dst.Set(reflect.MakeMap(t))
	}
	for f := v.Fields(); f.Next(); {
		element := reflect.New(t.Elem()).Elem()
		if err := into(f.Value(), element, depth+1); err != nil {
			return under(string(f.key), err)
		}
		dst.SetMapIndex(reflect.ValueOf(string(f.key)).Convert(t.Key()), element)
	}
	return nil
}

func readSlice(v Value, dst reflect.Value, depth int) error {
	t := dst.Type()
	switch {
	case v.Kind() == Binary && t.Elem().Kind() == reflect.Uint8:
		dst.SetBytes(append([]byte{}, v.Bytes()...))
		return nil
	case v.Kind() != Array:
		return v.unfit(dst)
	}
	list := reflect.MakeSlice(t, v.Len(), v.Len()) // v is sound: each element is there
	i := 0
	for e := v.Elements(); e.Next(); i++ {
		if err := into(e.Value(), list.Index(i), depth+1); err != nil {
			return underIndex(i, err)
		}
	}
	dst.Set(list)
	return nil
}

func readArray(v Value, dst reflect.Value, depth int) error {
	if v.Kind() == Binary && dst.Type().Elem().Kind() == reflect.Uint8 && len(v.Bytes()) == dst.Len() {
		copy(dst.Bytes(), v.Bytes())
		return nil
	}
	if v.Kind() != Array || v.Len() != dst.Len() {
		return v.unfit(dst)
	}
	i := 0
	for e := v.Elements(); e.Next(); i++ {
		if err := into(e.Value(), dst.Index(i), depth+1); err != nil {
			return underIndex(i, err)
		}
	}
	return nil
}
