package document

import (
	"fmt"
	"unicode/utf8"
	"unsafe"

	"github.com/virgadb/virga/internal/fault"
)

// An ID is the _id of a document. IDs are comparable with ==, which agrees with
// [Compare]: the numbers 1 and 1.0 are one ID. The zero ID is none.
type ID struct{ enc string }

// IDOf returns v, any Go value, as an ID. Arrays, regular expressions and missing
// values are ErrInvalid.
func IDOf(v any) (ID, error) {
	if s, ok := v.(string); ok && len(s) <= shortID && utf8.ValidString(s) {
		var room [shortID + 5]byte
		return ID{string(appendText(room[:0], s))}, nil
	}
	value, err := Of(v)
	if err != nil {
		return ID{}, err
	}
	if err := checkID(value); err != nil {
		return ID{}, err
	}
	return idOf(value), nil
}

// shortID is the length of the texts that become ids without a detour.
const shortID = 64

func checkID(v Value) error {
	switch k := v.Kind(); k {
	case Missing, Array, Regexp:
		return fmt.Errorf("_id must not be %s: %w", k, fault.ErrInvalid)
	}
	return nil
}

func idOf(v Value) ID {
	switch v.Kind() {
	case Number, Object, Array:
		var room [64]byte
		return ID{string(appendEqual(room[:0], v, 0))}
	}
	return ID{string(v.raw)}
}

// appendEqual appends v in the one form shared by all values equal to it: floats
// that are whole become integers, at every level.
func appendEqual(dst []byte, v Value, depth int) []byte {
	switch k := v.Kind(); {
	case k == Number:
		if i, ok := v.Int64(); ok {
			return appendInt(dst, i)
		}
		f, _ := v.Float64()
		return appendFloat(dst, f)
	case k == Object && depth < MaxDepth:
		dst = appendHead(dst, Object, v.Len())
		for f := v.Fields(); f.Next(); {
			dst = appendEqual(appendText(dst, f.Key()), f.Value(), depth+1)
		}
		return dst
	case k == Array && depth < MaxDepth:
		dst = appendHead(dst, Array, v.Len())
		for e := v.Elements(); e.Next(); {
			dst = appendEqual(dst, e.Value(), depth+1)
		}
		return dst
	}
	return append(dst, v.raw...)
}

// IsZero reports whether id is none.
func (id ID) IsZero() bool { return id.enc == "" }

// Value returns the id as a value, missing for the zero ID.
func (id ID) Value() Value {
	if id.enc == "" {
		return Value{}
	}
	// Nobody modifies the bytes of a value, so they may be those of the string: a copy
	// would be one more allocation for each document that is read by its id.
	return Value{unsafe.Slice(unsafe.StringData(id.enc), len(id.enc))}
}

// Any returns the id decoded, as [Value.Any] does.
func (id ID) Any() any { return id.Value().Any() }

// String returns the id as relaxed extended JSON, so that a string stands in quotes.
func (id ID) String() string { return id.Value().String() }

// MarshalJSON returns the id as relaxed extended JSON, null for the zero ID.
func (id ID) MarshalJSON() ([]byte, error) { return id.Value().MarshalJSON() }
