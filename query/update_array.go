package query

import (
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// needArray refuses a target of name that is no array.
func needArray(name string, v document.Value) error {
	if v.Kind() == document.Array {
		return nil
	}
	return fmt.Errorf("%s: needs an array, found %s: %w", name, v.Kind(), fault.ErrInvalid)
}

// A popper is $pop.
type popper struct{ first bool }

func makePop(_ *updateCompiler, _ string, operand any) (operator, error) {
	v, err := document.Of(operand)
	if err != nil {
		return nil, err
	}
	switch n, _ := v.Int64(); n {
	case 1:
		return popper{}, nil
	case -1:
		return popper{first: true}, nil
	}
	return nil, fmt.Errorf("needs 1 or -1, found %s: %w", brief(v), fault.ErrInvalid)
}

func (p popper) revise(e *edit, t target) (bool, error) {
	if err := needArray("$pop", t.value); err != nil {
		return false, err
	}
	_, starts, err := elementsOf(t.value, t.at)
	n := len(starts) - 1
	if err != nil || n == 0 {
		return false, err
	}
	from, to := starts[n-1], starts[n]
	if p.first {
		from, to = starts[0], starts[1]
	}
	return false, e.cut(t, n, []splice{{from: from, to: to}}, 1)
}

func (popper) fresh(*edit, bool) (document.Value, error) { return document.Value{}, nil }
func (popper) tolerant(*edit) bool                       { return false }

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

// A puller is $pull or $pullAll: it removes the elements that meet a condition.
type puller struct {
	name  string
	meets func(v document.Value) (bool, error)
}

func makePull(c *updateCompiler, _ string, operand any) (operator, error) {
	condition, err := compileElement(operand, c.now)
	if err != nil {
		return nil, err
	}
	return puller{"$pull", condition.match}, nil
}

func makePullAll(c *updateCompiler, path string, operand any) (operator, error) {
	values, err := c.values(path, operand)
	return puller{"$pullAll", func(v document.Value) (bool, error) { return contains(values, v), nil }}, err
}

// contains reports whether one of values equals v.
func contains(values []document.Value, v document.Value) bool {
	for _, x := range values {
		if document.Equal(x, v) {
			return true
		}
	}
	return false
}

func (p puller) revise(e *edit, t target) (bool, error) {
	if err := needArray(p.name, t.value); err != nil {
		return false, err
	}
	var pieces []splice
	n, gone, from := t.value.Len(), 0, t.at+headSize(t.value.Len())
	elements := t.value.Elements()
	for elements.Next() {
		v := elements.Value()
		to := from + len(v.Raw())
		ok, err := p.meets(v)
		switch {
		case err != nil:
			return false, err
		case ok && len(pieces) > 0 && pieces[len(pieces)-1].to == from:
			pieces[len(pieces)-1].to = to
			gone++
		case ok:
			pieces = append(pieces, splice{from: from, to: to})
			gone++
		}
		from = to
	}
	if err := elements.Err(); err != nil {
		return false, err
	}
	return false, e.cut(t, n, pieces, gone)
}

func (puller) fresh(*edit, bool) (document.Value, error) { return document.Value{}, nil }
func (puller) tolerant(*edit) bool                       { return false }

// An adder is $addToSet.
type adder struct{ values []document.Value }

func makeAddToSet(c *updateCompiler, path string, operand any) (operator, error) {
	if fields, ok := pairsOf(operand); ok {
		if each, ok := fieldOf(fields, "$each"); ok {
			if len(fields) > 1 {
				return nil, fmt.Errorf("$each stands alone: %w", fault.ErrInvalid)
			}
			values, err := c.values(path, each)
			return adder{values}, err
		}
	}
	v, err := c.value(path, operand, 1)
	return adder{[]document.Value{v}}, err
}

// fieldOf returns the field called name of an object operand.
func fieldOf(fields []document.E, name string) (any, bool) {
	for _, f := range fields {
		if f.Key == name {
			return f.Value, true
		}
	}
	return nil, false
}

func (a adder) revise(e *edit, t target) (bool, error) {
	if err := needArray("$addToSet", t.value); err != nil {
		return false, err
	}
	there := make([]bool, len(a.values))
	elements := t.value.Elements()
	for elements.Next() {
		for i, v := range a.values {
			there[i] = there[i] || document.Equal(v, elements.Value())
		}
	}
	if err := elements.Err(); err != nil {
		return false, err
	}
	var added []document.Value
	for i, v := range a.values {
		if !there[i] && !contains(added, v) {
			added = append(added, v)
		}
	}
	return false, e.splice(t, t.to, added)
}

func (a adder) fresh(*edit, bool) (document.Value, error) {
	var added []document.Value
	for _, v := range a.values {
		if !contains(added, v) {
			added = append(added, v)
		}
	}
	return arrayOf(added)
}

func (adder) tolerant(*edit) bool { return false }

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

// arrayOf returns the array of values.
func arrayOf(values []document.Value) (document.Value, error) {
	size := headSize(len(values))
	for _, v := range values {
		size += len(v.Raw())
	}
	if size > document.MaxSize {
		return document.Value{}, fmt.Errorf("array of %d bytes: %w", size, fault.ErrTooLarge)
	}
	raw := appendHead(make([]byte, 0, size), document.Array, len(values))
	return document.FromRaw(joined(raw, values)).Value(), nil
}
