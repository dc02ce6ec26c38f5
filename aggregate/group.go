package aggregate

import (
	"slices"
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
	for _, o := range g.outputs.accs {
		g.loose = g.loose && o.by.Mergeable() && !o.by.Operand().Random()
	}
	g.values = expr.Join(slices.Concat(g.key.parts, g.outputs.operands())...)
	return []step{g}, nil
}

// by says what a key is when it is a path.
func by(key *expr.Expr) string {
	if path, ok := key.Path(); ok {
		return " by " + path
	}
	return ""
}

// nameable reports whether a field that is no path can have that name.
func nameable(name string) bool {
	return name != "" && !strings.ContainsAny(name, ".\x00") && !strings.HasPrefix(name, "$") && utf8.ValidString(name)
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
