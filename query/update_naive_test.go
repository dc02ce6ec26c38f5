package query

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/virgadb/virga/document"
)

// The naive update applies operators in MongoDB's form one after another to
// decoded values, as decode returns them. It shares no code with the one on bytes.
// Paths must not conflict; "$" is not part of it.

var errNaive = errors.New("does not fit")

// A naiveChange returns the new value for an old one, absent{} for none.
type naiveChange func(old any) (any, error)

func naiveUpdate(doc document.D, update document.D) (document.D, error) {
	type change struct {
		op, path string
		operand  any
	}
	var changes []change
	for _, op := range update {
		for _, f := range op.Value.(document.D) {
			changes = append(changes, change{op.Key, f.Key, f.Value})
		}
	}
	// An array grows from its end: the element with the lower index comes first.
	slices.SortFunc(changes, func(a, b change) int {
		return strings.Compare(naiveTarget(a.path, a.operand, a.op), naiveTarget(b.path, b.operand, b.op))
	})
	var out any = doc
	for _, c := range changes {
		var err error
		if c.op == "$rename" {
			out, err = naiveRename(out, doc, c.path, c.operand.(string))
		} else {
			out, err = naiveApply(out, strings.Split(c.path, "."), c.op == "$unset", naiveOperator(c.op, c.operand))
		}
		if err != nil {
			return nil, err
		}
	}
	return out.(document.D), nil
}

// naiveTarget returns the path that a change writes to.
func naiveTarget(path string, operand any, op string) string {
	if op == "$rename" {
		return operand.(string)
	}
	return path
}

// naiveApply returns v with the value at path changed. A lenient change passes
// over places that cannot exist.
func naiveApply(v any, path []string, lenient bool, change naiveChange) (any, error) {
	if len(path) == 0 {
		return change(v)
	}
	switch x := v.(type) {
	case absent:
		return naiveCreate(path, change)
	case document.D:
		if path[0] != "$[]" {
			return naiveApplyField(x, path, lenient, change)
		}
	case []any:
		return naiveApplyArray(x, path, lenient, change)
	}
	if lenient && !slices.Contains(path, "$[]") {
		return v, nil
	}
	return nil, errNaive
}

func naiveCreate(path []string, change naiveChange) (any, error) {
	if slices.Contains(path, "$[]") {
		return nil, errNaive
	}
	v, err := change(absent{})
	for i := len(path) - 1; i >= 0 && v != any(absent{}); i-- {
		v = document.D{{Key: path[i], Value: v}}
	}
	return v, err
}

func naiveApplyField(d document.D, path []string, lenient bool, change naiveChange) (any, error) {
	d = slices.Clone(d)
	i := slices.IndexFunc(d, func(e document.E) bool { return e.Key == path[0] })
	old := any(absent{})
	if i >= 0 {
		old = d[i].Value
	}
	v, err := naiveApply(old, path[1:], lenient, change)
	switch {
	case err != nil:
		return nil, err
	case i < 0 && v == any(absent{}):
	case i < 0:
		d = append(d, document.E{Key: path[0], Value: v})
	case isAbsent(v):
		d = slices.Delete(d, i, i+1)
	default:
		d[i].Value = v
	}
	return d, nil
}

func isAbsent(v any) bool { _, ok := v.(absent); return ok }

func naiveApplyArray(list []any, path []string, lenient bool, change naiveChange) (any, error) {
	list = slices.Clone(list)
	index, err := strconv.Atoi(path[0])
	for i := range list {
		if path[0] != "$[]" && (err != nil || i != index) {
			continue
		}
		v, err := naiveApply(list[i], path[1:], lenient, change)
		if err != nil {
			return nil, err
		}
		if list[i] = v; isAbsent(v) {
			list[i] = nil
		}
	}
	switch {
	case path[0] == "$[]" || err == nil && index < len(list):
		return list, nil
	case err != nil && lenient && !slices.Contains(path, "$[]"):
		return list, nil
	case err != nil:
		return nil, errNaive
	}
	v, err := naiveApply(absent{}, path[1:], lenient, change)
	if err != nil || isAbsent(v) {
		return list, err
	}
	for len(list) < index {
		list = append(list, nil)
	}
	return append(list, v), nil
}

// naiveRename moves what original has at one path of v to another.
func naiveRename(v, original any, from, to string) (any, error) {
	moved, arrays := original, false
	for _, name := range strings.Split(from, ".") {
		next := any(absent{})
		switch x := moved.(type) {
		case absent:
		case document.D:
			next = naiveGet(x, name)
		case []any:
			arrays = true
			i, err := strconv.Atoi(name)
			if err != nil {
				return nil, errNaive
			}
			if i < len(x) {
				next = x[i]
			}
		default:
			return nil, errNaive
		}
		moved = next
	}
	if isAbsent(moved) {
		return v, nil
	}
	if arrays {
		return nil, errNaive
	}
	v, err := naiveApply(v, strings.Split(from, "."), true, func(any) (any, error) { return absent{}, nil })
	if err != nil {
		return nil, err
	}
	place := v
	for _, name := range strings.Split(to, ".") {
		switch x := place.(type) {
		case document.D:
			place = naiveGet(x, name)
		case []any:
			return nil, errNaive
		}
	}
	return naiveApply(v, strings.Split(to, "."), false, func(any) (any, error) { return moved, nil })
}

func naiveOperator(op string, operand any) naiveChange {
	switch op {
	case "$set":
		return func(any) (any, error) { return operand, nil }
	case "$unset":
		return func(any) (any, error) { return absent{}, nil }
	case "$min":
		return naiveExtremum(operand, -1)
	case "$max":
		return naiveExtremum(operand, 1)
	case "$inc":
		return func(old any) (any, error) { return naiveSum(old, operand) }
	case "$mul":
		return func(old any) (any, error) { return naiveProduct(old, operand) }
	case "$bit":
		return func(old any) (any, error) { return naiveBit(old, operand.(document.D)) }
	}
	return func(old any) (any, error) { return naiveArray(op, operand, old) }
}

func naiveExtremum(operand any, sign int) naiveChange {
	return func(old any) (any, error) {
		if isAbsent(old) || sign*naiveCompare(operand, old) > 0 {
			return operand, nil
		}
		return old, nil
	}
}

func naiveSum(old, n any) (any, error) {
	if isAbsent(old) {
		return n, nil
	}
	return naiveArithmetic(old, n, (*big.Int).Add, func(a, b float64) float64 { return a + b })
}

func naiveProduct(old, n any) (any, error) {
	if isAbsent(old) {
		if _, ok := n.(float64); ok {
			return 0.0, nil
		}
		return int64(0), nil
	}
	return naiveArithmetic(old, n, (*big.Int).Mul, func(a, b float64) float64 { return a * b })
}

func naiveArithmetic(a, b any, exact func(z, x, y *big.Int) *big.Int, float func(a, b float64) float64) (any, error) {
	i, iInt := a.(int64)
	j, jInt := b.(int64)
	if iInt && jInt {
		z := exact(new(big.Int), big.NewInt(i), big.NewInt(j))
		if !z.IsInt64() {
			return nil, errNaive
		}
		return z.Int64(), nil
	}
	x, ok := a.(float64)
	if iInt {
		x, ok = float64(i), true
	}
	y, _ := b.(float64)
	if jInt {
		y = float64(j)
	}
	if !ok {
		return nil, errNaive
	}
	return float(x, y), nil
}

func naiveBit(old any, steps document.D) (any, error) {
	n, ok := old.(int64)
	if !ok && !isAbsent(old) {
		return nil, errNaive
	}
	for _, s := range steps {
		switch k := s.Value.(int64); s.Key {
		case "and":
			n &= k
		case "or":
			n |= k
		default:
			n ^= k
		}
	}
	return n, nil
}

func naiveArray(op string, operand, old any) (any, error) {
	list, ok := old.([]any)
	grows := op == "$push" || op == "$addToSet"
	if isAbsent(old) && !grows {
		return absent{}, nil
	}
	if !ok && !isAbsent(old) {
		return nil, errNaive
	}
	list = slices.Clone(list)
	switch op {
	case "$push":
		return naivePush(list, operand), nil
	case "$addToSet":
		for _, v := range naiveEach(operand) {
			if !slices.ContainsFunc(list, func(e any) bool { return naiveCompare(e, v) == 0 }) {
				list = append(list, v)
			}
		}
	case "$pop":
		if len(list) > 0 && operand == any(int64(1)) {
			list = list[:len(list)-1]
		} else if len(list) > 0 {
			list = list[1:]
		}
	case "$pullAll":
		list = slices.DeleteFunc(list, func(e any) bool {
			return slices.ContainsFunc(operand.([]any), func(v any) bool { return naiveCompare(e, v) == 0 })
		})
	case "$pull":
		list = slices.DeleteFunc(list, func(e any) bool { return naivePulled(operand, e) })
	}
	return slices.Clip(append([]any{}, list...)), nil
}

func naivePulled(condition, e any) bool {
	cond, ok := condition.(document.D)
	if !ok {
		if re, ok := condition.(document.Regex); ok {
			return naiveOps(document.D{{Key: "$eq", Value: e}, {Key: "$regex", Value: re}}, []landing{{e, true}})
		}
		return naiveCompare(condition, e) == 0
	}
	if len(cond) > 0 && strings.HasPrefix(cond[0].Key, "$") && !isLogic(cond[0].Key) {
		return naiveOps(cond, []landing{{e, true}})
	}
	_, object := e.(document.D)
	return object && naiveMatch(cond, e)
}

// naiveEach returns the values of an operand with or without $each.
func naiveEach(operand any) []any {
	if d, ok := operand.(document.D); ok {
		if each, ok := naiveGet(d, "$each").([]any); ok {
			return each
		}
	}
	return []any{operand}
}

func naivePush(list []any, operand any) any {
	d, _ := operand.(document.D)
	at := len(list)
	if p, ok := naiveGet(d, "$position").(int64); ok {
		if p < 0 {
			p = max(int64(len(list))+p, 0)
		}
		at = int(min(p, int64(len(list))))
	}
	list = slices.Insert(append([]any{}, list...), at, naiveEach(operand)...)
	switch by := naiveGet(d, "$sort").(type) {
	case int64:
		slices.SortStableFunc(list, func(a, b any) int { return int(by) * naiveCompare(a, b) })
	case document.D:
		field := func(v any) any {
			if d, ok := v.(document.D); ok && !isAbsent(naiveGet(d, by[0].Key)) {
				return naiveGet(d, by[0].Key)
			}
			return nil
		}
		slices.SortStableFunc(list, func(a, b any) int { return int(by[0].Value.(int64)) * naiveCompare(field(a), field(b)) })
	}
	if n, ok := naiveGet(d, "$slice").(int64); ok {
		if n >= 0 {
			list = list[:min(int(n), len(list))]
		} else {
			list = list[max(len(list)+int(n), 0):]
		}
	}
	return list
}

// naiveSame reports whether two values are the same, the order of fields aside.
func naiveSame(a, b any) bool {
	switch x := a.(type) {
	case document.D:
		y, ok := b.(document.D)
		if !ok || len(x) != len(y) {
			return false
		}
		for _, e := range x {
			if !naiveSame(e.Value, naiveGet(y, e.Key)) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, naiveSame)
	case float64:
		y, ok := b.(float64)
		return ok && (math.Float64bits(x) == math.Float64bits(y) || x != x && y != y)
	case int64:
		y, ok := b.(int64)
		return ok && x == y
	}
	return naiveCompare(a, b) == 0
}
