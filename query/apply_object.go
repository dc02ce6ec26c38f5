package query

import (
	"fmt"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// object applies the paths below b to the object v at offset at.
func (e *edit) object(b *branch, at int, v document.Value, inArray bool) error {
	if b.array {
		return e.blocked(b, v)
	}
	n, first, delta := v.Len(), len(e.splices), 0
	var found marks
	left := len(b.children)
	from := at + document.HeadSize(n)
	fields := v.Fields()
	for left > 0 && fields.Next() {
		value := fields.Value()
		start := from + keySize(len(fields.Key()))
		end := start + len(value.Raw())
		if i := find(b, fields.Key()); i >= 0 && found.add(i) {
			left--
			gone, err := e.revise(b.children[i], target{value: value, from: from, at: start, to: end, inArray: inArray})
			if err != nil {
				return err
			}
			if gone {
				delta--
			}
		}
		from = end
	}
	if err := fields.Err(); err != nil {
		return err
	}
	if left > 0 {
		if from != at+len(v.Raw()) {
			return fmt.Errorf("object is not in canonical form: %w", fault.ErrCorrupt)
		}
		added, err := e.addMissing(b, &found, from, inArray)
		if err != nil {
			return err
		}
		delta += added
	}
	return e.count(first, at, document.Object, n, delta)
}

// addMissing adds the fields below b that were not found at the end of their
// object, and returns how many they are.
func (e *edit) addMissing(b *branch, found *marks, end int, inArray bool) (int, error) {
	var fields []byte
	added := 0
	for i, c := range b.children {
		if found.has(i) {
			continue
		}
		var ok bool
		var err error
		if fields, ok, err = e.appendField(fields, c, inArray); err != nil {
			return 0, err
		}
		if ok {
			added++
		}
	}
	if added == 0 {
		return 0, nil
	}
	return added, e.replace(end, end, fields)
}

// revise applies b to what is there, and reports whether a field has gone.
func (e *edit) revise(b *branch, t target) (gone bool, err error) {
	if b.op == nil {
		return false, e.descend(b, t.at, t.value, t.inArray)
	}
	gone, err = b.op.revise(e, t)
	return gone, fault.At(b.path, err)
}

// appendField appends the field b with the value its operators give to a missing
// field, and reports whether they give one.
func (e *edit) appendField(dst []byte, b *branch, inArray bool) ([]byte, bool, error) {
	start := len(dst)
	dst, ok, err := e.appendFresh(append(dst, b.key...), b, inArray)
	if err != nil || !ok {
		return dst[:start], false, err
	}
	return dst, true, nil
}

// appendFresh appends the value that the operators at and below b give where
// nothing is there, and reports whether they give one. Below a missing field every
// segment is the name of a field, also a number.
func (e *edit) appendFresh(dst []byte, b *branch, inArray bool) ([]byte, bool, error) {
	if b.op != nil {
		v, err := b.op.fresh(e, inArray)
		return append(dst, v.Raw()...), v.Exists(), fault.At(b.path, err)
	}
	if b.array {
		return dst, false, invalidAt(b.path, "the path must lead to an array for an update of its elements, nothing is there")
	}
	start, n := len(dst), 0
	for _, c := range b.children {
		var ok bool
		var err error
		if dst, ok, err = e.appendField(dst, c, inArray); err != nil {
			return dst, false, err
		}
		if ok {
			n++
		}
	}
	if n == 0 {
		return dst, false, nil
	}
	return slices.Insert(dst, start, document.AppendHead(nil, document.Object, n)...), true, nil
}

// marks is a set of small numbers.
type marks struct {
	low  uint64
	high []uint64
}

// add puts i in the set and reports whether it is new.
func (m *marks) add(i int) bool {
	if m.has(i) {
		return false
	}
	if i < 64 {
		m.low |= 1 << i
		return true
	}
	for i/64 > len(m.high) {
		m.high = append(m.high, 0)
	}
	m.high[i/64-1] |= 1 << (i % 64)
	return true
}

func (m *marks) has(i int) bool {
	if i < 64 {
		return m.low>>i&1 != 0
	}
	return i/64 <= len(m.high) && m.high[i/64-1]>>(i%64)&1 != 0
}
