package expr

import (
	"bytes"
	"unicode/utf8"

	"github.com/virgadb/virga/document"
)

// substrings holds the operators about places in strings, counted in bytes or in
// code points.
var substrings = table{
	"$indexOfBytes": {min: 2, max: 4, fn: indexOfBytes},
	"$indexOfCP":    {min: 2, max: 4, fn: indexOfCP},
	"$substr":       {min: 3, max: 3, fn: substrBytes},
	"$substrBytes":  {min: 3, max: 3, fn: substrBytes},
	"$substrCP":     {min: 3, max: 3, fn: substrCP},
	"$binarySize":   {min: 1, max: 1, fn: binarySize},
}

// needle returns the strings that an operator looks in and for. It reports false
// when the former is null.
func needle(args []document.Value) (s, sub []byte, ok bool, err error) {
	if nullish(args[0]) {
		return nil, nil, false, nil
	}
	if s, err = str(args[0]); err != nil {
		return nil, nil, false, err
	}
	sub, err = str(args[1])
	return s, sub, err == nil, err
}

func indexOfBytes(e *Env, args []document.Value) (document.Value, error) {
	s, sub, ok, err := needle(args)
	if err != nil || !ok {
		return null, err
	}
	start, end, err := bounds(args[2:], len(s))
	if err != nil {
		return missing, err
	}
	if start > end {
		return e.integer(-1), nil
	}
	i := bytes.Index(s[start:end], sub)
	if i >= 0 {
		i += start
	}
	return e.integer(int64(i)), nil
}

func indexOfCP(e *Env, args []document.Value) (document.Value, error) {
	s, sub, ok, err := needle(args)
	if err != nil || !ok {
		return null, err
	}
	start, end, err := bounds(args[2:], utf8.RuneCount(s))
	if err != nil {
		return missing, err
	}
	if start > end {
		return e.integer(-1), nil
	}
	from := codePoint(s, start)
	to := from + codePoint(s[from:], end-start)
	i := bytes.Index(s[from:to], sub)
	if i >= 0 {
		i = start + utf8.RuneCount(s[from:from+i])
	}
	return e.integer(int64(i)), nil
}

// codePoint returns where in s code point n starts, len(s) when there are fewer.
func codePoint(s []byte, n int) int {
	at := 0
	for ; n > 0 && at < len(s); n-- {
		_, size := utf8.DecodeRune(s[at:])
		at += size
	}
	return at
}

// substrBytes cuts bytes out of a string. A negative start yields nothing, a
// negative length the rest.
func substrBytes(e *Env, args []document.Value) (document.Value, error) {
	var err error
	if e.text, err = appendText(e.text[:0], args[0]); err != nil {
		return missing, err
	}
	start, ok := truncated(args[1])
	n, also := truncated(args[2])
	s := e.text
	switch {
	case !ok || !also:
		return missing, invalid("needs numbers as start and length")
	case start < 0 || start >= int64(len(s)):
		return e.str(nil)
	}
	s = s[start:]
	if !utf8.RuneStart(s[0]) {
		return missing, invalid("starts within a character")
	}
	if n >= 0 && n < int64(len(s)) {
		if !utf8.RuneStart(s[n]) {
			return missing, invalid("ends within a character")
		}
		s = s[:n]
	}
	return e.str(s)
}

func substrCP(e *Env, args []document.Value) (document.Value, error) {
	var err error
	if e.text, err = appendText(e.text[:0], args[0]); err != nil {
		return missing, err
	}
	start, ok := integer32(args[1])
	n, also := integer32(args[2])
	if !ok || !also || start < 0 || n < 0 {
		return missing, invalid("needs whole numbers that are not negative as start and length")
	}
	s := e.text[codePoint(e.text, start):]
	return e.str(s[:codePoint(s, n)])
}

func binarySize(e *Env, args []document.Value) (document.Value, error) {
	switch args[0].Kind() {
	case document.Missing, document.Null:
		return null, nil
	case document.String, document.Binary:
		return e.integer(int64(len(args[0].Bytes()))), nil
	}
	return missing, needs("a string or binary", args[0])
}
