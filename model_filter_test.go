package virga

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A spot is where a path ends. An array there is looked into, unless the path
// named it by its place in another.
type spot struct {
	value any
	into  bool
}

// reach lists where path leads from v.
func reach(v any, path []string) []spot {
	if len(path) == 0 {
		return []spot{{v, true}}
	}
	switch x := v.(type) {
	case D:
		return reach(get(x, path[0]), path[1:])
	case []any:
		return reachInto(x, path)
	}
	return []spot{{absent{}, true}}
}

func reachInto(list []any, path []string) (spots []spot) {
	for i, e := range list {
		if _, ok := e.(D); ok {
			spots = append(spots, reach(e, path)...)
		}
		if strconv.Itoa(i) != path[0] {
			continue
		}
		switch x := e.(type) {
		case D:
			if len(path) > 1 {
				spots = append(spots, reach(x, path[1:])...)
				continue
			}
		case []any:
			if len(path) > 1 {
				spots = append(spots, reachInto(x, path[1:])...)
				continue
			}
		}
		if len(path) == 1 {
			spots = append(spots, spot{e, false})
		}
	}
	return spots
}

// meets reports whether a document meets a filter in MongoDB's form.
func meets(filter D, doc any) bool {
	for _, f := range filter {
		if !meetsKey(f.Key, f.Value, doc) {
			return false
		}
	}
	return true
}

func meetsKey(key string, cond, doc any) bool {
	if !strings.HasPrefix(key, "$") {
		return meetsCondition(cond, reach(doc, strings.Split(key, ".")))
	}
	list := cond.([]any)
	n := 0
	for _, sub := range list {
		if meets(sub.(D), doc) {
			n++
		}
	}
	switch key {
	case "$and":
		return n == len(list)
	case "$or":
		return n > 0
	case "$nor":
		return n == 0
	}
	panic("the model knows no " + key)
}

// operators returns the fields of a condition that consists of operators.
func operators(cond any) (D, bool) {
	d, ok := cond.(D)
	return d, ok && len(d) > 0 && strings.HasPrefix(d[0].Key, "$")
}

func meetsCondition(cond any, spots []spot) bool {
	ops, ok := operators(cond)
	if !ok {
		return meetsOperator("$eq", cond, spots)
	}
	for _, op := range ops {
		if !meetsOperator(op.Key, op.Value, spots) {
			return false
		}
	}
	return true
}

func meetsOperator(op string, operand any, spots []spot) bool {
	switch op {
	case "$ne":
		return !meetsOperator("$eq", operand, spots)
	case "$nin":
		return !meetsOperator("$in", operand, spots)
	case "$not":
		return !meetsCondition(operand, spots)
	case "$exists":
		there := slices.ContainsFunc(spots, func(s spot) bool { return s.value != absent{} })
		return there == operand.(bool)
	case "$all":
		for _, v := range operand.([]any) {
			if !meetsOperator("$eq", v, spots) {
				return false
			}
		}
		return len(operand.([]any)) > 0
	}
	return slices.ContainsFunc(spots, func(s spot) bool {
		list, isArray := s.value.([]any)
		whole := op == "$size" || op == "$elemMatch"
		if isArray && s.into && !whole && slices.ContainsFunc(list, func(e any) bool { return meetsValue(op, operand, e) }) {
			return true
		}
		return meetsValue(op, operand, s.value)
	})
}

// meetsValue decides one operator on one value.
func meetsValue(op string, operand, v any) bool {
	if v == (absent{}) && op != "$elemMatch" && op != "$size" {
		v = nil
	}
	switch op {
	case "$eq":
		return equal(v, operand)
	case "$gt", "$gte", "$lt", "$lte":
		return inRange(op, v, operand)
	case "$in":
		return slices.ContainsFunc(operand.([]any), func(m any) bool { return equal(v, m) })
	case "$mod":
		return modulo(operand.([]any), v)
	case "$regex":
		s, ok := v.(string)
		return ok && regexp.MustCompile(operand.(string)).MatchString(s)
	case "$size":
		list, ok := v.([]any)
		return ok && int64(len(list)) == operand.(int64)
	case "$elemMatch":
		list, _ := v.([]any)
		return slices.ContainsFunc(list, func(e any) bool { return meetsElement(operand.(D), e) })
	}
	panic("the model knows no " + op)
}

// meetsElement decides a condition on an element itself.
func meetsElement(cond D, e any) bool {
	if ops, ok := operators(cond); ok {
		for _, op := range ops {
			if !meetsOperator(op.Key, op.Value, []spot{{e, false}}) {
				return false
			}
		}
		return true
	}
	if list, ok := e.([]any); ok { // its fields are its places
		d := D{}
		for i, v := range list {
			d = append(d, E{Key: strconv.Itoa(i), Value: v})
		}
		e = d
	}
	_, ok := e.(D)
	return ok && meets(cond, e)
}

func inRange(op string, v, bound any) bool {
	if kindOf(v) != kindOf(bound) {
		return false
	}
	orEqual := len(op) == len("$gte")
	if isNaN(v) || isNaN(bound) {
		return isNaN(v) && isNaN(bound) && orEqual
	}
	c := order(v, bound)
	return c == 0 && orEqual || c < 0 && op[1] == 'l' || c > 0 && op[1] == 'g'
}

func modulo(operand []any, v any) bool {
	if kindOf(v) != 2 || isNaN(v) || exact(v).IsInf() {
		return false
	}
	n, _ := exact(v).Int(nil)
	if !n.IsInt64() {
		return false
	}
	divisor, remainder := operand[0].(int64), operand[1].(int64)
	return new(big.Int).Rem(n, big.NewInt(divisor)).Int64() == remainder
}
