package keys

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/virgadb/virga/document"
)

// Decode returns the value that key starts with and the length of its encoding,
// written with the same desc. A number is an integer unless float says that it
// was stored as a float; the caller has to know. Decode reports false for what a
// key cannot give back: arrays, objects, the empty array, and bytes that are no
// key.
func Decode(key []byte, desc, float bool) (v document.Value, n int, ok bool) {
	v, _, n, ok = DecodeInto(nil, key, desc, float)
	return v, n, ok
}

// DecodeInto is [Decode] that appends the bytes of the value to room, of which it
// returns all.
func DecodeInto(room, key []byte, desc, float bool) (v document.Value, all []byte, n int, ok bool) {
	from := len(room)
	if len(key) > 0 && key[0] == tagNumber && !desc { // the usual value that differs from entry to entry
		room, n, ok = appendDecodedNumber(room, key[1:], float)
		n++
	} else {
		var err error
		if n, err = Skip(key, desc); err != nil {
			return document.Value{}, room, 0, false
		}
		if desc {
			key = append([]byte(nil), key[:n]...)
			invert(key)
		}
		room, ok = appendDecoded(room, key[0], key[1:n], float)
	}
	if ok {
		v = document.FromRaw(room[from:len(room):len(room)]).Value()
	}
	return v, room, n, ok
}

// DecodeFloat is [DecodeInto] for an ascending number that was stored as a float.
func DecodeFloat(room, key []byte) (all []byte, n int, ok bool) {
	if len(key) == 0 || key[0] != tagNumber {
		return room, 0, false
	}
	room, n, ok = appendDecodedNumber(room, key[1:], true)
	return room, n + 1, ok
}

// appendDecoded decodes what follows the tag.
func appendDecoded(dst []byte, tag byte, body []byte, float bool) ([]byte, bool) {
	switch tag {
	case tagNull:
		return append(dst, document.NullValue().Raw()...), true
	case tagNumber:
		dst, _, ok := appendDecodedNumber(dst, body, float)
		return dst, ok
	case tagString:
		text := decodeBytes(body)
		return document.AppendText(dst, text), utf8.Valid(text)
	case tagBool:
		return append(dst, document.Boolean(body[0] != 0).Raw()...), body[0] <= 1
	case tagDate:
		ms := int64(binary.BigEndian.Uint64(body) ^ 1<<63)
		_, ok := document.DateMillis(ms).Millis() // not every int64 is a date
		return document.AppendDate(dst, ms), ok
	case tagBinary:
		v, err := document.Of(decodeBytes(body))
		if err != nil {
			return dst, false
		}
		return append(dst, v.Raw()...), true
	}
	return dst, false
}

// appendDecodedNumber makes the number that key, without its tag, can start with, and
// looks whether it does: between two integers there is none. It returns the length.
func appendDecodedNumber(dst, key []byte, float bool) (_ []byte, n int, ok bool) {
	if len(key) < 8 {
		return dst, 0, false
	}
	place, residual, n := binary.BigEndian.Uint64(key), int64(0), 8
	f := fromSortable(place)
	if hasResidual(f) {
		if len(key) < 10 {
			return dst, 0, false
		}
		residual, n = int64(binary.BigEndian.Uint16(key[8:])), 10
	}
	if float {
		return document.AppendFloat(dst, f), n, residual == 0 && sortable(f) == place
	}
	i := int64(f) + residual
	return document.AppendInt(dst, i), n, sortable(floor(i)) == place
}

// decodeBytes undoes appendBytes.
func decodeBytes(body []byte) []byte {
	text := make([]byte, 0, len(body)-2)
	for i := 0; i < len(body)-2; i++ {
		text = append(text, body[i])
		if body[i] == 0 {
			i++ // the byte that marks the zero as content
		}
	}
	return text
}
