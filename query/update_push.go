package query

import (
	"fmt"
	"math"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// A pusher is $push.
type pusher struct {
	values   []document.Value
	position int // where they are inserted; negative from the end, math.MaxInt to append
	order    func(a, b document.Value) int
	keep     int // elements kept, from the end when negative; math.MaxInt keeps all
}

func makePush(c *updateCompiler, path string, operand any) (operator, error) {
	p := &pusher{position: math.MaxInt, keep: math.MaxInt}
	fields, _ := pairsOf(operand)
	each, ok := fieldOf(fields, "$each")
	if !ok {
		v, err := c.value(path, operand, 1)
		p.values = []document.Value{v}
		return p, err
	}
	var err error
	if p.values, err = c.values(path, each); err != nil {
		return nil, fmt.Errorf("$each: %w", err)
	}
	for _, f := range fields {
		if err := p.option(f); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Key, err)
		}
	}
	return p, nil
}

// option takes one of the operands that stand beside $each.
func (p *pusher) option(f document.E) (err error) {
	switch f.Key {
	case "$each":
	case "$position":
		p.position, err = integerOf(f.Value)
	case "$slice":
		p.keep, err = integerOf(f.Value)
	case "$sort":
		p.order, err = elementOrder(f.Value)
	default:
		err = fmt.Errorf("no operand of $push: %w", fault.ErrInvalid)
	}
	return err
}

// integerOf returns the whole number that an operand is, in any form.
func integerOf(operand any) (int, error) {
	v, err := document.Of(operand)
	if err != nil {
		return 0, err
	}
	n, ok := v.Int64()
	if !ok {
		return 0, fmt.Errorf("needs a whole number, found %s: %w", brief(v), fault.ErrInvalid)
	}
	return int(max(min(n, math.MaxInt32), math.MinInt32)), nil
}

// elementOrder compiles $sort: 1 or -1 for elements as a whole, or their fields.
// Elements without a field count as null there.
func elementOrder(operand any) (func(a, b document.Value) int, error) {
	if _, ok := pairsOf(operand); !ok {
		desc, err := direction(operand)
		if desc {
			return func(a, b document.Value) int { return document.Compare(b, a) }, err
		}
		return document.Compare, err
	}
	s, err := CompileSort(operand)
	if err == nil && len(s.Fields) == 0 {
		err = fmt.Errorf("names no field: %w", fault.ErrInvalid)
	}
	if err != nil {
		return nil, err
	}
	return func(a, b document.Value) int {
		for _, f := range s.Fields {
			c := document.Compare(orNull(f.Path.Lookup(a)), orNull(f.Path.Lookup(b)))
			if f.Desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	}, nil
}

func (p *pusher) revise(e *edit, t target) (bool, error) {
	if err := needArray("$push", t.value); err != nil {
		return false, err
	}
	if p.order == nil && p.keep == math.MaxInt && p.position == math.MaxInt {
		return false, e.splice(t, t.to, p.values)
	}
	values, starts, err := elementsOf(t.value, t.at)
	if err != nil {
		return false, err
	}
	if p.order == nil && p.keep == math.MaxInt {
		return false, e.splice(t, starts[p.place(len(values))], p.values)
	}
	v, err := p.arrange(values)
	if err != nil {
		return false, err
	}
	return e.set(t, v)
}

func (p *pusher) fresh(*edit, bool) (document.Value, error) { return p.arrange(nil) }
func (p *pusher) tolerant(*edit) bool                       { return false }

// place returns the index at which values are inserted among n elements.
func (p *pusher) place(n int) int {
	if p.position < 0 {
		return max(n+p.position, 0)
	}
	return min(p.position, n)
}

// arrange returns the array after all steps: insert, sort, slice.
func (p *pusher) arrange(values []document.Value) (document.Value, error) {
	values = slices.Insert(values, p.place(len(values)), p.values...)
	if p.order != nil {
		slices.SortStableFunc(values, p.order)
	}
	switch n := len(values); {
	case p.keep >= 0:
		values = values[:min(p.keep, n)]
	case -p.keep < n:
		values = values[n+p.keep:]
	}
	return arrayOf(values)
}
