package virga

import (
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// errUpdate is what the model answers to an update that a document cannot take.
var errUpdate = errors.New("the document cannot take this update")

// updated returns what an update in MongoDB's form makes of a document.
func updated(doc D, update D) (D, error) {
	next := clone(doc).(D)
	for _, group := range update {
		for _, f := range group.Value.(D) {
			if err := updateField(&next, group.Key, f.Key, f.Value); err != nil {
				return nil, err
			}
		}
	}
	return next, nil
}

func updateField(doc *D, op, path string, operand any) error {
	if op == "$rename" {
		rename(doc, path, operand.(string))
		return nil
	}
	segments := strings.Split(path, ".")
	if op == "$unset" {
		*doc = unset(*doc, segments).(D)
		return nil
	}
	old, err := locate(*doc, segments)
	if err != nil {
		return err
	}
	v, err := revise(op, old, operand)
	if err != nil || v == (absent{}) {
		return err
	}
	put(doc, segments, v)
	return nil
}

// rename moves a field of the document itself.
func rename(doc *D, from, to string) {
	if v := get(*doc, from); v != (absent{}) {
		*doc = unset(*doc, []string{from}).(D)
		put(doc, []string{to}, v)
	}
}

// locate returns the value at a path that can be written to.
func locate(v any, path []string) (any, error) {
	if len(path) == 0 {
		return v, nil
	}
	switch x := v.(type) {
	case absent:
		return v, nil
	case D:
		return locate(get(x, path[0]), path[1:])
	case []any:
		i, err := strconv.Atoi(path[0])
		switch {
		case err != nil:
			return nil, errUpdate
		case i >= len(x):
			return absent{}, nil
		}
		return locate(x[i], path[1:])
	}
	return nil, errUpdate
}

// put sets the value at a path that locate has been to.
func put(d *D, path []string, v any) {
	for i := range *d {
		if (*d)[i].Key == path[0] {
			(*d)[i].Value = putInto((*d)[i].Value, path[1:], v)
			return
		}
	}
	*d = append(*d, E{Key: path[0], Value: putInto(absent{}, path[1:], v)})
}

func putInto(at any, path []string, v any) any {
	if len(path) == 0 {
		return clone(v)
	}
	switch x := at.(type) {
	case absent:
		d := D{}
		put(&d, path, v)
		return d
	case D:
		put(&x, path, v)
		return x
	case []any:
		i, _ := strconv.Atoi(path[0])
		if i < len(x) {
			x[i] = putInto(x[i], path[1:], v)
			return x
		}
		for len(x) < i {
			x = append(x, nil)
		}
		return append(x, putInto(absent{}, path[1:], v))
	}
	panic("locate has not been here")
}

// unset returns v without the value at a path; an element of an array becomes
// null. What the path does not reach stays as it is.
func unset(v any, path []string) any {
	switch x := v.(type) {
	case D:
		i := slices.IndexFunc(x, func(e E) bool { return e.Key == path[0] })
		switch {
		case i < 0:
		case len(path) == 1:
			return slices.Delete(x, i, i+1)
		default:
			x[i].Value = unset(x[i].Value, path[1:])
		}
	case []any:
		i, err := strconv.Atoi(path[0])
		switch {
		case err != nil || i >= len(x):
		case len(path) == 1:
			x[i] = nil
		default:
			x[i] = unset(x[i], path[1:])
		}
	}
	return v
}

// revise returns what an operator makes of a value, absent for no change to a
// field that is not there.
func revise(op string, old, operand any) (any, error) {
	missing := old == absent{}
	switch op {
	case "$set":
		return operand, nil
	case "$inc", "$mul":
		return arithmetic(op, old, operand)
	case "$min", "$max":
		if missing || op == "$min" && order(operand, old) < 0 || op == "$max" && order(operand, old) > 0 {
			return operand, nil
		}
		return old, nil
	}
	list, isArray := old.([]any)
	if !missing && !isArray {
		return nil, errUpdate
	}
	switch op {
	case "$push":
		return push(list, operand), nil
	case "$addToSet":
		return addToSet(list, operand), nil
	}
	if missing {
		return old, nil
	}
	switch op {
	case "$pop":
		if len(list) == 0 {
			return list, nil
		}
		if operand.(int64) < 0 {
			return list[1:], nil
		}
		return list[:len(list)-1], nil
	case "$pull":
		return slices.DeleteFunc(list, func(e any) bool { return pulls(operand, e) }), nil
	}
	panic("the model knows no " + op)
}

func arithmetic(op string, old, operand any) (any, error) {
	if old == (absent{}) {
		if op == "$inc" {
			return operand, nil
		}
		if _, ok := operand.(int64); ok {
			return int64(0), nil
		}
		return 0.0, nil
	}
	if kindOf(old) != 2 {
		return nil, errUpdate
	}
	a, aInt := old.(int64)
	b, bInt := operand.(int64)
	if !aInt || !bInt {
		x, y := rounded(old), rounded(operand)
		if op == "$inc" {
			return x + y, nil
		}
		return x * y, nil
	}
	result := new(big.Int)
	if op == "$inc" {
		result.Add(big.NewInt(a), big.NewInt(b))
	} else {
		result.Mul(big.NewInt(a), big.NewInt(b))
	}
	if !result.IsInt64() {
		return nil, errUpdate
	}
	return result.Int64(), nil
}

// rounded returns a number as a float.
func rounded(v any) float64 {
	if f, ok := v.(float64); ok {
		return f
	}
	return float64(v.(int64))
}

// push adds to a list: at a place, then in order, then cut.
func push(list []any, operand any) []any {
	d, ok := operators(operand)
	if !ok {
		return append(list, operand)
	}
	at := len(list)
	if p, ok := get(d, "$position").(int64); ok {
		if p < 0 {
			p = max(0, int64(len(list))+p)
		}
		at = min(int(p), len(list))
	}
	list = slices.Insert(list, at, get(d, "$each").([]any)...)
	switch by := get(d, "$sort").(type) {
	case int64:
		slices.SortStableFunc(list, func(a, b any) int { return int(by) * order(a, b) })
	case D:
		slices.SortStableFunc(list, func(a, b any) int {
			dir := by[0].Value.(int64)
			return int(dir) * order(sortField(a, by[0].Key), sortField(b, by[0].Key))
		})
	}
	if n, ok := get(d, "$slice").(int64); ok {
		if n >= 0 {
			return list[:min(int(n), len(list))]
		}
		return list[max(0, len(list)+int(n)):]
	}
	return list
}

func sortField(e any, name string) any {
	d, _ := e.(D)
	if v := get(d, name); v != (absent{}) {
		return v
	}
	return nil
}

func addToSet(list []any, operand any) []any {
	add := []any{operand}
	if d, ok := operators(operand); ok {
		add = get(d, "$each").([]any)
	}
	for _, v := range add {
		if !slices.ContainsFunc(list, func(e any) bool { return equal(e, v) }) {
			list = append(list, v)
		}
	}
	if list == nil {
		return []any{}
	}
	return list
}

// pulls reports whether $pull removes an element. Operators ask of an array what they
// would of a field that holds it; a condition on fields is one on objects, and an array
// does not count as one here.
func pulls(operand, e any) bool {
	d, ok := operand.(D)
	if !ok {
		return equal(e, operand)
	}
	if _, ok := operators(d); ok {
		return meetsCondition(d, []spot{{e, true}})
	}
	_, ok = e.(D)
	return ok && meets(d, e)
}
