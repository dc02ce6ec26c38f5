package document

import (
	"fmt"
	"unicode/utf8"

	"github.com/virgadb/virga/internal/fault"
)

// ParseJSON returns the value that text, one JSON text, spells. The order of fields
// is kept. A number with a point or an exponent, or beyond the range of int64, is a
// float; all others are integers. These forms of MongoDB's extended JSON are
// understood, relaxed and canonical: $date (ISO 8601 or milliseconds),
// $numberInt, $numberLong, $numberDouble, $oid (as its hex string), $binary and
// $regularExpression. Other keys that start with $ stay as they are.
//
// Malformed text, strings that are no UTF-8, duplicate keys and keys with a zero
// byte are ErrInvalid, with the offset; too much depth or size is ErrTooLarge.
func ParseJSON(text []byte) (Value, error) {
	p := parser{text: text, e: encoder{buf: make([]byte, 0, len(text)/2+16), spare: 2, keys: make([][]byte, 0, 16)}}
	p.space()
	err := p.value()
	if err == nil {
		if p.space(); p.at < len(text) {
			err = p.unexpected()
		}
	}
	if err == nil {
		err = p.e.fits()
	}
	if err != nil {
		return Value{}, fmt.Errorf("json: %w", err)
	}
	return Value{p.e.buf}, nil
}

// A parser turns JSON text into the bytes of a value.
type parser struct {
	text []byte
	at   int
	e    encoder
}

func (p *parser) unexpected() error {
	if p.at >= len(p.text) {
		return fmt.Errorf("unexpected end: %w", fault.ErrInvalid)
	}
	r, _ := utf8.DecodeRune(p.text[p.at:])
	return fmt.Errorf("unexpected %q at offset %d: %w", r, p.at, fault.ErrInvalid)
}

func (p *parser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// next reports whether c is next, behind space, and steps over it if so.
func (p *parser) next(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

// value reads the value that starts right here.
func (p *parser) value() error {
	if p.at >= len(p.text) {
		return p.unexpected()
	}
	switch c := p.text[p.at]; {
	case c == '"':
		start := len(p.e.buf)
		return p.string(start)
	case c == '{':
		return p.object()
	case c == '[':
		return p.array()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case p.word("true"):
		p.e.buf = appendBool(p.e.buf, true)
	case p.word("false"):
		p.e.buf = appendBool(p.e.buf, false)
	case p.word("null"):
		p.e.null()
	default:
		return p.unexpected()
	}
	return nil
}

func (p *parser) word(w string) bool {
	if len(p.text)-p.at < len(w) || string(p.text[p.at:p.at+len(w)]) != w {
		return false
	}
	p.at += len(w)
	return true
}

func (p *parser) number() error {
	end := p.at
	for end < len(p.text) && isNumeric(p.text[end]) {
		end++
	}
	buf, ok := appendNumber(p.e.buf, p.text[p.at:end])
	if !ok {
		return fmt.Errorf("malformed number at offset %d: %w", p.at, fault.ErrInvalid)
	}
	p.e.buf, p.at = buf, end
	return nil
}

func isNumeric(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

func (p *parser) array() error {
	if p.e.depth >= MaxDepth {
		return errDepth
	}
	c, err := p.e.open(Array, 0)
	if err != nil {
		return err
	}
	p.at++
	for first := true; !p.next(']'); first = false {
		if !first && !p.next(',') {
			return p.unexpected()
		}
		p.space()
		if err := p.value(); err != nil {
			return underIndex(c.n, err)
		}
		c.n++
	}
	p.e.close(c)
	return p.e.fits()
}

// object reads an object, which may be an extended form of another value.
func (p *parser) object() error {
	start, base := len(p.e.buf), len(p.e.keys)
	c, err := p.e.open(Object, 0)
	if err != nil {
		return err
	}
	p.at++
	for first := true; !p.next('}'); first = false {
		if !first && !p.next(',') {
			return p.unexpected()
		}
		if err := p.field(&c); err != nil {
			return err
		}
	}
	if err := distinct(p.e.keys[base:]); err != nil {
		return err
	}
	p.e.keys = p.e.keys[:base]
	p.e.close(c)
	if err := p.e.fits(); err != nil {
		return err
	}
	return p.extended(start)
}

// field reads one field of the object c.
func (p *parser) field(c *container) error {
	p.space()
	if p.at >= len(p.text) || p.text[p.at] != '"' {
		return p.unexpected()
	}
	start := len(p.e.buf)
	if err := p.string(start); err != nil {
		return err
	}
	from, to := keyAt(p.e.buf, start)
	key := p.e.buf[from:to] // stays as it is: nothing in front of the value moves
	if err := checkKey(key, false); err != nil {
		return under(string(key), err)
	}
	if !p.next(':') {
		return p.unexpected()
	}
	p.e.keys = append(p.e.keys, key)
	p.space()
	if err := p.value(); err != nil {
		return under(string(key), err)
	}
	c.n++
	return nil
}

// extended puts the value that the object at buf[start:] is a form of in its place.
func (p *parser) extended(start int) error {
	form := Value{p.e.buf[start:]}
	v, err := extended(form)
	switch {
	case err != nil:
		return err
	case v.Exists():
		p.e.buf = append(p.e.buf[:start], v.raw...)
	case p.e.depth >= MaxDepth:
		return errDepth
	}
	return nil
}
