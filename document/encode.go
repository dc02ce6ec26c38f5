package document

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/virgadb/virga/internal/fault"
)

// Of returns v, any Go value, as a Value. It refuses with ErrInvalid, naming the
// path, what no value can be: a [Command], a [ServerDate] (see [OfAt]), strings
// that are not UTF-8, keys with a zero byte, duplicate keys, unsupported types.
// The rules for the keys of stored documents, which [Encode] checks, do not apply:
// a filter's operand may name $ and dotted keys. Over the limits it is ErrTooLarge.
//
// A missing Value, zero ID or zero Doc inside an object is left out, inside an
// array it is null. Nil pointers, slices and maps are null.
func Of(v any) (Value, error) {
	switch x := v.(type) {
	case Value:
		return x, nil
	case string:
		if utf8.ValidString(x) && len(x) < MaxSize-5 {
			return Text(x), nil
		}
	}
	e := encoder{}
	if err := e.whole(v); err != nil {
		return Value{}, err
	}
	return Value{e.buf}, nil
}

// OfAt is [Of] with every [ServerDate] in v replaced by now plus its offset.
func OfAt(v any, now time.Time) (Value, error) {
	if x, ok := v.(Value); ok {
		return x, nil
	}
	e := encoder{now: now, dated: true}
	if err := e.whole(v); err != nil {
		return Value{}, err
	}
	return Value{e.buf}, nil
}

// Encode returns v, any Go value that is like an object, as a document: an M or
// other map with string keys, a D, a struct, a Doc, an object Value. A ServerDate
// becomes now plus its offset. _id comes first when it is there; none is made.
//
// It refuses what [Of] refuses, and keys no stored document may have, at any
// level: empty, starting with $, with a dot, with a zero byte. An _id must not be
// an array or a regular expression. All that is ErrInvalid with the path; more
// than MaxSize bytes or MaxDepth levels is ErrTooLarge.
func Encode(v any, now time.Time) (Doc, error) {
	e := encoder{now: now, dated: true, stored: true, buf: make([]byte, 0, 256)}
	if err := e.whole(v); err != nil {
		return Doc{}, err
	}
	return e.document()
}

// An encoder writes one value in canonical form. One goroutine, one use.
type encoder struct {
	buf    []byte
	now    time.Time
	dated  bool     // now is known
	marks  bool     // server dates become marks, for another encoder to resolve
	stored bool     // the rules for keys of stored documents apply
	depth  int      // containers open
	spare  int      // levels that JSON may have on top, for forms that are no containers
	pairs  []E      // scratch: the fields of the open maps, to sort them
	names  []string // scratch: the keys of the other open objects, to find duplicates
	keys   [][]byte // the same for keys that are read from bytes
}

var errDepth = fmt.Errorf("more than %d levels: %w", MaxDepth, fault.ErrTooLarge)

// whole writes v and checks the size of the outcome.
func (e *encoder) whole(v any) error {
	if err := e.value(v); err != nil {
		return err
	}
	return e.fits()
}

// document returns what was written, which must be an object.
func (e *encoder) document() (Doc, error) {
	if k := kindOf(e.buf); k != Object {
		return Doc{}, fmt.Errorf("a document must be an object, not %s: %w", k, fault.ErrInvalid)
	}
	if err := e.idFirst(); err != nil {
		return Doc{}, err
	}
	// Documents live long in trees and caches: room left over by growing would, too.
	if n := len(e.buf); cap(e.buf)-n > n/4 {
		return Doc{slices.Clone(e.buf)}, nil
	}
	return Doc{e.buf}, nil
}

// idFirst moves the field _id to the front.
func (e *encoder) idFirst() error {
	_, start, _ := headOf(e.buf)
	at := start
	for f := (Value{e.buf}).Fields(); f.Next(); at = f.at {
		if string(f.key) != "_id" {
			continue
		}
		if err := checkID(f.Value()); err != nil {
			return fault.At("_id", err)
		}
		if at != start {
			field := slices.Clone(e.buf[at:f.at])
			copy(e.buf[start+len(field):], e.buf[start:at])
			copy(e.buf[start:], field)
		}
		return nil
	}
	return nil
}

func (e *encoder) fits() error {
	if len(e.buf) > MaxSize {
		return fmt.Errorf("more than %d bytes: %w", MaxSize, fault.ErrTooLarge)
	}
	return nil
}

// value writes v. The cases are those worth a way of their own; all other types
// go by reflection.
func (e *encoder) value(v any) error {
	switch x := v.(type) {
	case nil:
		e.null()
	case bool:
		e.buf = appendBool(e.buf, x)
	case int:
		e.buf = appendInt(e.buf, int64(x))
	case int64:
		e.buf = appendInt(e.buf, x)
	case int32:
		e.buf = appendInt(e.buf, int64(x))
	case uint64:
		return e.unsigned(x)
	case float64:
		e.buf = appendFloat(e.buf, x)
	case string:
		return e.text(x)
	case []byte:
		e.binary(x)
	case M:
		return e.object(x)
	case map[string]any:
		return e.object(x)
	case D:
		return e.list(x)
	case []any:
		return elements(e, x, e.value)
	case []string:
		return elements(e, x, e.text)
	case []M:
		return elements(e, x, func(m M) error { return e.object(m) })
	case []D:
		return elements(e, x, e.list)
	default:
		if known, err := e.known(v); known {
			return err
		}
		return e.reflected(v)
	}
	return nil
}

// known writes v when its type stands for one kind of value by itself.
func (e *encoder) known(v any) (bool, error) {
	switch x := v.(type) {
	case time.Time:
		return true, e.date(x)
	case Value:
		return true, e.embed(x)
	case Doc:
		return true, e.embed(x.Value())
	case ID:
		return true, e.embed(x.Value())
	case Regex:
		return true, e.regex(x)
	case ServerDate:
		return true, e.serverDate(x)
	case json.Number:
		return true, e.jsonNumber(x)
	case json.RawMessage:
		return true, e.json(x)
	}
	return false, nil
}

func (e *encoder) null() { e.buf = append(e.buf, 0xc0) }

func (e *encoder) binary(b []byte) {
	if b == nil {
		e.null()
		return
	}
	e.buf = appendBinary(e.buf, b)
}

func (e *encoder) unsigned(u uint64) error {
	if u > math.MaxInt64 {
		return fmt.Errorf("integer %d is above the largest int64: %w", u, fault.ErrInvalid)
	}
	e.buf = appendInt(e.buf, int64(u))
	return nil
}

func (e *encoder) text(s string) error {
	if !utf8.ValidString(s) {
		return errText
	}
	e.buf = appendText(e.buf, s)
	return nil
}

var errText = fmt.Errorf("string is not valid UTF-8: %w", fault.ErrInvalid)

func (e *encoder) date(t time.Time) error {
	ms, ok := toMillis(t.Unix(), uint32(t.Nanosecond()))
	if !ok {
		return errDate
	}
	e.buf = appendDate(e.buf, ms)
	return nil
}

var errDate = fmt.Errorf("date is malformed or out of range: %w", fault.ErrInvalid)

func (e *encoder) serverDate(d ServerDate) error {
	if e.marks {
		e.buf = binary.BigEndian.AppendUint64(append(e.buf, 0xd7, extServerDate), uint64(d.Offset))
		return nil
	}
	if !e.dated {
		return fmt.Errorf("a server date has no time here: %w", fault.ErrInvalid)
	}
	return e.date(e.now.Add(d.Offset))
}

func (e *encoder) regex(r Regex) error {
	if strings.IndexByte(r.Pattern, 0) >= 0 || strings.IndexByte(r.Options, 0) >= 0 {
		return fmt.Errorf("regular expression with a zero byte: %w", fault.ErrInvalid)
	}
	if !utf8.ValidString(r.Pattern) || !utf8.ValidString(r.Options) {
		return errText
	}
	options := []byte(r.Options)
	slices.Sort(options)
	if !utf8.Valid(options) {
		return fmt.Errorf("options of a regular expression are letters: %w", fault.ErrInvalid)
	}
	e.buf = appendExt(e.buf, extRegex, append([]byte(r.Pattern+"\x00"), options...))
	return nil
}

func (e *encoder) jsonNumber(n json.Number) error {
	buf, ok := appendNumber(e.buf, []byte(n))
	if !ok {
		return fmt.Errorf("%q is no number: %w", string(n), fault.ErrInvalid)
	}
	e.buf = buf
	return nil
}

func (e *encoder) json(text []byte) error {
	if text == nil {
		e.null()
		return nil
	}
	v, err := ParseJSON(text)
	if err != nil {
		return err
	}
	return e.embed(v)
}

// embed writes a value made before, which may have been made under laxer rules.
func (e *encoder) embed(v Value) error {
	switch v.Kind() {
	case Object, Array:
		return e.canonical(v.raw)
	}
	e.buf = append(e.buf, v.raw...)
	return nil
}
