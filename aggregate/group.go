package aggregate

import (
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
)

// A group makes one document of all that have the same key.
type group struct {
	key     *expr.Expr
	outputs outputs
	label   string
	wide    bool // groups of parts of the documents can be put together
}

// outputs are the fields that are accumulated.
type outputs []output

// An output is one of them.
type output struct {
	name string
	by   *expr.Accumulation
	flat bool // what is accumulated has a fixed size
}

func buildGroup(c *compiler, v any) ([]step, error) {
	fields, ok := document.Pairs(plain(v))
	if !ok {
		return nil, invalid("needs an object")
	}
	g := &group{}
	for _, f := range fields {
		if f.Key != "_id" {
			if err := c.output(&g.outputs, f); err != nil {
				return nil, err
			}
			continue
		}
		if g.key != nil {
			return nil, invalidAt("_id", "the key is given twice")
		}
		var err error
		if g.key, err = c.expression(f.Value); err != nil {
			return nil, err
		}
	}
	if g.key == nil {
		return nil, invalidAt("_id", "the key is missing")
	}
	g.label = "group" + by(g.key)
	g.wide = !g.key.Random()
	for _, o := range g.outputs {
		g.wide = g.wide && o.by.Mergeable() && !o.by.Operand().Random()
	}
	return []step{g}, nil
}

// by says what a key is when it is a path.
func by(key *expr.Expr) string {
	if path, ok := key.Path(); ok {
		return " by " + path
	}
	if _, ok := key.Constant(); ok {
		return " all"
	}
	return ""
}

// output compiles the accumulator of one field.
func (c *compiler) output(to *outputs, f document.E) error {
	if f.Key == "" || strings.ContainsAny(f.Key, ".\x00") || strings.HasPrefix(f.Key, "$") {
		return invalid("%q cannot name a field here", f.Key)
	}
	for _, one := range *to {
		if one.name == f.Key {
			return invalidAt(f.Key, "the field is given twice")
		}
	}
	a, err := c.accumulation(f.Value)
	if err != nil {
		return err
	}
	*to = append(*to, output{f.Key, a, fixed(a.Name())})
	return nil
}

// fixed reports whether an accumulator needs the same memory for any number of
// values.
func fixed(name string) bool {
	switch name {
	case "$sum", "$avg", "$count", "$stdDevPop", "$stdDevSamp":
		return true
	}
	return false
}

// outputsOf compiles the output parameter of $bucket and $bucketAuto, by default
// a count.
func (c *compiler) outputsOf(v any, given bool) (outputs, error) {
	if !given {
		v = document.D{{"count", document.D{{"$sum", 1}}}}
	}
	fields, ok := document.Pairs(plain(v))
	if !ok {
		return nil, invalidAt("output", "needs an object")
	}
	var list outputs
	for _, f := range fields {
		if err := c.output(&list, f); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func buildSortByCount(c *compiler, v any) ([]step, error) {
	v = plain(v)
	text, isText := textOf(v)
	fields, isObject := document.Pairs(v)
	if !(isText && strings.HasPrefix(text, "$")) && !(isObject && isExpression(fields)) {
		return nil, invalid("needs a path that begins with $, or an operator")
	}
	steps, err := buildGroup(c, document.D{{"_id", v}, {"count", document.D{{"$sum", 1}}}})
	if err != nil {
		return nil, err
	}
	sort, err := buildSort(c, document.D{{"count", -1}})
	return append(steps, sort...), err
}

func (g *group) text() string { return g.label }

func (g *group) open(r *run, in source) (source, error) {
	return &grouping{group: g, run: r, in: in, table: make(map[string]*gathered)}, nil
}
