package document

import (
	"fmt"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/virgadb/virga/internal/fault"
)

// The methods below let the types of this package be fields of structs, and be
// written by the EncodeMsgpack of other types.

func encodeRaw(enc *msgpack.Encoder, v any) error {
	e := encoder{marks: true}
	if err := e.whole(v); err != nil {
		return err
	}
	if len(e.buf) == 0 {
		return enc.EncodeNil()
	}
	_, err := enc.Writer().Write(e.buf)
	return err
}

// decodeRaw reads one value, which may go on to share the bytes that were read.
func decodeRaw(dec *msgpack.Decoder) (Value, error) {
	raw, err := dec.DecodeRaw()
	return Value{raw}, err
}

// EncodeMsgpack writes v, null when it is missing.
func (v Value) EncodeMsgpack(enc *msgpack.Encoder) error { return encodeRaw(enc, v) }

// DecodeMsgpack reads any value.
func (v *Value) DecodeMsgpack(dec *msgpack.Decoder) (err error) {
	*v, err = decodeRaw(dec)
	return err
}

// EncodeMsgpack writes d, null when it is no document.
func (d Doc) EncodeMsgpack(enc *msgpack.Encoder) error { return encodeRaw(enc, d) }

// DecodeMsgpack reads an object, or null as no document.
func (d *Doc) DecodeMsgpack(dec *msgpack.Decoder) error {
	v, err := decodeRaw(dec)
	if err != nil {
		return err
	}
	return v.decodeDoc(d)
}

// EncodeMsgpack writes the id, null for the zero ID.
func (id ID) EncodeMsgpack(enc *msgpack.Encoder) error { return encodeRaw(enc, id) }

// DecodeMsgpack reads any value that can be an id.
func (id *ID) DecodeMsgpack(dec *msgpack.Decoder) error {
	v, err := decodeRaw(dec)
	if err != nil {
		return err
	}
	return v.decodeID(id)
}

// EncodeMsgpack writes m with its keys sorted.
func (m M) EncodeMsgpack(enc *msgpack.Encoder) error { return encodeRaw(enc, m) }

// DecodeMsgpack reads an object; its values are what [Value.Any] returns.
func (m *M) DecodeMsgpack(dec *msgpack.Decoder) error {
	v, err := decodeRaw(dec)
	if err != nil {
		return err
	}
	return v.decodeMap((*map[string]any)(m))
}

// EncodeMsgpack writes d in its order.
func (d D) EncodeMsgpack(enc *msgpack.Encoder) error { return encodeRaw(enc, d) }

// DecodeMsgpack reads an object in its order; objects within are D as well.
func (d *D) DecodeMsgpack(dec *msgpack.Decoder) error {
	v, err := decodeRaw(dec)
	if err != nil {
		return err
	}
	return v.decodeD(d)
}

// MarshalJSON returns d as relaxed extended JSON in its order.
func (d D) MarshalJSON() ([]byte, error) {
	v, err := Of(d)
	if err != nil {
		return nil, err
	}
	return v.MarshalJSON()
}

// EncodeMsgpack writes the regular expression as its extension.
func (r Regex) EncodeMsgpack(enc *msgpack.Encoder) error { return encodeRaw(enc, r) }

// DecodeMsgpack reads a regular expression.
func (r *Regex) DecodeMsgpack(dec *msgpack.Decoder) error {
	v, err := decodeRaw(dec)
	if err != nil {
		return err
	}
	return v.decodeRegex(r)
}

// EncodeMsgpack writes a mark in place of the time, which [Encode] and [OfAt]
// resolve. It is understood nowhere else.
func (s ServerDate) EncodeMsgpack(enc *msgpack.Encoder) error { return encodeRaw(enc, s) }

// DecodeMsgpack refuses: what is stored in place of a server date is a date.
func (s *ServerDate) DecodeMsgpack(dec *msgpack.Decoder) error {
	return fmt.Errorf("a server date is read as a time.Time: %w", fault.ErrInvalid)
}
