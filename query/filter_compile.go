package query

import (
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

// The limits of one filter. They bound what a hostile filter costs to compile
// and to run.
const (
	maxNesting  = 100
	maxNodes    = 1 << 16
	maxOperands = 16 << 20
	maxNumeric  = 16       // segments of a path that are numbers: each may be read in two ways
	maxPatterns = 1000     // regular expressions, each of which compiles to many times its size
	maxSources  = 64 << 10 // bytes of regular expressions
)

// A compiler turns what users write into nodes. It serves one filter.
type compiler struct {
	in       expr.Scope // what it is compiled against
	nodes    int        // how many more conditions the filter may have
	bytes    int        // how many more bytes of operands
	patterns int        // regular expressions so far
	sources  int        // bytes of them so far
	near     bool       // a $near has been met
}

func newCompiler(in expr.Scope) *compiler {
	return &compiler{in: in, nodes: maxNodes, bytes: maxOperands}
}

// A scope says where in a filter a condition stands.
type scope struct {
	path    string // the field it is about; empty for the document, or for the element
	element bool   // it is about an element of an array, not the document
	object  bool   // the element is asked to be an object already
	exact   bool   // MongoDB's form: nested objects are values
	bare    bool   // only operators may stand here, no names of fields
	branch  bool   // the whole filter may hold when this does not
	depth   int
}

// field returns the scope of the field called name.
func (s scope) field(name string) scope {
	s.path, s.bare = join(s.path, name), false
	return s
}

// compile compiles v, which stands at s, whatever it is.
func (c *compiler) compile(v any, s scope) (*node, error) {
	inner, raw := unwrapRaw(v)
	if raw {
		v, s.exact = inner, true
	}
	if s.depth++; s.depth > maxNesting {
		return nil, fmt.Errorf("more than %d levels: %w", maxNesting, fault.ErrTooLarge)
	}
	if c.nodes--; c.nodes < 0 {
		return nil, fmt.Errorf("more than %d conditions: %w", maxNodes, fault.ErrTooLarge)
	}
	if command, ok := v.(Condition); ok {
		return c.command(command, s)
	}
	if command, ok := v.(document.Command); ok {
		return nil, invalidAt(s.path, "%s is no condition", command.CommandName())
	}
	fields, ok := document.Pairs(v)
	switch {
	case s.path == "" && !ok:
		return nil, invalidAt("", "needs an object or a condition, found %s", describe(v))
	case s.path == "":
		return c.object(fields, s)
	case ok && len(fields) > 0 && (!s.exact || isOperator(fields[0].Key)):
		s.bare = s.exact
		return c.fields(fields, s)
	}
	return c.equality(v, s)
}

// object compiles the object that stands for a whole document or element.
func (c *compiler) object(fields []document.E, s scope) (*node, error) {
	s.bare = s.element && !s.object && len(fields) > 0 && isOperator(fields[0].Key) && !isLogic(fields[0].Key)
	if !s.element || s.object || s.bare {
		return c.fields(fields, s)
	}
	s.object = true
	n, err := c.fields(fields, s)
	if err != nil {
		return nil, err
	}
	return alsoObject(n), nil
}

// alsoObject asks of the element, besides what n does, that it is an object.
func alsoObject(n *node) *node {
	return all([]*node{leaf(document.Path{}, test{op: testObject}), n})
}

// fields compiles the fields of an object of conditions, all of which must hold.
func (c *compiler) fields(fields []document.E, s scope) (*node, error) {
	nodes := make([]*node, 0, len(fields))
	for _, f := range fields {
		n, err := c.field(f, fields, s)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return all(nodes), nil
}

// field compiles f, one of fields.
func (c *compiler) field(f document.E, fields []document.E, s scope) (*node, error) {
	switch {
	case f.Key == "":
		return nil, invalidAt(s.path, "the name of a field is empty")
	case !isOperator(f.Key) && s.bare:
		return nil, unknownAt(s.path, f.Key)
	case !isOperator(f.Key):
		return c.compile(f.Value, s.field(f.Key))
	}
	top := s.path == "" && !s.bare
	s.exact, s.bare = true, false
	if top {
		return c.topOperator(f.Key, f.Value, s)
	}
	return c.operator(f.Key, f.Value, fields, s)
}

// isLogic reports whether an operator joins whole conditions.
func isLogic(op string) bool {
	switch op {
	case "$and", "$or", "$nor", "$expr", "$jsonSchema", "$comment":
		return true
	}
	return false
}

// topOperator compiles an operator that stands where a field's name might.
func (c *compiler) topOperator(op string, v any, s scope) (*node, error) {
	switch op {
	case "$and", "$or", "$nor":
		list, ok := document.List(v)
		if !ok {
			return nil, invalidAt("", "%s needs an array, found %s", op, describe(v))
		}
		return c.logic(op, list, s)
	case "$comment":
		return &node{op: opAlways}, nil
	case "$expr":
		return c.expression(v, s)
	case "$jsonSchema":
		return c.schema(v)
	}
	if operatorOf(op) != nil {
		return nil, invalidAt("", "%s needs a field to stand under", op)
	}
	return nil, unknownAt("", op)
}

// logic joins the conditions in list, which all stand at s.
func (c *compiler) logic(op string, list []any, s scope) (*node, error) {
	if len(list) == 0 {
		return nil, invalidAt(s.path, "%s needs at least one condition", op)
	}
	s.branch = s.branch || op != "$and"
	nodes := make([]*node, 0, len(list))
	for _, v := range list {
		if s.path == "" && isNil(v) {
			return nil, invalidAt("", "%s holds a nil condition", op)
		}
		n, err := c.compile(v, s)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	switch op {
	case "$and":
		return all(nodes), nil
	case "$or":
		return some(nodes), nil
	}
	return not(some(nodes)), nil
}

// command compiles a condition made by the builders.
func (c *compiler) command(command Condition, s scope) (*node, error) {
	args := command.args
	switch command.op {
	case "":
		return nil, invalidAt(s.path, "empty condition")
	case "$and", "$or", "$nor":
		return c.logic(command.op, spread(args), s)
	case "$expr":
		return c.expression(args[0], s)
	case "$jsonSchema":
		if s.path != "" {
			return nil, invalidAt(s.path, "$jsonSchema does not stand under a field")
		}
		n, err := c.schema(args[0])
		if err != nil || !s.element {
			return n, err
		}
		return alsoObject(n), nil
	}
	if s.path == "" && (!s.element || s.object) && command.op != "$not" {
		return nil, invalidAt("", "%s needs a field to stand under", command.op)
	}
	switch command.op {
	case "$not":
		return c.negation(args[0], s)
	case "$exists":
		if len(args) == 0 {
			args = []any{true}
		}
	case "$mod":
		args = []any{spread(args)}
	case "$regex":
		return c.regex(args[0], args[1:], s)
	}
	if len(args) != 1 {
		return nil, invalidAt(s.path, "%s takes one operand, found %d", command.op, len(args))
	}
	s.exact = true
	return c.operator(command.op, args[0], nil, s)
}

// negation compiles [Not], which at a field is the operator $not, and otherwise
// denies a whole filter.
func (c *compiler) negation(v any, s scope) (*node, error) {
	if s.path != "" || s.element {
		return compileNot(c, "$not", v, s)
	}
	s.branch = true
	n, err := c.compile(v, s)
	if err != nil {
		return nil, err
	}
	return not(n), nil
}

// equality compiles a plain value: the field equals it, or is a string that it
// matches when it is a regular expression.
func (c *compiler) equality(v any, s scope) (*node, error) {
	value, err := c.operand(v, s)
	if err != nil {
		return nil, err
	}
	if re, ok := value.Regex(); ok {
		return c.regex(re, nil, s)
	}
	return c.leaf(comparison(testEq, value), s)
}

// operand returns the value of an operand.
func (c *compiler) operand(v any, s scope) (document.Value, error) {
	value, err := document.OfAt(v, c.in.Now)
	if err == nil && !value.Exists() {
		err = fmt.Errorf("no value to compare with: %w", fault.ErrInvalid)
	}
	if err == nil {
		return value, c.spend(len(value.Raw()), s)
	}
	if s.path != "" {
		err = fault.At(s.path, err)
	}
	return value, err
}

// spend counts the bytes of an operand that stands at s against the limit.
func (c *compiler) spend(bytes int, s scope) error {
	if c.bytes -= bytes; c.bytes >= 0 {
		return nil
	}
	err := fmt.Errorf("operands of more than %d bytes: %w", maxOperands, fault.ErrTooLarge)
	if s.path != "" {
		err = fault.At(s.path, err)
	}
	return err
}

// leaf returns the node that asks t of what is at s.
func (c *compiler) leaf(t test, s scope) (*node, error) {
	if s.path == "" {
		return leaf(document.Path{}, t), nil
	}
	p, err := document.ParsePath(s.path)
	if err != nil {
		return nil, fault.At(s.path, err)
	}
	numeric := 0
	for i := range p.Segments() {
		if _, ok := p.Index(i); ok {
			numeric++
		}
	}
	if numeric > maxNumeric {
		return nil, invalidAt(s.path, "more than %d segments are numbers", maxNumeric)
	}
	return leaf(p, t), nil
}
