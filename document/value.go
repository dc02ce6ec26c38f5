package document

import (
	"bytes"
	"math"
	"time"
)

// A Value is one value, as a view of its canonical bytes. The zero Value is
// missing. Values are immutable, safe for concurrent use, and share the bytes
// they were made from. Bytes that are malformed never harm: what cannot be read
// is missing, zero or false.
type Value struct{ raw []byte }

// Int returns the integer i.
func Int(i int64) Value { return Value{appendInt(nil, i)} }

// Float returns the float f, also when it is a whole number.
func Float(f float64) Value { return Value{appendFloat(make([]byte, 0, 9), f)} }

// Text returns the string s, which must be valid UTF-8; [Of] checks that.
func Text(s string) Value { return Value{appendText(make([]byte, 0, len(s)+5), s)} }

// Boolean returns b.
func Boolean(b bool) Value { return Value{appendBool(nil, b)} }

// DateMillis returns the date ms milliseconds after the start of 1970, UTC.
func DateMillis(ms int64) Value { return Value{appendDate(nil, ms)} }

// NullValue returns null.
func NullValue() Value { return Value{[]byte{0xc0}} }

// Kind returns the kind of v.
func (v Value) Kind() Kind { return kindOf(v.raw) }

// Exists reports whether v is not missing.
func (v Value) Exists() bool { return len(v.raw) > 0 }

// Raw returns the bytes of v, nil when it is missing. They are shared and must
// not be modified.
func (v Value) Raw() []byte { return v.raw }

// IsInt reports whether v is stored as an integer.
func (v Value) IsInt() bool {
	n, ok := numberOf(v.raw)
	return ok && !n.float
}

// Int64 returns a number that is exactly an int64, whichever way it is stored.
func (v Value) Int64() (int64, bool) {
	n, ok := numberOf(v.raw)
	if !ok || !n.float {
		return n.i, ok
	}
	return exactInt(n.f)
}

// exactInt returns f as an integer, when it is one.
func exactInt(f float64) (int64, bool) {
	if f >= -1<<63 && f < 1<<63 && f == math.Trunc(f) {
		return int64(f), true
	}
	return 0, false
}

// Number returns a number as it is stored: i, or f when float is set.
func (v Value) Number() (i int64, f float64, float, ok bool) {
	n, ok := numberOf(v.raw)
	return n.i, n.f, n.float, ok
}

// Float64 returns a number, rounded to the nearest float64.
func (v Value) Float64() (float64, bool) {
	n, ok := numberOf(v.raw)
	return n.float64(), ok
}

// Bool returns a bool, and whether v is one.
func (v Value) Bool() (value, ok bool) {
	if len(v.raw) == 0 || v.raw[0]&^1 != 0xc2 {
		return false, false
	}
	return v.raw[0] == 0xc3, true
}

// Text returns a copy of a string, and whether v is one.
func (v Value) Text() (string, bool) {
	if k, at, n := headOf(v.raw); k == String {
		if c := content(v.raw, at, n); c != nil {
			return string(c), true
		}
	}
	return "", false
}

// Bytes returns the contents of a string or binary, nil for other kinds. They are
// shared and must not be modified.
func (v Value) Bytes() []byte {
	if k, at, n := headOf(v.raw); k == String || k == Binary {
		return content(v.raw, at, n)
	}
	return nil
}

// Millis returns a date in milliseconds since the start of 1970, UTC.
func (v Value) Millis() (int64, bool) {
	if k, at, n := headOf(v.raw); k == Date {
		return millisOf(content(v.raw, at, n))
	}
	return 0, false
}

// Time returns a date in UTC.
func (v Value) Time() (time.Time, bool) {
	ms, ok := v.Millis()
	if !ok {
		return time.Time{}, false
	}
	return time.UnixMilli(ms).UTC(), true
}

// Regex returns a regular expression.
func (v Value) Regex() (Regex, bool) {
	pattern, options, ok := bytes.Cut(v.regex(), []byte{0})
	return Regex{Pattern: string(pattern), Options: string(options)}, ok
}

// regex returns the content of a regular expression. Its order by bytes is the
// order by pattern, then options.
func (v Value) regex() []byte {
	if k, at, n := headOf(v.raw); k == Regexp {
		return content(v.raw, at, n)
	}
	return nil
}

// Len returns the number of elements of an array or fields of an object, else 0.
func (v Value) Len() int {
	if k, _, n := headOf(v.raw); k == Array || k == Object {
		return n
	}
	return 0
}

// String returns v as relaxed extended JSON, "" when it is missing.
func (v Value) String() string { return string(AppendJSON(nil, v)) }

// Clone returns v with bytes of its own.
func (v Value) Clone() Value { return Value{bytes.Clone(v.raw)} }
