package query

import (
	"fmt"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// An adder is $addToSet.
type adder struct{ values []document.Value } // no two of them equal

func makeAddToSet(c *updateCompiler, path string, operand any) (operator, error) {
	if fields, ok := pairsOf(operand); ok {
		if each, ok := fieldOf(fields, "$each"); ok {
			if len(fields) > 1 {
				return nil, fmt.Errorf("$each stands alone: %w", fault.ErrInvalid)
			}
			values, err := c.values(path, each)
			return adder{distinct(values)}, err
		}
	}
	v, err := c.value(path, operand, 1)
	return adder{[]document.Value{v}}, err
}

// distinct returns values without those that equal an earlier one.
func distinct(values []document.Value) []document.Value {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return document.Compare(values[i], values[j]) })
	again := make([]bool, len(values))
	for k := 1; k < len(order); k++ {
		again[order[k]] = document.Equal(values[order[k]], values[order[k-1]])
	}
	var kept []document.Value
	for i, v := range values {
		if !again[i] {
			kept = append(kept, v)
		}
	}
	return kept
}

func (a adder) revise(e *edit, t target) (bool, error) {
	if err := needArray("$addToSet", t.value); err != nil {
		return false, err
	}
	missing, err := a.missingFrom(t.value)
	if err != nil {
		return false, err
	}
	return false, e.splice(t, t.to, missing)
}

// missingFrom returns the values that equal no element of array.
func (a adder) missingFrom(array document.Value) ([]document.Value, error) {
	has := make([]bool, len(a.values))
	var members []document.Value // of the array, collected when values are many
	elements := array.Elements()
	for elements.Next() {
		if len(a.values) > fewMembers {
			members = append(members, elements.Value())
			continue
		}
		for i, v := range a.values {
			has[i] = has[i] || document.Equal(v, elements.Value())
		}
	}
	if len(members) > 0 {
		there := newSet(members, nil)
		for i, v := range a.values {
			has[i] = there.has(v)
		}
	}
	var missing []document.Value
	for i, v := range a.values {
		if !has[i] {
			missing = append(missing, v)
		}
	}
	return missing, elements.Err()
}

func (a adder) fresh(*edit, bool) (document.Value, error) { return arrayOf(a.values) }
func (adder) tolerant(*edit) bool                         { return false }
