package aggregate

import (
	"strings"
	"unicode/utf8"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
)

// A group makes one document of all that have the same key. Groups come in the order
// of their keys.
type group struct {
	key     groupKey
	outputs outputs
	values  *expr.Tuple // the parts of the key, then what is accumulated
	loose   bool        // the order in which documents come does not matter
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
		if g.key.whole != nil {
			return nil, invalidAt("_id", "the key is given twice")
		}
		key, err := c.expression(f.Value)
		if err != nil {
			return nil, err
		}
		g.key = newGroupKey(key)
	}
	if g.key.whole == nil {
		return nil, invalidAt("_id", "the key is missing")
	}
	g.loose = !g.key.whole.Random()
	all := g.key.parts
	for _, o := range g.outputs {
		all = append(all[:len(all):len(all)], o.by.Operand())
		g.loose = g.loose && o.by.Mergeable() && !o.by.Operand().Random()
	}
	g.values = expr.Join(all...)
	return []step{g}, nil
}

// by says what a key is when it is a path.
func by(key *expr.Expr) string {
	if path, ok := key.Path(); ok {
		return " by " + path
	}
	return ""
}

// output compiles the accumulator of one field.
func (c *compiler) output(to *outputs, f document.E) error {
	if !nameable(f.Key) || f.Key == "_id" {
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
	*to = append(*to, output{f.Key, a, fixed(a)})
	return nil
}

// nameable reports whether a field that is no path can have that name.
func nameable(name string) bool {
	return name != "" && !strings.ContainsAny(name, ".\x00") && !strings.HasPrefix(name, "$") && utf8.ValidString(name)
}

// fixed reports whether an accumulator needs the same memory for any number of
// values.
func fixed(a *expr.Accumulation) bool {
	switch a.Name() {
	case "$count", "$stdDevPop", "$stdDevSamp":
		return true
	case "$sum", "$avg":
		one, ok := a.Operand().Constant()
		return ok && one.IsInt()
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

func (g *group) text() string { return "group" + g.key.text() }

func (g *group) open(r *run, in source) (source, error) {
	return &grouping{groups: newGroups(g, r), in: in}, nil
}
