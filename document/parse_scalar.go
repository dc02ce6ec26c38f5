package document

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/virgadb/virga/internal/fault"
)

// appendNumber appends the number that s spells by JSON's grammar.
func appendNumber(dst, s []byte) ([]byte, bool) {
	whole := bytes.TrimPrefix(s, []byte("-"))
	n := digits(whole)
	if n == 0 || whole[0] == '0' && n > 1 {
		return dst, false
	}
	rest := whole[n:]
	if len(rest) == 0 {
		if i, err := strconv.ParseInt(string(s), 10, 64); err == nil {
			return appendInt(dst, i), true
		}
	}
	if len(rest) > 0 && rest[0] == '.' {
		if n = digits(rest[1:]); n == 0 {
			return dst, false
		}
		rest = rest[1+n:]
	}
	if len(rest) > 0 && rest[0]|0x20 == 'e' {
		rest = rest[1:]
		if len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		if n = digits(rest); n == 0 {
			return dst, false
		}
		rest = rest[n:]
	}
	f, err := strconv.ParseFloat(string(s), 64)
	if len(rest) > 0 || err != nil { // a rest, or out of range
		return dst, false
	}
	return appendFloat(dst, f), true
}

// digits returns how many digits s starts with.
func digits(s []byte) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// string reads a string, which begins at p.at, and writes it at buf[start:].
func (p *parser) string(start int) error {
	p.at++
	from := p.at
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			if !utf8.Valid(p.text[from:p.at]) {
				return errText
			}
			p.e.buf = appendText(p.e.buf[:start], p.text[from:p.at])
			p.at++
			return nil
		case c == '\\':
			return p.escaped(start, from)
		case c < ' ':
			return p.unexpected()
		}
		p.at++
	}
	return p.unexpected()
}

// escaped is string for one that has a backslash at p.at and began at from.
func (p *parser) escaped(start, from int) error {
	s := append([]byte(nil), p.text[from:p.at]...)
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			if !utf8.Valid(s) {
				return errText
			}
			p.e.buf = appendText(p.e.buf[:start], s)
			p.at++
			return nil
		case c == '\\':
			r, ok := p.escape()
			if !ok {
				return fmt.Errorf("malformed escape before offset %d: %w", p.at, fault.ErrInvalid)
			}
			s = utf8.AppendRune(s, r)
			continue
		case c < ' ':
			return p.unexpected()
		default:
			s = append(s, c)
		}
		p.at++
	}
	return p.unexpected()
}

// escape reads one escape, both halves of a surrogate pair.
func (p *parser) escape() (rune, bool) {
	p.at++
	if p.at >= len(p.text) {
		return 0, false
	}
	c := p.text[p.at]
	p.at++
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		r, ok := p.hex()
		if !ok || !utf16.IsSurrogate(r) {
			return r, ok
		}
		if !p.word(`\u`) {
			return 0, false
		}
		low, ok := p.hex()
		r = utf16.DecodeRune(r, low)
		return r, ok && r != utf8.RuneError
	}
	return 0, false
}

// hex reads four hex digits.
func (p *parser) hex() (rune, bool) {
	if len(p.text)-p.at < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.text[p.at:p.at+4]), 16, 16)
	p.at += 4
	return rune(n), err == nil
}
