package keys

import (
	"bytes"
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
	n, err := Skip(key, desc)
	if err != nil {
		return document.Value{}, 0, false
	}
	if desc {
		key = append([]byte(nil), key[:n]...)
		invert(key)
	}
	v, ok = decodeBody(key[0], key[1:n], float)
	return v, n, ok
}

// decodeBody decodes what follows the tag.
func decodeBody(tag byte, body []byte, float bool) (document.Value, bool) {
	switch tag {
	case tagNull:
		return document.NullValue(), true
	case tagNumber:
		return decodeNumber(body, float)
	case tagString:
		text := decodeBytes(body)
		return document.Text(string(text)), utf8.Valid(text)
	case tagBool:
		return document.Boolean(body[0] != 0), body[0] <= 1
	case tagDate:
		v := document.DateMillis(int64(binary.BigEndian.Uint64(body) ^ 1<<63))
		_, ok := v.Millis() // not every int64 is a date
		return v, ok
	case tagBinary:
		v, err := document.Of(decodeBytes(body))
		return v, err == nil
	}
	return document.Value{}, false
}

// decodeNumber makes the number that body can be the key of, and looks whether it
// is: between two integers there is none.
func decodeNumber(body []byte, float bool) (document.Value, bool) {
	f := fromSortable(binary.BigEndian.Uint64(body))
	v := document.Float(f)
	if !float {
		n := int64(f)
		if len(body) == 10 {
			n += int64(binary.BigEndian.Uint16(body[8:]))
		}
		v = document.Int(n)
	}
	var room [10]byte
	return v, bytes.Equal(appendNumber(room[:0], v), body)
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
