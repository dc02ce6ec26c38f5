package document

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/virgadb/virga/internal/fault"
)

// Canonical returns the document in raw, msgpack bytes of any origin, in canonical
// form: _id first, the other fields as they came, integers and dates in their
// shortest form, floats of 64 bits, dates cut to the millisecond. It refuses what
// [Encode] refuses, and bytes that are no msgpack, all as ErrInvalid or
// ErrTooLarge. The result does not share raw. Canonical bytes come out unchanged.
func Canonical(raw []byte) (Doc, error) {
	e := encoder{stored: true, buf: make([]byte, 0, len(raw)+8)}
	if err := e.canonical(raw); err != nil {
		return Doc{}, err
	}
	if err := e.fits(); err != nil {
		return Doc{}, err
	}
	return e.document()
}

var errForeign = fmt.Errorf("malformed msgpack: %w", fault.ErrInvalid)

// canonical writes the one value that is the whole of raw.
func (e *encoder) canonical(raw []byte) error {
	end, err := e.foreign(raw, 0)
	if err == nil && end != len(raw) {
		return fmt.Errorf("%d bytes behind the value: %w", len(raw)-end, errForeign)
	}
	return err
}

// foreign writes the value at b[i:] and returns the index behind it.
func (e *encoder) foreign(b []byte, i int) (int, error) {
	k, at, n := headOf(b[i:])
	switch k {
	case Object:
		return e.foreignObject(b, i+at, n)
	case Array:
		return e.foreignArray(b, i+at, n)
	}
	end := skip(b, i)
	if end < 0 {
		return 0, errForeign
	}
	if k == Null || k == Bool {
		e.buf = append(e.buf, b[i])
		return end, nil
	}
	return end, e.scalar(k, b[i:end], b[i+at:end])
}

// scalar writes the value v of kind k, which has the given content.
func (e *encoder) scalar(k Kind, v, content []byte) error {
	switch k {
	case Number:
		if v[0] == 0xcf {
			return e.unsigned(binary.BigEndian.Uint64(content))
		}
		if n, _ := numberOf(v); n.float {
			e.buf = appendFloat(e.buf, n.f)
		} else {
			e.buf = appendInt(e.buf, n.i)
		}
	case String:
		if !utf8.Valid(content) {
			return errText
		}
		e.buf = appendText(e.buf, content)
	case Binary:
		e.buf = appendBinary(e.buf, content)
	case Date:
		ms, ok := millisOf(content)
		if !ok {
			return errDate
		}
		e.buf = appendDate(e.buf, ms)
	case Regexp:
		r, ok := Value{v}.Regex()
		if !ok {
			return errForeign
		}
		return e.regex(r)
	default:
		return e.foreignExt(v)
	}
	return nil
}

// foreignExt writes the server date that [ServerDate.EncodeMsgpack] stood in for.
func (e *encoder) foreignExt(v []byte) error {
	if e.dated && len(v) == 10 && v[0] == 0xd7 && v[1] == extServerDate {
		offset := binary.BigEndian.Uint64(v[2:])
		return e.serverDate(ServerDate{Offset: time.Duration(offset)})
	}
	return fmt.Errorf("unsupported msgpack extension: %w", fault.ErrInvalid)
}

// foreignObject writes an object of n fields, the first of which starts at b[i].
func (e *encoder) foreignObject(b []byte, i, n int) (int, error) {
	c, err := e.open(Object, n)
	if err != nil {
		return 0, err
	}
	if e.keys == nil {
		e.keys = make([][]byte, 0, 16)
	}
	base := len(e.keys)
	for c.n < n {
		from, to := keyAt(b, i)
		if to < 0 {
			return 0, fmt.Errorf("key that is no string: %w", errForeign)
		}
		key := b[from:to]
		if err := e.foreignKey(key); err != nil {
			return 0, under(string(key), err)
		}
		if i, err = e.foreign(b, to); err != nil {
			return 0, under(string(key), err)
		}
		c.n++
	}
	if err := distinct(e.keys[base:]); err != nil {
		return 0, err
	}
	e.keys = e.keys[:base]
	e.close(c)
	return i, e.fits()
}

func (e *encoder) foreignKey(key []byte) error {
	if err := checkKey(key, e.stored); err != nil {
		return err
	}
	if !utf8.Valid(key) {
		return errText
	}
	e.keys = append(e.keys, key)
	e.buf = appendText(e.buf, key)
	return nil
}

// foreignArray writes an array of n elements, the first of which starts at b[i].
func (e *encoder) foreignArray(b []byte, i, n int) (int, error) {
	c, err := e.open(Array, n)
	if err != nil {
		return 0, err
	}
	for ; c.n < n; c.n++ {
		if i, err = e.foreign(b, i); err != nil {
			return 0, underIndex(c.n, err)
		}
	}
	e.close(c)
	return i, e.fits()
}

func underIndex(i int, err error) error { return under(strconv.Itoa(i), err) }
