package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/virgadb/virga/document"
)

// leafValues are values on which operators behave in different ways.
var leafValues = []any{
	nil, true, false, 0, 1, -1, 2, 7, int64(1) << 40, int64(9223372036854775807), 0.5, -2.5, 1e300, "", "a", "ab", "Ünï", "12", "2024-05-06",
	"UTC", "Asia/Shanghai", "+08", "day", "month", "int", "%Y", time.UnixMilli(1714979289010).UTC(), time.UnixMilli(-1).UTC(),
	[]any{}, []any{1, 2, 2.0, nil}, []any{"b", "a"}, []any{[]any{"k", 1}}, []any{document.D{{"k", "x"}, {"v", 1}}},
	document.D{}, document.D{{"b", 1}, {"a", []any{1}}}, document.Regex{Pattern: "a(b)?", Options: "i"}, []byte{1, 2},
}

// A generated is an expression in two forms: with the values of its leaves as
// constants, and with paths to them in doc.
type generated struct {
	constant, reading any
}

// A generator makes expressions. It gathers the values of leaves in doc.
type generator struct {
	t   *rapid.T
	doc document.D
}

func (g *generator) leaf() generated {
	v := rapid.SampledFrom(leafValues).Draw(g.t, "leaf")
	name := fmt.Sprintf("f%d", len(g.doc))
	switch rapid.IntRange(0, 9).Draw(g.t, "kind of leaf") {
	case 0: // missing
		return generated{"$$REMOVE", "$missing"}
	case 1: // below an object
		g.doc = append(g.doc, document.E{Key: name, Value: document.D{{"x", 1}, {"y", v}}})
		return generated{document.D{{"$literal", v}}, "$" + name + ".y"}
	}
	g.doc = append(g.doc, document.E{Key: name, Value: v})
	return generated{document.D{{"$literal", v}}, "$" + name}
}

// callable lists the operators that take plain operands.
var callable = func() []string {
	var names []string
	for _, t := range families {
		for name, op := range t {
			if !op.random && (op.fn != nil || strings.HasPrefix(name, "$date") || isDatePart(name)) || name == "$and" || name == "$or" || name == "$ifNull" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}()

func isDatePart(name string) bool { _, ok := dateParts[name]; return ok }

func (g *generator) expr(depth int) generated {
	if depth == 0 {
		return g.leaf()
	}
	switch rapid.IntRange(0, 11).Draw(g.t, "form") {
	case 0:
		return g.leaf()
	case 1:
		return g.object("x", "y")(depth)
	case 2:
		return g.list(rapid.IntRange(0, 3).Draw(g.t, "elements"), depth)
	case 3:
		return g.params("$cond", depth, "if", "then", "else")
	case 4:
		return g.params("$map", depth, "input", "in")
	case 5:
		return g.params("$filter", depth, "input", "cond")
	case 6:
		return g.params("$reduce", depth, "input", "initialValue", "in")
	}
	return g.call(rapid.SampledFrom(callable).Draw(g.t, "operator"), depth)
}

func (g *generator) call(name string, depth int) generated {
	op, _ := (&compiler{families: families}).lookup(name)
	switch {
	case op.params != nil:
		return g.params(name, depth, op.params...)
	case name == "$dateFromParts":
		return g.params(name, depth, calendarParts...)
	case name == "$dateToString":
		return g.params(name, depth, "date", "format?", "timezone?", "onNull?")
	case name == "$dateFromString":
		return g.params(name, depth, "dateString", "format?", "timezone?", "onNull?", "onError?")
	case isDatePart(name):
		return g.params(name, depth, "date", "timezone?")
	}
	low, high := op.min, min(op.max, op.min+2)
	if op.build != nil {
		low, high = 2, 3
	}
	args := g.list(rapid.IntRange(low, high).Draw(g.t, "operands"), depth)
	return generated{document.D{{name, args.constant}}, document.D{{name, args.reading}}}
}

func (g *generator) list(n, depth int) generated {
	a, b := []any{}, []any{}
	for range n {
		e := g.expr(depth - 1)
		a, b = append(a, e.constant), append(b, e.reading)
	}
	return generated{a, b}
}

func (g *generator) object(names ...string) func(depth int) generated {
	return func(depth int) generated {
		a, b := document.D{}, document.D{}
		for _, name := range names {
			e := g.expr(depth - 1)
			a, b = append(a, document.E{Key: name, Value: e.constant}), append(b, document.E{Key: name, Value: e.reading})
		}
		return generated{a, b}
	}
}

func (g *generator) params(name string, depth int, params ...string) generated {
	var names []string
	for _, p := range params {
		if required, optional := strings.CutSuffix(p, "?"); !optional || rapid.Bool().Draw(g.t, p) {
			names = append(names, required)
		}
	}
	o := g.object(names...)(depth)
	return generated{document.D{{name, o.constant}}, document.D{{name, o.reading}}}
}

// sortedNames returns the names of a table, for tests that go over all of them.
func sortedNames(t table) []string { return slices.Sorted(maps.Keys(t)) }
