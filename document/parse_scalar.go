package document

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/virgadb/virga/internal/fault"
)

// appendNumber appends the number that s spells by JSON's grammar.
func appendNumber(dst, s []byte) ([]byte, bool) {
	digits := func(i int) int {
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i
	}
	i := 0
	if len(s) > 0 && s[0] == '-' {
		i = 1
	}
	whole := digits(i)
	if whole == i || s[i] == '0' && whole > i+1 {
		return dst, false
	}
	i = whole
	if i < len(s) && s[i] == '.' {
		if i = digits(i + 1); i == whole+1 {
			return dst, false
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		exponent := i
		if i = digits(i); i == exponent {
			return dst, false
		}
	}
	if i != len(s) {
		return dst, false
	}
	if i == whole {
		if n, err := strconv.ParseInt(string(s), 10, 64); err == nil {
			return appendInt(dst, n), true
		}
	}
	f, err := strconv.ParseFloat(string(s), 64)
	if err != nil {
		return dst, false // out of range
	}
	return appendFloat(dst, f), true
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
