// Package keys writes values as bytes that sort exactly as the values do, and
// knows the map of the key space.
//
// The encoding of a value starts with a tag for its kind and is prefix-free: no
// encoding is the beginning of another. Encodings laid end to end therefore sort
// as tuples do, each field in its own direction. The order is that of
// [document.Compare], byte for byte, save that a missing value and null share a
// key; docs/format.md says what the bytes are.
//
// A key does not tell 1 from 1.0: what it holds is the place in the order, not
// the value.
package keys

import (
	"encoding/binary"

	"github.com/virgadb/virga/document"
)

// The tags, in the order of the kinds. The gaps leave room for kinds to come.
const (
	tagEnd    = 0x00 // behind the last element of an array and the last field of an object
	tagEmpty  = 0x03
	tagNull   = 0x05
	tagNumber = 0x10
	tagString = 0x20
	tagObject = 0x30
	tagArray  = 0x40
	tagBinary = 0x50
	tagBool   = 0x60
	tagDate   = 0x70
	tagRegex  = 0x80
	tagPoint  = 0x90 // of a geo field: a cell, longitude and latitude
	tagCell   = 0x91 // of a geo field: a cell of a covering
)

// Append appends the key of v to dst and returns the extended buffer. With desc
// the key sorts the other way around: every byte of it is inverted. The bytes of
// v must be well formed, as [document.Validate] has it.
func Append(dst []byte, v document.Value, desc bool) []byte {
	start := len(dst)
	dst = appendValue(dst, v)
	if desc {
		invert(dst[start:])
	}
	return dst
}

// AppendFloat is [Append] for a float that is not a value yet, ascending.
func AppendFloat(dst []byte, f float64) []byte {
	return appendFloat(append(dst, tagNumber), f)
}

// AppendEmpty appends the key that stands for an array without elements where
// its elements are indexed one by one. It sorts before every value, null included.
func AppendEmpty(dst []byte, desc bool) []byte {
	if desc {
		return append(dst, tagEmpty^0xFF)
	}
	return append(dst, tagEmpty)
}

// After returns the smallest key greater than every key that starts with prefix,
// in memory of its own. It returns nil when there is none: prefix is empty or
// all 0xFF.
func After(prefix []byte) []byte {
	end := len(prefix)
	for end > 0 && prefix[end-1] == 0xFF {
		end--
	}
	if end == 0 {
		return nil
	}
	next := append(make([]byte, 0, end), prefix[:end]...)
	next[end-1]++
	return next
}

func invert(b []byte) {
	for i := range b {
		b[i] ^= 0xFF
	}
}

func appendValue(dst []byte, v document.Value) []byte {
	kind := v.Kind()
	return appendBody(append(dst, tagOf(kind)), v, kind)
}

func tagOf(kind document.Kind) byte {
	switch kind {
	case document.Number:
		return tagNumber
	case document.String:
		return tagString
	case document.Object:
		return tagObject
	case document.Array:
		return tagArray
	case document.Binary:
		return tagBinary
	case document.Bool:
		return tagBool
	case document.Date:
		return tagDate
	case document.Regexp:
		return tagRegex
	}
	return tagNull // null and missing
}

// appendBody appends what follows the tag.
func appendBody(dst []byte, v document.Value, kind document.Kind) []byte {
	switch kind {
	case document.Number:
		return appendNumber(dst, v)
	case document.String, document.Binary:
		return appendBytes(dst, v.Bytes())
	case document.Object:
		return appendObject(dst, v)
	case document.Array:
		return appendArray(dst, v)
	case document.Bool:
		if b, _ := v.Bool(); b {
			return append(dst, 1)
		}
		return append(dst, 0)
	case document.Date:
		ms, _ := v.Millis()
		return binary.BigEndian.AppendUint64(dst, uint64(ms)^1<<63)
	case document.Regexp:
		re, _ := v.Regex()
		dst = appendBytes(dst, re.Pattern)
		return appendBytes(dst, re.Options)
	}
	return dst
}

// appendObject writes each field as tag, name, rest of the value: objects compare
// by the kind of a field before its name.
func appendObject(dst []byte, v document.Value) []byte {
	for f := v.Fields(); f.Next(); {
		value := f.Value()
		kind := value.Kind()
		dst = append(dst, tagOf(kind))
		dst = appendBytes(dst, f.Key())
		dst = appendBody(dst, value, kind)
	}
	return append(dst, tagEnd)
}

func appendArray(dst []byte, v document.Value) []byte {
	for e := v.Elements(); e.Next(); {
		dst = appendValue(dst, e.Value())
	}
	return append(dst, tagEnd)
}

// The bytes behind a zero byte of text: an escaped zero, or the end.
const (
	escapedZero = 0xFF
	textEnd     = 0x01
)

func appendBytes[T string | []byte](dst []byte, text T) []byte {
	from := 0
	for i := 0; i < len(text); i++ {
		if text[i] == 0 {
			dst = append(dst, text[from:i]...)
			dst = append(dst, 0, escapedZero)
			from = i + 1
		}
	}
	dst = append(dst, text[from:]...)
	return append(dst, 0, textEnd)
}
