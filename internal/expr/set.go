package expr

import "github.com/virgadb/virga/document"

// sets holds the operators that take arrays as sets. Results are in the order in
// which members first came.
var sets = table{
	"$setUnion":        {max: many, fn: setUnion},
	"$setIntersection": {max: many, fn: setIntersection},
	"$setDifference":   {min: 2, max: 2, fn: setDifference},
	"$setEquals":       {min: 2, max: many, fn: setEquals},
	"$setIsSubset":     {min: 2, max: 2, fn: setIsSubset},
	"$allElementsTrue": {min: 1, max: 1, fn: elementsTrue(true)},
	"$anyElementTrue":  {min: 1, max: 1, fn: elementsTrue(false)},
}

// include adds the elements of an array to d.
func (d *distinct) include(v document.Value) error {
	if err := array(v); err != nil {
		return err
	}
	elements := v.Elements()
	for elements.Next() {
		d.add(elements.Value())
	}
	return elements.Err()
}

func setUnion(e *Env, args []document.Value) (document.Value, error) {
	var d distinct
	for _, a := range args {
		if nullish(a) {
			return null, nil
		}
		if err := d.include(a); err != nil {
			return missing, err
		}
	}
	return e.arrayOf(d.values)
}

func setIntersection(e *Env, args []document.Value) (document.Value, error) {
	var kept distinct
	for i, a := range args {
		if nullish(a) {
			return null, nil
		}
		var d distinct
		if err := d.include(a); err != nil {
			return missing, err
		}
		if i == 0 {
			kept = d
			continue
		}
		var both distinct
		for _, v := range kept.values {
			if d.find(v) >= 0 {
				both.add(v)
			}
		}
		kept = both
	}
	return e.arrayOf(kept.values)
}

func setDifference(e *Env, args []document.Value) (document.Value, error) {
	if nullish(args[0]) || nullish(args[1]) {
		return null, nil
	}
	var all, less distinct
	if err := all.include(args[0]); err != nil {
		return missing, err
	}
	if err := less.include(args[1]); err != nil {
		return missing, err
	}
	left := all.values[:0]
	for _, v := range all.values {
		if less.find(v) < 0 {
			left = append(left, v)
		}
	}
	return e.arrayOf(left)
}

func setEquals(_ *Env, args []document.Value) (document.Value, error) {
	var first distinct
	equal := true
	for i, a := range args {
		if i == 0 {
			if err := first.include(a); err != nil {
				return missing, err
			}
			continue
		}
		var d distinct
		if err := d.include(a); err != nil {
			return missing, err
		}
		equal = equal && len(d.values) == len(first.values) && d.holds(first.values)
	}
	return boolean(equal), nil
}

// holds reports whether all of values are in d.
func (d *distinct) holds(values []document.Value) bool {
	for _, v := range values {
		if d.find(v) < 0 {
			return false
		}
	}
	return true
}

func setIsSubset(_ *Env, args []document.Value) (document.Value, error) {
	var part, all distinct
	if err := part.include(args[0]); err != nil {
		return missing, err
	}
	if err := all.include(args[1]); err != nil {
		return missing, err
	}
	return boolean(all.holds(part.values)), nil
}

// elementsTrue returns the function that asks whether all elements of an array
// count as true, or whether any does.
func elementsTrue(all bool) function {
	return func(_ *Env, args []document.Value) (document.Value, error) {
		if err := array(args[0]); err != nil {
			return missing, err
		}
		elements := args[0].Elements()
		for elements.Next() {
			if truth(elements.Value()) != all {
				return boolean(!all), nil
			}
		}
		return boolean(all), elements.Err()
	}
}
