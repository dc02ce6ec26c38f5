package query

import (
	"fmt"
	"reflect"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/regex"
)

func compileIn(c *compiler, op string, v any, s scope) (*node, error) {
	if values := c.plain(v); len(values) > 0 {
		return c.among(values, nil, s)
	}
	list, err := c.list(op, v, s)
	if err != nil {
		return nil, err
	}
	var values []document.Value
	var patterns []*regex.Pattern
	for _, member := range list {
		value, re, err := c.member(op, member, s)
		if err != nil {
			return nil, err
		}
		if re != nil {
			patterns = append(patterns, re)
		} else {
			values = append(values, value)
		}
	}
	if len(list) == 0 {
		_, err := c.leaf(test{}, s) // the path is checked all the same
		return &node{op: opNever}, err
	}
	return c.among(values, patterns, s)
}

// among asks for one of values, or for a string that one of patterns matches.
func (c *compiler) among(values []document.Value, patterns []*regex.Pattern, s scope) (*node, error) {
	if len(values) == 1 && len(patterns) == 0 {
		return c.leaf(comparison(testEq, values[0]), s)
	}
	return c.leaf(test{op: testIn, set: newSet(values, patterns)}, s)
}

// plain returns the elements of a list of texts and numbers, which need not be looked
// at one by one; of any other, and of one that cannot be taken, nothing.
func (c *compiler) plain(list any) []document.Value {
	switch list.(type) {
	case []string, []int, []int32, []int64, []float64:
	default:
		return nil
	}
	whole, err := document.OfAt(list, c.in.Now)
	if err != nil || whole.Kind() != document.Array || len(whole.Raw()) > c.bytes {
		return nil
	}
	c.bytes -= len(whole.Raw())
	values := make([]document.Value, 0, whole.Len())
	for e := whole.Elements(); e.Next(); {
		values = append(values, e.Value())
	}
	return values
}

func compileNin(c *compiler, op string, v any, s scope) (*node, error) {
	return negated(compileIn(c, op, v, s))
}

// list returns the elements of an operand that must be a list. A nil slice of any
// type is an empty one.
func (c *compiler) list(op string, v any, s scope) ([]any, error) {
	list, ok := document.List(v)
	if r := reflect.ValueOf(v); !ok && !(r.Kind() == reflect.Slice && r.IsNil()) {
		return nil, invalidAt(s.path, "%s needs an array, found %s", op, describe(v))
	}
	return list, nil
}

// member returns a member of a list, as a value or as a regular expression.
func (c *compiler) member(op string, v any, s scope) (document.Value, *regex.Pattern, error) {
	if command, ok := v.(Condition); ok && command.op == "$regex" {
		re, err := c.pattern(command.args[0], command.args[1:], s)
		return document.Value{}, re, err
	}
	if fields, ok := document.Pairs(v); ok && len(fields) > 0 && isOperator(fields[0].Key) {
		return document.Value{}, nil, invalidAt(s.path, "%s takes values, found %s", op, fields[0].Key)
	}
	value, err := c.operand(v, s)
	if err != nil {
		return document.Value{}, nil, err
	}
	if re, ok := value.Regex(); ok {
		compiled, err := c.pattern(re, nil, s)
		return document.Value{}, compiled, err
	}
	return value, nil, nil
}

func compileAll(c *compiler, op string, v any, s scope) (*node, error) {
	list, err := c.list(op, v, s)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		_, err := c.leaf(test{}, s)
		return &node{op: opNever}, err
	}
	_, first := elemMatchOf(list[0])
	nodes := make([]*node, 0, len(list))
	for _, member := range list {
		if _, ok := elemMatchOf(member); ok != first {
			return nil, invalidAt(s.path, "%s takes values or $elemMatch, not both", op)
		}
		n, err := c.allMember(op, member, s)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return all(nodes), nil
}

// elemMatchOf returns the operand of the $elemMatch that a member of a list is.
func elemMatchOf(v any) (operand any, ok bool) {
	if command, ok := v.(Condition); ok && command.op == "$elemMatch" {
		return command.args[0], true
	}
	if fields, ok := document.Pairs(v); ok && len(fields) == 1 && fields[0].Key == "$elemMatch" {
		return fields[0].Value, true
	}
	return nil, false
}

// allMember compiles what one member of an $all asks for.
func (c *compiler) allMember(op string, v any, s scope) (*node, error) {
	if operand, ok := elemMatchOf(v); ok {
		return compileElemMatch(c, "$elemMatch", operand, s)
	}
	value, re, err := c.member(op, v, s)
	if err != nil {
		return nil, err
	}
	if re != nil {
		return c.leaf(test{op: testRegex, pattern: re}, s)
	}
	return c.leaf(comparison(testEq, value), s)
}

func compileElemMatch(c *compiler, op string, v any, s scope) (*node, error) {
	inner, _ := unwrapRaw(v)
	_, isCondition := inner.(Condition)
	_, isObject := document.Pairs(inner)
	if isNil(inner) || !isCondition && !isObject {
		return nil, invalidAt(s.path, "%s needs a condition or an object, found %s", op, describe(v))
	}
	n, err := c.compile(inner, scope{element: true, exact: true, depth: s.depth})
	if err != nil {
		if s.path != "" {
			err = fault.At(s.path, err)
		}
		return nil, err
	}
	return c.leaf(test{op: testElem, elem: n}, s)
}

// regex compiles $regex with the options given beside it, of which at most one
// may be.
func (c *compiler) regex(v any, options []any, s scope) (*node, error) {
	re, err := c.pattern(v, options, s)
	if err != nil {
		return nil, err
	}
	return c.leaf(test{op: testRegex, pattern: re}, s)
}

func (c *compiler) pattern(v any, options []any, s scope) (*regex.Pattern, error) {
	if command, ok := v.(Condition); ok && command.op == "$regex" {
		v, options = command.args[0], append(command.args[1:len(command.args):len(command.args)], options...)
	}
	value, err := c.operand(v, s)
	if err != nil {
		return nil, err
	}
	re, isRegex := value.Regex()
	if text, ok := value.Text(); ok {
		re.Pattern = text
	} else if !isRegex {
		return nil, invalidAt(s.path, "$regex needs a string, found %s", value.Kind())
	}
	if len(options) > 1 || len(options) == 1 && re.Options != "" {
		return nil, invalidAt(s.path, "$regex has options twice")
	}
	if len(options) == 1 {
		value, err := c.operand(options[0], s)
		if err != nil {
			return nil, err
		}
		var ok bool
		if re.Options, ok = value.Text(); !ok {
			return nil, invalidAt(s.path, "$options needs a string, found %s", value.Kind())
		}
	}
	c.patterns++
	if c.sources += len(re.Pattern); c.patterns > maxPatterns || c.sources > maxSources {
		return nil, fmt.Errorf("more than %d regular expressions, or %d bytes of them: %w", maxPatterns, maxSources, fault.ErrTooLarge)
	}
	p, err := regex.Compile(re.Pattern, re.Options)
	if err != nil && s.path != "" {
		err = fault.At(s.path, err)
	}
	return p, err
}

func compileBits(c *compiler, op string, v any, s scope) (*node, error) {
	b := &bitTest{
		any:   op == "$bitsAnySet" || op == "$bitsAnyClear",
		clear: op == "$bitsAllClear" || op == "$bitsAnyClear",
	}
	list, isList := document.List(v)
	for _, at := range list {
		value, err := c.operand(at, s)
		if err != nil {
			return nil, err
		}
		n, ok := value.Int64()
		if !ok || n < 0 {
			return nil, invalidAt(s.path, "%s needs positions that are whole numbers, found %s", op, value)
		}
		b.list = append(b.list, n)
	}
	if isList {
		return c.leaf(test{op: testBits, bits: b}, s)
	}
	value, err := c.operand(v, s)
	if err != nil {
		return nil, err
	}
	n, isWhole := value.Int64()
	switch {
	case value.Kind() == document.Binary:
		b.mask = value.Bytes()
	case isWhole && n >= 0:
		for ; n > 0; n >>= 8 {
			b.mask = append(b.mask, byte(n))
		}
	default:
		return nil, invalidAt(s.path, "%s needs a number, binary or list of positions, found %s", op, fmt.Sprint(value))
	}
	return c.leaf(test{op: testBits, bits: b}, s)
}
