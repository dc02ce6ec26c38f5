package expr

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/virgadb/virga/document"
)

// texts holds the operators that take strings as a whole.
var texts = table{
	"$concat":      {max: many, fn: concat},
	"$split":       {min: 2, max: 2, fn: split},
	"$strLenBytes": {min: 1, max: 1, fn: lengthBy(func(s []byte) int { return len(s) })},
	"$strLenCP":    {min: 1, max: 1, fn: lengthBy(utf8.RuneCount)},
	"$strcasecmp":  {min: 2, max: 2, fn: compareFolded},
	"$toLower":     {min: 1, max: 1, fn: inCase('A', 'Z')},
	"$toUpper":     {min: 1, max: 1, fn: inCase('a', 'z')},
	"$trim":        {params: []string{"input", "chars?"}, fn: trim(true, true)},
	"$ltrim":       {params: []string{"input", "chars?"}, fn: trim(true, false)},
	"$rtrim":       {params: []string{"input", "chars?"}, fn: trim(false, true)},
	"$replaceOne":  {params: []string{"input", "find", "replacement"}, fn: replace(1)},
	"$replaceAll":  {params: []string{"input", "find", "replacement"}, fn: replace(-1)},
}

// str returns the bytes of a string, shared.
func str(v document.Value) ([]byte, error) {
	if v.Kind() != document.String {
		return nil, needs("a string", v)
	}
	return v.Bytes(), nil
}

func concat(e *Env, args []document.Value) (document.Value, error) {
	e.text = e.text[:0]
	for _, v := range args {
		if nullish(v) {
			return null, nil
		}
		s, err := str(v)
		if err != nil {
			return missing, err
		}
		if len(e.text)+len(s) > document.MaxSize {
			return missing, errTooLarge
		}
		e.text = append(e.text, s...)
	}
	return e.str(e.text)
}

func split(e *Env, args []document.Value) (document.Value, error) {
	if nullish(args[0]) || nullish(args[1]) {
		return null, nil
	}
	s, err := str(args[0])
	if err != nil {
		return missing, err
	}
	delimiter, err := str(args[1])
	if err != nil {
		return missing, err
	}
	if len(delimiter) == 0 {
		return missing, invalid("needs a delimiter that is not empty")
	}
	b := e.open()
	b.BeginArray()
	for more := true; more; {
		var part []byte
		part, s, more = bytes.Cut(s, delimiter)
		v, err := e.str(part)
		if err != nil {
			return missing, err
		}
		b.Value(v)
	}
	b.End()
	return e.close(b)
}

func lengthBy(count func([]byte) int) function {
	return func(e *Env, args []document.Value) (document.Value, error) {
		s, err := str(args[0])
		return e.integer(int64(count(s))), err
	}
}

// appendText appends v as a string: numbers and dates are written out, null is
// empty.
func appendText(dst []byte, v document.Value) ([]byte, error) {
	switch v.Kind() {
	case document.Missing, document.Null:
		return dst, nil
	case document.String:
		return append(dst, v.Bytes()...), nil
	case document.Number:
		return appendNumber(dst, v), nil
	case document.Date:
		ms, _ := v.Millis()
		return appendISO(dst, ms), nil
	}
	return dst, needs("a string, a number or a date", v)
}

// appendNumber writes a number in the shortest form that reads back as it.
func appendNumber(dst []byte, v document.Value) []byte {
	n, _ := numberOf(v)
	switch {
	case !n.float:
		return strconv.AppendInt(dst, n.i, 10)
	case math.IsInf(n.f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(n.f, -1):
		return append(dst, "-Infinity"...)
	}
	if size := math.Abs(n.f); size != 0 && (size < 1e-4 || size >= 1e16) {
		return strconv.AppendFloat(dst, n.f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, n.f, 'f', -1, 64)
}

// folded leaves in e.text what v is as a string, the letters from a to z shifted
// into the other case, and returns it.
func (e *Env) folded(v document.Value, first, last byte) ([]byte, error) {
	var err error
	if e.text, err = appendText(e.text[:0], v); err != nil {
		return nil, err
	}
	for i, b := range e.text {
		if b >= first && b <= last {
			e.text[i] = b ^ 0x20
		}
	}
	return e.text, nil
}

func inCase(first, last byte) function {
	return func(e *Env, args []document.Value) (document.Value, error) {
		s, err := e.folded(args[0], first, last)
		if err != nil {
			return missing, err
		}
		return e.str(s)
	}
}

func compareFolded(e *Env, args []document.Value) (document.Value, error) {
	a, err := e.folded(args[0], 'a', 'z')
	if err != nil {
		return missing, err
	}
	a = bytes.Clone(a)
	b, err := e.folded(args[1], 'a', 'z')
	if err != nil {
		return missing, err
	}
	return e.integer(int64(bytes.Compare(a, b))), nil
}

// blanks are the characters that are cut off by default.
const blanks = "\x00\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"

// trim returns the function that cuts characters off the ends of a string.
func trim(left, right bool) function {
	return func(e *Env, args []document.Value) (document.Value, error) {
		if nullish(args[0]) {
			return null, nil
		}
		s, err := str(args[0])
		if err != nil {
			return missing, err
		}
		chars := blanks
		if !absent(args[1]) {
			if nullish(args[1]) {
				return null, nil
			}
			given, err := str(args[1])
			if err != nil {
				return missing, err
			}
			chars = string(given)
		}
		if left {
			s = bytes.TrimLeft(s, chars)
		}
		if right {
			s = bytes.TrimRight(s, chars)
		}
		return e.str(s)
	}
}

// replace returns the function that replaces the first n occurrences.
func replace(n int) function {
	return func(e *Env, args []document.Value) (document.Value, error) {
		var s [3][]byte
		isNull := false
		for i, v := range args {
			if nullish(v) {
				isNull = true
				continue
			}
			var err error
			if s[i], err = str(v); err != nil {
				return missing, err
			}
		}
		if isNull {
			return null, nil
		}
		count := bytes.Count(s[0], s[1])
		if n >= 0 {
			count = min(count, n)
		}
		if len(s[0])+count*(len(s[2])-len(s[1])) > document.MaxSize {
			return missing, errTooLarge
		}
		return e.str(bytes.Replace(s[0], s[1], s[2], n))
	}
}
