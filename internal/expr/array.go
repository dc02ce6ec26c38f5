package expr

import (
	"slices"

	"github.com/virgadb/virga/document"
)

// arrays holds the operators on arrays that evaluate each operand once.
var arrays = table{
	"$arrayElemAt":  {min: 2, max: 2, fn: elementAt},
	"$first":        {min: 1, max: 1, fn: endOf(0)},
	"$last":         {min: 1, max: 1, fn: endOf(-1)},
	"$concatArrays": {max: many, fn: concatArrays},
	"$in":           {min: 2, max: 2, fn: in},
	"$indexOfArray": {min: 2, max: 4, fn: indexOfArray},
	"$isArray": {min: 1, max: 1, fn: func(_ *Env, args []document.Value) (document.Value, error) {
		return boolean(args[0].Kind() == document.Array), nil
	}},
	"$range":        {min: 2, max: 3, fn: rangeOf},
	"$reverseArray": {min: 1, max: 1, fn: reverseArray},
	"$size":         {min: 1, max: 1, fn: size},
	"$slice":        {min: 2, max: 3, fn: slice},
	"$zip":          {params: []string{"inputs", "useLongestLength?", "defaults?"}, build: buildZip},
	"$sortArray":    {build: buildSortArray},
	"$firstN":       {params: []string{"input", "n"}, fn: firstN},
	"$lastN":        {params: []string{"input", "n"}, fn: lastN},
}

// array returns v's length, given that it is an array.
func array(v document.Value) error {
	if v.Kind() != document.Array {
		return needs("an array", v)
	}
	return nil
}

func elementAt(_ *Env, args []document.Value) (document.Value, error) {
	if nullish(args[0]) || nullish(args[1]) {
		return null, nil
	}
	if err := array(args[0]); err != nil {
		return missing, err
	}
	i, ok := integer32(args[1])
	if !ok {
		return missing, invalid("needs a whole number as index")
	}
	return at(args[0], i), nil
}

// at returns element i of an array, counted from its end when i is negative;
// missing where there is none.
func at(array document.Value, i int) document.Value {
	if i < 0 {
		i += array.Len()
	}
	return array.Element(i)
}

func endOf(i int) function {
	return func(_ *Env, args []document.Value) (document.Value, error) {
		if nullish(args[0]) {
			return null, nil
		}
		return at(args[0], i), array(args[0])
	}
}

func concatArrays(e *Env, args []document.Value) (document.Value, error) {
	b := e.open()
	b.BeginArray()
	for _, a := range args {
		if nullish(a) {
			return null, nil
		}
		if err := array(a); err != nil {
			return missing, err
		}
		elements := a.Elements()
		for elements.Next() {
			b.Value(elements.Value())
		}
		if err := elements.Err(); err != nil {
			return missing, err
		}
		if err := fits(b); err != nil {
			return missing, err
		}
	}
	b.End()
	return e.close(b)
}

func in(_ *Env, args []document.Value) (document.Value, error) {
	if err := array(args[1]); err != nil {
		return missing, err
	}
	i, err := indexOf(args[1], args[0], 0, args[1].Len())
	return boolean(i >= 0), err
}

// indexOf returns the index of the first element of an array equal to v, from
// start on and before end, or -1.
func indexOf(array, v document.Value, start, end int) (int, error) {
	elements := array.Elements()
	for i := 0; i < end && elements.Next(); i++ {
		if i >= start && document.Equal(elements.Value(), v) {
			return i, nil
		}
	}
	return -1, elements.Err()
}

func indexOfArray(e *Env, args []document.Value) (document.Value, error) {
	if nullish(args[0]) {
		return null, nil
	}
	if err := array(args[0]); err != nil {
		return missing, err
	}
	start, end, err := bounds(args[2:], args[0].Len())
	if err != nil {
		return missing, err
	}
	i, err := indexOf(args[0], args[1], start, end)
	return e.integer(int64(i)), err
}

// bounds returns the start and end that an operand may be given, within n.
func bounds(args []document.Value, n int) (start, end int, err error) {
	bound := [2]int{0, n}
	for i, v := range args {
		k, ok := integral(v)
		if !ok || k < 0 {
			return 0, 0, invalid("needs whole numbers that are not negative as bounds")
		}
		bound[i] = int(min(k, int64(n)+1))
	}
	return bound[0], min(bound[1], n), nil
}

func rangeOf(e *Env, args []document.Value) (document.Value, error) {
	var n [3]int
	n[2] = 1
	for i, v := range args {
		k, ok := integer32(v)
		if !ok {
			return missing, invalid("needs whole numbers of 32 bits, found %s", v.Kind())
		}
		n[i] = k
	}
	start, end, step := n[0], n[1], n[2]
	if step == 0 {
		return missing, invalid("needs a step other than 0")
	}
	b := e.open()
	b.BeginArray()
	for i := start; step > 0 && i < end || step < 0 && i > end; i += step {
		b.Value(e.integer(int64(i)))
		if len(b.Bytes()) > document.MaxSize {
			return missing, errTooLarge
		}
		if err := e.turn(); err != nil {
			return missing, err
		}
	}
	b.End()
	return e.close(b)
}

func reverseArray(e *Env, args []document.Value) (document.Value, error) {
	if nullish(args[0]) {
		return null, nil
	}
	values, err := list(args[0])
	if err != nil {
		return missing, err
	}
	slices.Reverse(values)
	return e.arrayOf(values)
}

// list returns the elements of an array.
func list(v document.Value) ([]document.Value, error) {
	if err := array(v); err != nil {
		return nil, err
	}
	values := make([]document.Value, 0, min(v.Len(), len(v.Raw())))
	elements := v.Elements()
	for elements.Next() {
		values = append(values, elements.Value())
	}
	return values, elements.Err()
}

// arrayOf returns the array of values.
func (e *Env) arrayOf(values []document.Value) (document.Value, error) {
	b := e.open()
	b.BeginArray()
	for _, v := range values {
		b.Value(v)
		if err := fits(b); err != nil {
			return missing, err
		}
	}
	b.End()
	return e.close(b)
}

func size(e *Env, args []document.Value) (document.Value, error) {
	return e.integer(int64(args[0].Len())), array(args[0])
}

func slice(e *Env, args []document.Value) (document.Value, error) {
	for _, v := range args {
		if nullish(v) {
			return null, nil
		}
	}
	if err := array(args[0]); err != nil {
		return missing, err
	}
	n := args[0].Len()
	first, ok := integer32(args[1])
	count := first
	if len(args) == 3 && ok {
		count, ok = integer32(args[2])
	}
	switch {
	case !ok:
		return missing, invalid("needs whole numbers")
	case len(args) == 3 && count <= 0:
		return missing, invalid("needs a positive number of elements")
	case len(args) == 3 && first < 0:
		return e.sliceOf(args[0], max(0, n+first), count)
	case len(args) == 3:
		return e.sliceOf(args[0], first, count)
	case count < 0:
		return e.sliceOf(args[0], max(0, n+count), -count)
	}
	return e.sliceOf(args[0], 0, count)
}

// sliceOf returns up to n elements of an array, from element first on.
func (e *Env) sliceOf(array document.Value, first, n int) (document.Value, error) {
	b := e.open()
	b.BeginArray()
	elements := array.Elements()
	for i := 0; i-first < n && elements.Next(); i++ {
		if i >= first {
			b.Value(elements.Value())
		}
	}
	b.End()
	if err := elements.Err(); err != nil {
		return missing, err
	}
	return e.close(b)
}

func firstN(e *Env, args []document.Value) (document.Value, error) {
	n, err := howMany(args)
	if err != nil {
		return missing, err
	}
	return e.sliceOf(args[0], 0, n)
}

func lastN(e *Env, args []document.Value) (document.Value, error) {
	n, err := howMany(args)
	if err != nil {
		return missing, err
	}
	return e.sliceOf(args[0], max(0, args[0].Len()-n), n)
}

// howMany returns the n of an operator that takes an array and n.
func howMany(args []document.Value) (int, error) {
	n, err := positiveInteger(args[1])
	if err != nil {
		return 0, err
	}
	return n, array(args[0])
}

func positiveInteger(v document.Value) (int, error) {
	n, ok := integral(v)
	if !ok || n <= 0 {
		return 0, invalid("needs a positive whole number as n")
	}
	return int(n), nil
}
