package document

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendJSON appends v as relaxed extended JSON, fields in stored order. Floats
// keep a point or an exponent, so that they read back as floats; NaN, infinities
// and -0.0 are {"$numberDouble":…}, dates {"$date":"2006-01-02T15:04:05.000Z"}, or,
// outside the years 0 to 9999, {"$date":{"$numberLong":"ms"}}. A missing value
// appends nothing.
func AppendJSON(dst []byte, v Value) []byte { return appendJSON(dst, v, 0) }

// MarshalJSON returns v as [AppendJSON] does, null when it is missing.
func (v Value) MarshalJSON() ([]byte, error) {
	if !v.Exists() {
		return []byte("null"), nil
	}
	return AppendJSON(make([]byte, 0, 2*len(v.raw)), v), nil
}

func appendJSON(dst []byte, v Value, depth int) []byte {
	switch v.Kind() {
	case Missing:
		return dst
	case Number:
		return appendJSONNumber(dst, v)
	case String:
		return appendQuoted(dst, v.Bytes())
	case Object, Array:
		if depth > 2*MaxDepth {
			return append(dst, "null"...) // malformed: no stored value is as deep
		}
		if v.Kind() == Object {
			return appendJSONObject(dst, v, depth)
		}
		return appendJSONArray(dst, v, depth)
	case Binary:
		dst = append(dst, `{"$binary":{"base64":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, v.Bytes())
		return append(dst, `","subType":"00"}}`...)
	case Bool:
		b, _ := v.Bool()
		return strconv.AppendBool(dst, b)
	case Date:
		return appendJSONDate(dst, v)
	case Regexp:
		r, _ := v.Regex()
		dst = appendQuoted(append(dst, `{"$regularExpression":{"pattern":`...), []byte(r.Pattern))
		dst = appendQuoted(append(dst, `,"options":`...), []byte(r.Options))
		return append(dst, "}}"...)
	}
	return append(dst, "null"...)
}

func appendJSONObject(dst []byte, v Value, depth int) []byte {
	dst = append(dst, '{')
	for f, first := v.Fields(), true; f.Next(); first = false {
		if !first {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, f.Key()), ':')
		dst = appendJSON(dst, f.Value(), depth+1)
	}
	return append(dst, '}')
}

func appendJSONArray(dst []byte, v Value, depth int) []byte {
	dst = append(dst, '[')
	for e, first := v.Elements(), true; e.Next(); first = false {
		if !first {
			dst = append(dst, ',')
		}
		dst = appendJSON(dst, e.Value(), depth+1)
	}
	return append(dst, ']')
}

func appendJSONNumber(dst []byte, v Value) []byte {
	n, _ := numberOf(v.raw)
	if !n.float {
		return strconv.AppendInt(dst, n.i, 10)
	}
	switch {
	case n.f != n.f:
		return append(dst, `{"$numberDouble":"NaN"}`...)
	case math.IsInf(n.f, 1):
		return append(dst, `{"$numberDouble":"Infinity"}`...)
	case math.IsInf(n.f, -1):
		return append(dst, `{"$numberDouble":"-Infinity"}`...)
	case n.f == 0 && math.Signbit(n.f):
		return append(dst, `{"$numberDouble":"-0.0"}`...)
	}
	if size := math.Abs(n.f); size != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.AppendFloat(dst, n.f, 'e', -1, 64)
	}
	dst = strconv.AppendFloat(dst, n.f, 'f', -1, 64)
	if n.f == math.Trunc(n.f) {
		dst = append(dst, ".0"...)
	}
	return dst
}

func appendJSONDate(dst []byte, v Value) []byte {
	ms, _ := v.Millis()
	t := time.UnixMilli(ms).UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		dst = strconv.AppendInt(append(dst, `{"$date":{"$numberLong":"`...), ms, 10)
		return append(dst, `"}}`...)
	}
	dst = t.AppendFormat(append(dst, `{"$date":"`...), "2006-01-02T15:04:05.000Z")
	return append(dst, `"}`...)
}

const hexDigits = "0123456789abcdef"

// appendQuoted appends s as a JSON string. What is not UTF-8, which is never
// stored, becomes the replacement character.
func appendQuoted(dst, s []byte) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += size
			continue
		}
		dst = appendEscaped(append(dst, s[from:i]...), c)
		i++
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
