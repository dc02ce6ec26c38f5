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
	return fmt.Errorf("%s needs an array, found %s: %w", name, v.Kind(), fault.ErrInvalid)
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

// A puller is $pull or $pullAll: it removes the elements that meet a condition.
type puller struct {
	name  string
	meets func(v document.Value) (bool, error)
}

func makePull(c *updateCompiler, _ string, operand any) (operator, error) {
	condition, err := compileElement(operand, c.scope)
	if err != nil {
		return nil, err
	}
	return puller{"$pull", condition.match}, nil
}

func makePullAll(c *updateCompiler, path string, operand any) (operator, error) {
	values, err := c.values(path, operand)
	members := newSet(values, nil)
	return puller{"$pullAll", func(v document.Value) (bool, error) { return members.has(v), nil }}, err
}

func (p puller) revise(e *edit, t target) (bool, error) {
	if err := needArray(p.name, t.value); err != nil {
		return false, err
	}
	var pieces []splice
	n, gone, from := t.value.Len(), 0, t.at+document.HeadSize(t.value.Len())
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
