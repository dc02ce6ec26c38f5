package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/virgadb/virga/internal/fault"
)

// A SyntaxError says where a rule document, or an expression in it, is wrong. It
// is ErrInvalid.
type SyntaxError struct {
	Key     string // the key whose expression is wrong, empty for the document around them
	Line    int    // of the expression, or of the document, from 1
	Column  int    // in characters, from 1
	Message string
	Snippet string // the line at fault, and below it a mark under the place

	offset int // in bytes, of the place
}

// Error formats e as "key line:column: message", the snippet below it.
func (e *SyntaxError) Error() string {
	key := e.Key
	if key != "" {
		key += " "
	}
	return fmt.Sprintf("%s%d:%d: %s\n%s", key, e.Line, e.Column, e.Message, e.Snippet)
}

// Unwrap returns ErrInvalid.
func (e *SyntaxError) Unwrap() error { return fault.ErrInvalid }

// syntaxError returns the error at byte offset at of text.
func syntaxError(text string, at int, format string, args ...any) *SyntaxError {
	line, column := position(text, at)
	return &SyntaxError{
		Line: line, Column: column,
		Message: fmt.Sprintf(format, args...),
		Snippet: snippet(text, at),
		offset:  at,
	}
}

// position returns the line and the column, in characters, of byte offset at.
func position(text string, at int) (line, column int) {
	before := text[:min(at, len(text))]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}

// snippetWidth is how many characters of a long line a snippet shows on either
// side of the place.
const snippetWidth = 60

// snippet returns the line of text around byte offset at and a mark below it.
func snippet(text string, at int) string {
	at = min(at, len(text))
	start := strings.LastIndexByte(text[:at], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		end = at + i
	}
	before, after := []rune(text[start:at]), []rune(text[at:end])
	if len(before) > snippetWidth {
		before = append([]rune("…"), before[len(before)-snippetWidth:]...)
	}
	if len(after) > snippetWidth {
		after = append(after[:snippetWidth:snippetWidth], '…')
	}
	mark := make([]rune, len(before))
	for i, r := range before {
		mark[i] = ' '
		if r == '\t' {
			mark[i] = '\t'
		}
	}
	return "    " + string(before) + string(after) + "\n    " + string(mark) + "^"
}
