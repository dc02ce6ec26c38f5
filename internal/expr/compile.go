package expr

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// The limits of one expression. They bound what a hostile one costs to compile.
const (
	maxNesting  = 200
	maxNodes    = 1 << 16
	maxConstant = 16 << 20 // bytes of constants
	maxFolded   = 4 << 10  // the size of a result worth keeping in place of what computes it
)

// A compiler turns what users write into nodes. It serves one expression.
type compiler struct {
	families []table
	now      time.Time
	env      *Env      // to compute in what is constant
	outer    []string  // variables bound from outside, whose slots come first
	scope    []binding // those bound here that are in reach, the innermost last
	slots    int       // variables in use here
	most     int       // the most in use anywhere
	depth    int
	nodes    int      // how many more there may be
	bytes    int      // how many more bytes of constants
	fields   []string // the fields of the document that are picked
	index    map[string]int
	reads    reads
}

// A binding is a variable in reach.
type binding struct {
	name string
	slot int
}

func newCompiler(s Scope) *compiler {
	n := len(s.Vars)
	return &compiler{families: families, now: s.Now, env: NewEnv(Options{}), nodes: maxNodes, bytes: maxConstant, outer: s.Vars, slots: n, most: n}
}

// finish returns the expression whose root is n.
func (c *compiler) finish(n node) *Expr {
	x := &Expr{root: n, slots: c.most, fields: c.fields, reads: c.reads}
	if len(c.fields) > fewFields {
		x.index = c.index
	}
	return x
}

// Builder is implemented by values that stand for an expression, such as those of
// builders of operators.
type Builder interface {
	// Expression returns what is compiled in place of the value.
	Expression() any
}

// compile compiles v, which stands at the dotted path at.
func (c *compiler) compile(v any, at string) (node, error) {
	if c.depth++; c.depth > maxNesting {
		return nil, mark(at, tooLarge("more than %d levels", maxNesting))
	}
	if c.nodes--; c.nodes < 0 {
		return nil, tooLarge("more than %d parts", maxNodes)
	}
	n, err := c.part(v, at)
	c.depth--
	return n, err
}

func (c *compiler) part(v any, at string) (node, error) {
	switch x := v.(type) {
	case Builder:
		return c.compile(x.Expression(), at)
	case string:
		return c.text(x, at)
	case document.Command:
		return nil, mark(at, invalid("%s is no expression", x.CommandName()))
	}
	if fields, ok := document.Pairs(v); ok {
		return c.object(fields, at)
	}
	if list, ok := document.List(v); ok {
		return c.array(list, at)
	}
	value, err := c.value(v, at)
	if err != nil {
		return nil, err
	}
	if value.Kind() == document.String {
		s, _ := value.Text()
		return c.text(s, at)
	}
	return constant{value}, nil
}

// value returns v as a constant.
func (c *compiler) value(v any, at string) (document.Value, error) {
	value, err := document.OfAt(v, c.now)
	if c.bytes -= len(value.Raw()); err == nil && c.bytes < 0 {
		err = tooLarge("constants of more than %d bytes", maxConstant)
	}
	if err != nil {
		return missing, mark(at, err)
	}
	return value, nil
}

// text compiles a string: a path, a variable, or a value.
func (c *compiler) text(s, at string) (node, error) {
	if name, ok := strings.CutPrefix(s, "$$"); ok {
		return c.variable(name, at)
	}
	if dotted, ok := strings.CutPrefix(s, "$"); ok {
		return c.variable("CURRENT."+dotted, at)
	}
	value, err := c.value(s, at)
	return constant{value}, err
}

// variable compiles the variable that name begins with, and the path behind it.
func (c *compiler) variable(name, at string) (node, error) {
	name, dotted, more := strings.Cut(name, ".")
	var names []string
	if more {
		p, err := document.ParsePath(dotted)
		if err != nil {
			return nil, mark(at, err)
		}
		names = p.Segments()
		for _, segment := range names {
			if isOperator(segment) {
				return nil, mark(at, invalid("a segment of the path %q starts with $", dotted))
			}
		}
	}
	from, root, err := c.resolve(name)
	if err != nil {
		return nil, mark(at, err)
	}
	switch {
	case root && more:
		return c.documentPath(names, dotted), nil
	case root:
		c.reads.whole = true
		return wholeDocument{}, nil
	case more:
		if value, ok := from.(constant); ok {
			return c.fold(&fieldPath{from: from, names: names}, []node{value}), nil
		}
		return &fieldPath{from: from, names: names}, nil
	}
	return from, nil
}

// documentPath returns the node of a path into the document.
func (c *compiler) documentPath(names []string, dotted string) node {
	c.reads.path(dotted)
	return &documentPath{field: c.field(names[0]), names: names[1:], dotted: dotted}
}

// field returns which of the fields of the document that are picked is the one
// called name.
func (c *compiler) field(name string) int {
	i, ok := c.index[name]
	if !ok {
		if c.index == nil {
			c.index = map[string]int{}
		}
		i = len(c.fields)
		c.index[name] = i
		c.fields = append(c.fields, name)
	}
	return i
}

// resolve returns what the variable called name is, or that it is the document.
func (c *compiler) resolve(name string) (n node, root bool, err error) {
	for i := len(c.scope) - 1; i >= 0; i-- {
		if b := c.scope[i]; b.name == name {
			return variable{b.slot}, false, nil
		}
	}
	for i := len(c.outer) - 1; i >= 0; i-- {
		if c.outer[i] == name {
			c.reads.variable(name)
			return variable{i}, false, nil
		}
	}
	switch name {
	case "ROOT", "CURRENT":
		return nil, true, nil
	case "NOW":
		value, err := document.Of(c.now)
		return constant{value}, false, err
	case "REMOVE":
		return constant{missing}, false, nil
	case "DESCEND", "PRUNE", "KEEP":
		return constant{document.Text("$$" + name)}, false, nil
	case "CLUSTER_TIME", "SEARCH_META", "USER_ROLES", "IDX":
		return nil, false, notImplemented("$$" + name)
	}
	return nil, false, invalid("unknown variable $$%s", name)
}

// bind brings a variable into reach and returns its slot.
func (c *compiler) bind(name string) int {
	slot := c.slots
	c.slots++
	c.most = max(c.most, c.slots)
	c.scope = append(c.scope, binding{name, slot})
	return slot
}

// unbind takes the last n variables out of reach.
func (c *compiler) unbind(n int) {
	c.slots -= n
	c.scope = c.scope[:len(c.scope)-n]
}

// CheckVariables refuses names that [Scope.Vars] cannot have, as ErrInvalid.
func CheckVariables(names []string) error {
	for _, name := range names {
		if err := checkVariable(name); err != nil {
			return err
		}
	}
	return nil
}

// checkVariable refuses names that no variable of a user may have.
func checkVariable(name string) error {
	if name == "CURRENT" {
		return nil
	}
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= utf8.RuneSelf
		other := r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_'
		if !letter && (i == 0 || !other) {
			return invalid("%q is no name for a variable", name)
		}
	}
	if name == "" {
		return invalid("the name of a variable is empty")
	}
	return nil
}

// object compiles an operator, or an object of expressions.
func (c *compiler) object(fields []document.E, at string) (node, error) {
	if len(fields) == 1 && isOperator(fields[0].Key) {
		return c.operate(fields[0].Key, fields[0].Value, at)
	}
	o := &objectNode{}
	for _, f := range fields {
		switch {
		case isOperator(f.Key):
			return nil, mark(at, invalid("%s stands beside other fields", f.Key))
		case f.Key == "" || strings.ContainsAny(f.Key, ".\x00") || !utf8.ValidString(f.Key):
			return nil, mark(at, invalid("the name %q is empty, not UTF-8, or holds a dot or a zero byte", f.Key))
		}
		n, err := c.compile(f.Value, joinPath(at, f.Key))
		if err != nil {
			return nil, err
		}
		o.names, o.parts = append(o.names, f.Key), append(o.parts, n)
	}
	if twice := repeated(o.names); twice != "" {
		return nil, mark(at, invalid("the name %q stands twice", twice))
	}
	return c.fold(o, o.parts), nil
}

// repeated returns a name that stands twice in names, if any.
func repeated(names []string) string {
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] {
			return name
		}
		seen[name] = true
	}
	return ""
}

func (c *compiler) array(list []any, at string) (node, error) {
	parts, err := c.each(list, at)
	if err != nil {
		return nil, err
	}
	return c.fold(&arrayNode{parts}, parts), nil
}

// each compiles the elements of list.
func (c *compiler) each(list []any, at string) ([]node, error) {
	nodes := make([]node, len(list))
	for i, v := range list {
		var err error
		if nodes[i], err = c.compile(v, joinPath(at, strconv.Itoa(i))); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// fold returns what n yields when that is always the same, else n. An error is
// left to whoever evaluates n: perhaps nobody does.
func (c *compiler) fold(n node, parts []node) node {
	for _, p := range parts {
		if _, ok := p.(constant); !ok && p != nil {
			return n
		}
	}
	v, err := n.eval(c.env)
	c.env.stack = c.env.stack[:0]
	if _, computed := n.(*call); err != nil || computed && len(v.Raw()) > maxFolded {
		return n
	}
	return constant{v.Clone()}
}

// located reports whether err says where it happened.
func located(err error) bool {
	var at *fault.PathError
	return errors.As(err, &at)
}
