package query

import (
	"fmt"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// A projecting is the work of a projection on one document. It belongs to one
// goroutine.
type projecting struct {
	doc    document.Doc
	filter *Filter
	p      *Projection
	nested int // arrays around the value that are elements of arrays
}

// object appends the object of the fields of v that s chooses. depth counts the
// objects and arrays around it, itself included.
func (w *projecting) object(dst []byte, s *selection, v document.Value, depth int) ([]byte, error) {
	if w.p.exclusive {
		return w.rest(dst, s, v, depth)
	}
	start, n := len(dst), 0
	dst = append(dst, 0) // a head of one byte, the commonest
	fields := v.Fields()
	for left := len(s.children); left > 0 && fields.Next(); {
		c := s.find(fields.Key())
		if c == nil {
			continue
		}
		left--
		var ok bool
		var err error
		if dst, ok, err = w.field(dst, c, fields.Key(), fields.Value(), depth); err != nil {
			return nil, err
		}
		if ok {
			n++
		}
	}
	return setHead(dst, start, document.Object, n), fields.Err()
}

// rest appends the object of the fields of v that s leaves. Stretches of fields
// that are not named are copied as they are.
func (w *projecting) rest(dst []byte, s *selection, v document.Value, depth int) ([]byte, error) {
	start, n := len(dst), 0
	dst = append(dst, 0)
	raw, at := v.Raw(), document.HeadSize(v.Len())
	copied := at
	fields := v.Fields()
	for fields.Next() {
		from := at
		at += keySize(len(fields.Key())) + len(fields.Value().Raw())
		ok := true
		if c := s.find(fields.Key()); c != nil {
			var err error
			dst = append(dst, raw[copied:from]...)
			copied = at
			if dst, ok, err = w.field(dst, c, fields.Key(), fields.Value(), depth); err != nil {
				return nil, err
			}
		}
		if ok {
			n++
		}
	}
	if err := fields.Err(); err != nil {
		return nil, err
	}
	if at != len(raw) {
		return nil, fmt.Errorf("object is not in canonical form: %w", fault.ErrCorrupt)
	}
	return setHead(append(dst, raw[copied:]...), start, document.Object, n), nil
}

// field appends a field as s, the selection of its name, has it, and reports
// whether it is to be returned.
func (w *projecting) field(dst []byte, s *selection, key []byte, v document.Value, depth int) ([]byte, bool, error) {
	if s.choice == excluded {
		return dst, false, nil
	}
	out, ok, err := w.chosen(document.AppendText(dst, key), s, v, depth)
	if err != nil || !ok {
		return dst, false, err
	}
	return out, true, nil
}

// chosen appends what s has of the value of its field, and reports whether the
// field is to be returned.
func (w *projecting) chosen(dst []byte, s *selection, v document.Value, depth int) ([]byte, bool, error) {
	switch s.choice {
	case included:
		return append(dst, v.Raw()...), true, nil
	case sliced:
		if w.nested > 0 {
			return append(dst, v.Raw()...), true, nil
		}
		return s.appendSlice(dst, v)
	case first:
		return s.appendFirst(dst, v)
	case located:
		return w.appendLocated(dst, v)
	}
	return w.value(dst, s, v, depth+1)
}

// value appends what the children of s choose of v, and reports whether v is to be
// returned at all.
func (w *projecting) value(dst []byte, s *selection, v document.Value, depth int) ([]byte, bool, error) {
	if depth > document.MaxDepth {
		return dst, false, fmt.Errorf("document of more than %d levels: %w", document.MaxDepth, fault.ErrCorrupt)
	}
	switch v.Kind() {
	case document.Object:
		dst, err := w.object(dst, s, v, depth)
		return dst, true, err
	case document.Array:
		dst, err := w.array(dst, s, v, depth)
		return dst, true, err
	}
	return append(dst, v.Raw()...), w.p.exclusive, nil
}

// array appends the array of what the children of s choose of the elements of v.
func (w *projecting) array(dst []byte, s *selection, v document.Value, depth int) ([]byte, error) {
	start, n := len(dst), 0
	dst = append(dst, 0)
	elements := v.Elements()
	for elements.Next() {
		mark := len(dst)
		var ok bool
		var err error
		if dst, ok, err = w.element(dst, s, elements.Value(), depth+1); err != nil {
			return nil, err
		}
		if !ok {
			dst = dst[:mark]
			continue
		}
		n++
	}
	return setHead(dst, start, document.Array, n), elements.Err()
}

// element appends what the children of s choose of v, an element of an array.
func (w *projecting) element(dst []byte, s *selection, v document.Value, depth int) ([]byte, bool, error) {
	if v.Kind() == document.Array {
		w.nested++
		defer func() { w.nested-- }()
	}
	return w.value(dst, s, v, depth)
}

// appendSlice appends the elements that s takes of an array, or v when it is none.
func (s *selection) appendSlice(dst []byte, v document.Value) ([]byte, bool, error) {
	if v.Kind() != document.Array {
		return append(dst, v.Raw()...), true, nil
	}
	from := min(s.skip, v.Len())
	if s.skip < 0 {
		from = max(v.Len()+s.skip, 0)
	}
	n := min(s.take, v.Len()-from)
	dst = document.AppendHead(dst, document.Array, n)
	elements := v.Elements()
	for i := 0; i < from+n && elements.Next(); i++ {
		if i >= from {
			dst = append(dst, elements.Value().Raw()...)
		}
	}
	return dst, true, elements.Err()
}

// appendFirst appends the array of the first element that the condition of s holds for.
func (s *selection) appendFirst(dst []byte, v document.Value) ([]byte, bool, error) {
	elements := v.Elements()
	for elements.Next() {
		ok, err := s.elem.match(elements.Value())
		if err != nil {
			return dst, false, err
		}
		if ok {
			return append(document.AppendHead(dst, document.Array, 1), elements.Value().Raw()...), true, nil
		}
	}
	return dst, false, elements.Err()
}

// appendLocated appends the array of the element that satisfied the filter, or v
// when it is no array.
func (w *projecting) appendLocated(dst []byte, v document.Value) ([]byte, bool, error) {
	if v.Kind() != document.Array {
		return append(dst, v.Raw()...), true, nil
	}
	if w.filter != nil {
		if i, ok := w.filter.Position(w.doc, w.p.positional); ok && v.Element(i).Exists() {
			return append(document.AppendHead(dst, document.Array, 1), v.Element(i).Raw()...), true, nil
		}
	}
	path := w.p.positional + ".$"
	return dst, false, invalidAt(path, "projection: the filter has no condition that found an element of %s", w.p.positional)
}

// setHead writes the head of the container whose room of one byte is at dst[at].
func setHead(dst []byte, at int, k document.Kind, n int) []byte {
	if n < 16 {
		document.AppendHead(dst[:at], k, n)
		return dst
	}
	return slices.Replace(dst, at, at+1, document.AppendHead(nil, k, n)...)
}
