package query

import (
	"math"

	"github.com/virgadb/virga/document"
)

// An operatorFunc compiles the operator op with operand v for what is at s.
type operatorFunc func(c *compiler, op string, v any, s scope) (*node, error)

// operatorOf returns the operator that stands under a field by the name op, or nil.
func operatorOf(op string) operatorFunc {
	switch op {
	case "$eq":
		return compileEq
	case "$ne":
		return compileNe
	case "$gt", "$gte", "$lt", "$lte":
		return compileRange
	case "$in":
		return compileIn
	case "$nin":
		return compileNin
	case "$not":
		return compileNot
	case "$exists":
		return compileExists
	case "$type":
		return compileType
	case "$mod":
		return compileMod
	case "$all":
		return compileAll
	case "$size":
		return compileSize
	case "$elemMatch":
		return compileElemMatch
	case "$bitsAllSet", "$bitsAnySet", "$bitsAllClear", "$bitsAnyClear":
		return compileBits
	case "$near", "$nearSphere":
		return compileNear
	case "$geoWithin":
		return compileGeoWithin
	case "$geoIntersects":
		return compileGeoIntersects
	case "$h3Within":
		return compileH3Within
	}
	return nil
}

// operator compiles the operator op, one of fields, for what is at s.
func (c *compiler) operator(op string, v any, fields []document.E, s scope) (*node, error) {
	switch op {
	case "$regex":
		options, _ := fieldNamed(fields, "$options")
		return c.regex(v, options, s)
	case "$options":
		if _, ok := fieldNamed(fields, "$regex"); !ok {
			return nil, invalidAt(s.path, "$options needs a $regex beside it")
		}
		return &node{op: opAlways}, nil
	}
	compile := operatorOf(op)
	if compile == nil {
		return nil, unknownAt(s.path, op)
	}
	return compile(c, op, v, s)
}

// fieldNamed returns the values of the fields called name, and whether there are any.
func fieldNamed(fields []document.E, name string) (values []any, ok bool) {
	for _, f := range fields {
		if f.Key == name {
			values = append(values, f.Value)
		}
	}
	return values, values != nil
}

func compileEq(c *compiler, _ string, v any, s scope) (*node, error) {
	value, err := c.operand(v, s)
	if err != nil {
		return nil, err
	}
	return c.leaf(comparison(testEq, value), s)
}

func compileNe(c *compiler, op string, v any, s scope) (*node, error) {
	value, err := c.comparable(op, v, s)
	if err != nil {
		return nil, err
	}
	return negated(c.leaf(comparison(testEq, value), s))
}

func compileRange(c *compiler, op string, v any, s scope) (*node, error) {
	value, err := c.comparable(op, v, s)
	if err != nil {
		return nil, err
	}
	ops := map[string]testOp{"$gt": testGt, "$gte": testGte, "$lt": testLt, "$lte": testLte}
	return c.leaf(comparison(ops[op], value), s)
}

// comparable returns the value of an operand that must not be a regular expression.
func (c *compiler) comparable(op string, v any, s scope) (document.Value, error) {
	value, err := c.operand(v, s)
	if err == nil && value.Kind() == document.Regexp {
		err = invalidAt(s.path, "%s takes no regular expression", op)
	}
	return value, err
}

// negated returns the node that holds when n does not, unless there is none.
func negated(n *node, err error) (*node, error) {
	if err != nil {
		return nil, err
	}
	return not(n), nil
}

func compileNot(c *compiler, op string, v any, s scope) (*node, error) {
	s.branch = true
	if inner, raw := unwrapRaw(v); raw {
		v, s.exact = inner, true
	}
	if _, ok := v.(Condition); ok {
		return negated(c.compile(v, s))
	}
	fields, ok := document.Pairs(v)
	if ok && len(fields) > 0 && isOperator(fields[0].Key) {
		s.exact = true
		return negated(c.compile(v, s))
	}
	if value, err := document.OfAt(v, c.in.Now); err == nil && value.Kind() == document.Regexp {
		return negated(c.equality(value, s))
	}
	return nil, invalidAt(s.path, "%s needs a condition or a regular expression, found %s", op, describe(v))
}

func compileExists(c *compiler, _ string, v any, s scope) (*node, error) {
	value, err := c.operand(v, s)
	if err != nil {
		return nil, err
	}
	n, err := c.leaf(test{op: testExists}, s)
	if err == nil && isFalse(value) {
		n = not(n)
	}
	return n, err
}

// isFalse reports whether v stands for no: false, 0 or null.
func isFalse(v document.Value) bool {
	f, isNumber := v.Float64()
	b, isBool := v.Bool()
	return v.Kind() == document.Null || isNumber && f == 0 || isBool && !b
}

func compileType(c *compiler, op string, v any, s scope) (*node, error) {
	list, ok := document.List(v)
	if !ok {
		list = []any{v}
	}
	if len(list) == 0 {
		return nil, invalidAt(s.path, "%s needs at least one type", op)
	}
	t := &types{}
	for _, name := range list {
		value, err := c.operand(name, s)
		if err != nil {
			return nil, err
		}
		if !t.add(value) {
			return nil, invalidAt(s.path, "%s knows no type %s", op, value)
		}
	}
	return c.leaf(test{op: testType, types: t}, s)
}

func compileMod(c *compiler, op string, v any, s scope) (*node, error) {
	list, ok := document.List(v)
	if !ok {
		return nil, invalidAt(s.path, "%s needs an array of divisor and remainder, found %s", op, describe(v))
	}
	if len(list) != 2 {
		return nil, invalidAt(s.path, "%s needs a divisor and a remainder, found %d values", op, len(list))
	}
	t := test{op: testMod}
	for i := range t.n {
		value, err := c.operand(list[i], s)
		if err != nil {
			return nil, err
		}
		if t.n[i], ok = integral(value); !ok {
			return nil, invalidAt(s.path, "%s needs whole numbers, found %s", op, value)
		}
	}
	if t.n[0] == 0 {
		return nil, invalidAt(s.path, "%s cannot divide by 0", op)
	}
	return c.leaf(t, s)
}

func compileSize(c *compiler, op string, v any, s scope) (*node, error) {
	value, err := c.operand(v, s)
	if err != nil {
		return nil, err
	}
	n, ok := value.Int64()
	if !ok || n < 0 || n > math.MaxInt32 {
		return nil, invalidAt(s.path, "%s needs a whole number that is not negative, found %s", op, value)
	}
	return c.leaf(test{op: testSize, n: [2]int64{n}}, s)
}
