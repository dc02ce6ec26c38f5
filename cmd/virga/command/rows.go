package command

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/virgadb/virga/document"
)

// maxLine bounds a line of input, in bytes. No document of the permitted size is
// longer as JSON, unless it is written in a wasteful way.
const maxLine = 128 << 20

// byteOrderMark is what some editors begin a text in UTF-8 with.
var byteOrderMark = []byte("\xEF\xBB\xBF")

// rows reads JSON Lines: an object a line, of any length up to maxLine. Lines end
// in LF or CRLF; empty ones, and a byte order mark at the beginning, are passed
// over.
type rows struct {
	in   *bufio.Reader
	line int   // number of the line read last, from 1
	read int64 // bytes read
	buf  []byte
	done bool
}

func newRows(in io.Reader) *rows {
	return &rows{in: bufio.NewReaderSize(in, 64<<10)}
}

// A rowError says which line of the input is at fault.
type rowError struct {
	line int
	err  error
}

func (e *rowError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *rowError) Unwrap() error { return e.err }

// next returns the next object and true, or false at the end.
func (r *rows) next() (document.Value, bool, error) {
	for !r.done {
		text, err := r.nextLine()
		if err == nil && len(bytes.TrimSpace(text)) > 0 {
			var v document.Value
			if v, err = object(text); err == nil {
				return v, true, nil
			}
		}
		if err != nil {
			return document.Value{}, false, &rowError{r.line, err}
		}
	}
	return document.Value{}, false, nil
}

// nextLine returns the next line without its end, valid until the next call.
func (r *rows) nextLine() ([]byte, error) {
	r.line++
	r.buf = r.buf[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.read += int64(len(part))
		r.buf = append(r.buf, part...)
		if len(r.buf) > maxLine {
			return nil, fmt.Errorf("longer than %d bytes", maxLine)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if r.done = err == io.EOF; err != nil && !r.done {
			return nil, err
		}
		break
	}
	text := r.buf
	if r.line == 1 {
		text = bytes.TrimPrefix(text, byteOrderMark)
	}
	return bytes.TrimRight(text, "\r\n"), nil
}

// object parses text as one JSON object.
func object(text []byte) (document.Value, error) {
	v, err := document.ParseJSON(text)
	if err != nil {
		return v, err
	}
	if v.Kind() == document.Array {
		return v, errors.New("an object is needed, found an array; JSON Lines has one object a line and no brackets around them")
	}
	if v.Kind() != document.Object {
		return v, fmt.Errorf("an object is needed, found %s", v.Kind())
	}
	return v, nil
}
