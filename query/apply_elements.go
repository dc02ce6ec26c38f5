package query

import (
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// splice inserts values into the array t before the element at offset at.
func (e *edit) splice(t target, at int, values []document.Value) error {
	if len(values) == 0 {
		return nil
	}
	if err := e.count(len(e.splices), t.at, document.Array, t.value.Len(), len(values)); err != nil {
		return err
	}
	return e.replace(at, at, joined(nil, values))
}

// joined appends the bytes of values to dst.
func joined(dst []byte, values []document.Value) []byte {
	for _, v := range values {
		dst = append(dst, v.Raw()...)
	}
	return dst
}

// cut takes pieces, gone elements in all, out of the array t of n elements.
func (e *edit) cut(t target, n int, pieces []splice, gone int) error {
	if gone == 0 {
		return nil
	}
	if err := e.count(len(e.splices), t.at, document.Array, n, -gone); err != nil {
		return err
	}
	e.splices = append(e.splices, pieces...)
	return nil
}

// elementsOf returns the elements of the array v and, one longer, the offsets
// where each starts when the array starts at offset at.
func elementsOf(v document.Value, at int) ([]document.Value, []int, error) {
	n := v.Len()
	values, starts := make([]document.Value, 0, min(n, len(v.Raw()))), make([]int, 0, min(n, len(v.Raw()))+1)
	from := at + document.HeadSize(n)
	starts = append(starts, from)
	elements := v.Elements()
	for elements.Next() {
		from += len(elements.Value().Raw())
		values, starts = append(values, elements.Value()), append(starts, from)
	}
	if err := elements.Err(); err != nil {
		return nil, nil, err
	}
	if from != at+len(v.Raw()) {
		return nil, nil, fmt.Errorf("array is not in canonical form: %w", fault.ErrCorrupt)
	}
	return values, starts, nil
}

// arrayOf returns the array of values.
func arrayOf(values []document.Value) (document.Value, error) {
	size := document.HeadSize(len(values))
	for _, v := range values {
		size += len(v.Raw())
	}
	if size > document.MaxSize {
		return document.Value{}, fmt.Errorf("array of %d bytes: %w", size, fault.ErrTooLarge)
	}
	raw := document.AppendHead(make([]byte, 0, size), document.Array, len(values))
	return document.FromRaw(joined(raw, values)).Value(), nil
}
