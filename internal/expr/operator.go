package expr

import (
	"slices"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// An operator is a row of a table of operators. It says how what stands beside
// its name is compiled.
type operator struct {
	// Operands in an array, or a single one: from min to max, which is many for any
	// number.
	min, max int

	// params names the operands of an operator that takes them in an object. One that
	// ends in ? may be left out, which fn sees as absent.
	params []string

	// fn computes the value. It is left out by operators that have a build.
	fn function

	// build compiles an operator that does not evaluate all its operands once each.
	build func(c *compiler, at place, v any) (node, error)

	// random is set for operators that do not always yield the same.
	random bool
}

// many is the max of an operator of any number of operands.
const many = 1 << 30

type table map[string]operator

// families holds the tables of all operators.
var families = []table{
	arithmetic, transcendental, comparisons, conditionals, variables, arrays, loops, sets, texts, substrings, expressions,
	dateParts, dates, dateSpans, objects, conversions, reductions, cells, foreign,
}

// foreign lists the operators that this database does not have.
var foreign = refused("$function", "$accumulator", "$meta", "$toHashedIndexKey", "$tsSecond", "$tsIncrement", "$toUUID", "$createObjectId",
	"$createUUID", "$encStrContains", "$encStrStartsWith", "$encStrEndsWith", "$encStrNormalizedEq", "$similarityCosine",
	"$similarityDotProduct", "$similarityEuclidean", "$hash", "$hexHash", "$serializeEJSON", "$deserializeEJSON", "$subtype", "$median",
	"$percentile", "$sigmoid")

func refused(names ...string) table {
	t := table{}
	for _, name := range names {
		t[name] = operator{build: func(*compiler, place, any) (node, error) { return nil, fault.ErrNotImplemented }}
	}
	return t
}

// A place is where in an expression an operator stands.
type place struct {
	at, name string
}

// under returns the place of an operand.
func (p place) under(part string) string { return joinPath(joinPath(p.at, p.name), part) }

// fail names the operator and its place in err.
func (p place) fail(err error) error { return failAt(p.at, p.name, err) }

func joinPath(path, part string) string {
	switch {
	case path == "":
		return part
	case part == "":
		return path
	}
	return path + "." + part
}

// operate compiles the operator called name with what stands beside it.
func (c *compiler) operate(name string, v any, at string) (node, error) {
	p := place{at: at, name: name}
	op, ok := c.lookup(name)
	if !ok {
		return nil, failAt(at, name, invalid("unknown operator"))
	}
	c.reads.random = c.reads.random || op.random
	if op.build != nil {
		n, err := op.build(c, p, v)
		if err == nil {
			return n, nil
		}
		if !located(err) {
			err = p.fail(err)
		}
		return nil, err
	}
	args, err := c.operandsOf(op, p, v)
	if err != nil {
		return nil, err
	}
	n := &call{name: name, at: at, fn: op.fn, args: args}
	if op.random {
		return n, nil
	}
	return c.fold(n, args), nil
}

func (c *compiler) lookup(name string) (operator, bool) {
	for _, t := range c.families {
		if op, ok := t[name]; ok {
			return op, true
		}
	}
	return operator{}, false
}

// operandsOf compiles the operands of op.
func (c *compiler) operandsOf(op operator, p place, v any) ([]node, error) {
	if op.params != nil {
		return c.parameters(p, v, op.params)
	}
	args, err := c.operands(p, v)
	if err != nil {
		return nil, err
	}
	if err := counted(len(args), op.min, op.max); err != nil {
		return nil, p.fail(err)
	}
	return args, nil
}

func counted(n, min, max int) error {
	switch {
	case n >= min && n <= max:
		return nil
	case min == max:
		return invalid("takes %d operands, found %d", min, n)
	case n < min:
		return invalid("takes at least %d operands, found %d", min, n)
	}
	return invalid("takes at most %d operands, found %d", max, n)
}

// operands compiles operands in an array, or a single one.
func (c *compiler) operands(p place, v any) ([]node, error) {
	list, ok := document.List(v)
	if !ok {
		n, err := c.compile(v, p.under(""))
		return []node{n}, err
	}
	return c.each(list, p.under(""))
}

// parameters compiles operands in an object. What was not given is nil.
func (c *compiler) parameters(p place, v any, params []string) ([]node, error) {
	given, err := pick(v, params)
	if err != nil {
		return nil, p.fail(err)
	}
	nodes := make([]node, len(params))
	for i, g := range given {
		if !g.ok {
			continue
		}
		if nodes[i], err = c.compile(g.value, p.under(strings.TrimSuffix(params[i], "?"))); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// given is a parameter of an operator, and whether it was given.
type given struct {
	value any
	ok    bool
}

// pick returns the parameters that the object v holds, in the order of params.
func pick(v any, params []string) ([]given, error) {
	fields, ok := document.Pairs(v)
	if !ok || len(fields) == 1 && isOperator(fields[0].Key) {
		return nil, invalid("needs an object of %s", strings.Join(params, ", "))
	}
	out := make([]given, len(params))
	for _, f := range fields {
		i := slices.IndexFunc(params, func(p string) bool { return strings.TrimSuffix(p, "?") == f.Key })
		if i < 0 {
			return nil, invalid("has no parameter %q", f.Key)
		}
		out[i] = given{f.Value, true}
	}
	for i, p := range params {
		if !out[i].ok && !strings.HasSuffix(p, "?") {
			return nil, invalid("needs the parameter %q", p)
		}
	}
	return out, nil
}

func isOperator(name string) bool { return strings.HasPrefix(name, "$") }
