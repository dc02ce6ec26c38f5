package rules

import (
	"math"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/trial"
)

// The naive reading of rules: documents as Go values, every operand as the list of
// the values it stands for, no short cuts. It follows the package comment and shares
// nothing with the evaluator but the parser and the order of values.
type naive struct {
	doc, data any // missing{} when there is none
	auth      Auth
	shelf     shelf
	pins      map[string]any
}

type missing struct{}

// an naiveOperand is the values that an operand stands for: those one of which is
// enough, and those one of which breaks it.
type naiveOperand struct {
	null, bad, path      bool
	some, parts, members []any
	whole                []any
}

func closed(v any) naiveOperand {
	return naiveOperand{some: []any{v}, parts: []any{v}, members: []any{v}, whole: []any{v}}
}

// at returns what the path names leads to from v, as filters walk.
func (o *naiveOperand) at(v any, names []string) {
	if len(names) == 0 {
		o.whole = append(o.whole, v)
		list, isList := v.([]any)
		if !isList {
			o.some, o.parts, o.members = append(o.some, v), append(o.parts, v), append(o.members, v)
			return
		}
		o.some = append(append(o.some, list...), v)
		o.members = append(o.members, list...)
		if o.parts = append(o.parts, list...); len(list) == 0 {
			o.parts = append(o.parts, v)
		}
		return
	}
	switch x := v.(type) {
	case map[string]any:
		next, ok := x[names[0]]
		if !ok {
			next = missing{}
		}
		o.at(next, names[1:])
	case []any:
		for i, e := range x {
			if _, isObject := e.(map[string]any); isObject {
				o.at(e, names)
			}
			if names[0] == string(rune('0'+i)) {
				o.place(e, names[1:])
			}
		}
	default:
		o.at(missing{}, nil)
	}
}

func (o *naiveOperand) place(e any, names []string) {
	if len(names) == 0 {
		o.some, o.parts, o.members, o.whole = append(o.some, e), append(o.parts, e), append(o.members, e), append(o.whole, e)
		return
	}
	switch e.(type) {
	case map[string]any, []any:
		o.at(e, names)
	}
}

func (n *naive) operand(k *node) naiveOperand {
	if k.kind == nodeNull {
		return naiveOperand{null: true}
	}
	if k.kind != nodePath {
		v, ok := n.single(k)
		o := closed(v)
		o.bad = !ok
		return o
	}
	names, ok := n.names(k)
	start, found := n.start(k)
	if !ok || !found {
		return naiveOperand{bad: true}
	}
	o := naiveOperand{path: true}
	o.at(start, names)
	return o
}

func (n *naive) names(k *node) ([]string, bool) {
	names := make([]string, len(k.segments))
	for i, s := range k.segments {
		names[i] = s.name
		if s.expr != nil {
			v, ok := n.single(s.expr)
			name, isName := naiveName(v)
			if !ok || !isName {
				return nil, false
			}
			names[i] = name
		}
	}
	return names, true
}

func naiveName(v any) (string, bool) {
	value, err := document.Of(v)
	if _, gone := v.(missing); err != nil || gone {
		return "", false
	}
	return spelled(value)
}

func (n *naive) start(k *node) (any, bool) {
	switch k.root {
	case rootDoc:
		return n.doc, true
	case rootData:
		return n.data, true
	}
	address := ""
	for _, part := range k.kids[0].kids {
		v, ok := n.single(part)
		text, isName := naiveName(v)
		if !ok || !isName {
			return nil, false
		}
		address += text
	}
	id := address[len("database.c."):]
	if id == "" {
		return nil, false
	}
	if text, ok := n.shelf["c."+id]; ok {
		return mustJSON(text).Any(), true
	}
	return nil, true
}

func (n *naive) single(k *node) (any, bool) {
	switch k.kind {
	case nodeLiteral:
		return k.value.Any(), true
	case nodeNull:
		return nil, true
	case nodeAuthField:
		if v := n.auth.field(k.name); v.Exists() {
			return v.Any(), true
		}
		return missing{}, true
	case nodeNow:
		return noon.UnixMilli(), true
	case nodeArray:
		list := []any{}
		for _, e := range k.kids {
			v, ok := n.single(e)
			if _, gone := v.(missing); gone {
				v = nil
			}
			if !ok {
				return nil, false
			}
			list = append(list, v)
		}
		return list, true
	case nodePath:
		if k.root == rootDoc {
			v, ok := n.pins[k.path.text]
			return v, ok
		}
		v, ok := n.start(k)
		for _, name := range k.path.names {
			switch x := v.(type) {
			case map[string]any:
				next, there := x[name]
				if v = next; !there {
					v = missing{}
				}
			case []any:
				if i := int(name[0] - '0'); len(name) == 1 && i >= 0 && i < len(x) {
					v = x[i]
				} else {
					v = missing{}
				}
			default:
				v = missing{}
			}
		}
		return v, ok
	}
	yes, no := n.holds(k, true), n.holds(k, false)
	return yes, yes != no
}

func (n *naive) holds(k *node, want bool) bool {
	switch k.kind {
	case nodeNot:
		return n.holds(k.kids[0], !want)
	case nodeAnd, nodeOr:
		all := (k.kind == nodeAnd) == want
		for _, kid := range k.kids {
			if n.holds(kid, want) != all {
				return !all
			}
		}
		return all
	case nodeCompare:
		op := k.op
		if op == opNe {
			op, want = opEq, !want
		}
		return n.compare(n.operand(k.kids[0]), op, n.operand(k.kids[1]), want)
	case nodeAmong:
		return n.among(k, want)
	case nodeIn:
		return n.in(n.operand(k.kids[0]), n.operand(k.kids[1]), want)
	}
	o := n.operand(k)
	switch {
	case o.bad:
		return false
	case o.null:
		return !want
	case want:
		return anyOf(o.some, truthy)
	}
	return len(o.parts) == 0 || anyOf(o.parts, func(v any) bool { return !truthy(v) })
}

func anyOf(list []any, f func(any) bool) bool {
	for _, v := range list {
		if f(v) {
			return true
		}
	}
	return false
}

func truthy(v any) bool {
	switch x := v.(type) {
	case nil, missing:
		return false
	case bool:
		return x
	case string:
		return x != ""
	case int64:
		return x != 0
	case float64:
		return x != 0 && !math.IsNaN(x)
	}
	return true
}

func nullish(v any) bool {
	_, gone := v.(missing)
	return v == nil || gone
}

func stand(a any, op compareOp, b any) bool {
	if _, gone := a.(missing); gone {
		return false
	}
	if _, gone := b.(missing); gone {
		return false
	}
	x, errX := document.Of(a)
	y, errY := document.Of(b)
	if errX != nil || errY != nil {
		panic("a value that is none")
	}
	c := document.Compare(x, y)
	if op == opEq {
		return c == 0
	}
	fx, _ := x.Float64()
	fy, _ := y.Float64()
	if a == nil || b == nil || x.Kind() != y.Kind() || math.IsNaN(fx) || math.IsNaN(fy) {
		return false
	}
	return op == opGt && c > 0 || op == opGte && c >= 0 || op == opLt && c < 0 || op == opLte && c <= 0
}

func (n *naive) compare(a naiveOperand, op compareOp, b naiveOperand, want bool) bool {
	switch {
	case a.bad || b.bad:
		return false
	case a.null && b.null:
		return want
	case a.null || b.null:
		o := a
		if a.null {
			o = b
		}
		if want {
			return anyOf(o.some, nullish)
		}
		return len(o.parts) == 0 || anyOf(o.parts, func(v any) bool { return !nullish(v) })
	case want:
		return anyOf(a.some, func(x any) bool { return anyOf(b.some, func(y any) bool { return stand(x, op, y) }) })
	}
	if len(a.parts) == 0 || len(b.parts) == 0 {
		return true
	}
	// An array that is written out is compared with wholes.
	if !a.path && b.path {
		return anyOf(a.parts, func(x any) bool { return anyOf(partsFor(b, x), func(y any) bool { return !stand(x, op, y) }) })
	}
	return anyOf(b.parts, func(y any) bool {
		parts := a.parts
		if !b.path {
			parts = partsFor(a, y)
		}
		return anyOf(parts, func(x any) bool { return !stand(x, op, y) })
	})
}

// partsFor returns what of o is compared with v, which is written out.
func partsFor(o naiveOperand, v any) []any {
	if _, isList := v.([]any); isList {
		return o.whole
	}
	return o.parts
}

func (n *naive) among(k *node, want bool) bool {
	a := n.operand(k.kids[0])
	paths := false
	for _, m := range k.kids[1:] {
		paths = paths || m.kind == nodePath
	}
	if paths {
		for _, m := range k.kids[1:] {
			if n.compare(a, opEq, n.operand(m), want) == want {
				return want
			}
		}
		return !want
	}
	var members []any
	null, lists := false, false
	for _, m := range k.kids[1:] {
		if m.kind == nodeNull {
			null = true
			continue
		}
		v, _ := n.single(m)
		if _, isList := v.([]any); isList {
			lists = true
		}
		members = append(members, v)
	}
	is := func(v any) bool {
		return null && nullish(v) || anyOf(members, func(m any) bool { return stand(v, opEq, m) })
	}
	switch {
	case a.bad:
		return false
	case a.null:
		return (null || anyOf(members, func(m any) bool { return m == nil })) == want
	case want:
		return anyOf(a.some, is)
	}
	parts := a.parts
	if lists {
		parts = a.whole
	}
	return len(parts) == 0 || anyOf(parts, func(v any) bool { return !is(v) })
}

func (n *naive) in(a, list naiveOperand, want bool) bool {
	has := func(v any) bool { return anyOf(list.members, func(m any) bool { return stand(v, opEq, m) }) }
	switch {
	case a.bad || list.bad:
		return false
	case a.null:
		return anyOf(list.members, nullish) == want
	case want:
		return anyOf(a.some, has)
	}
	return len(a.parts) == 0 || anyOf(a.parts, func(v any) bool { return !has(v) })
}

// grants asks the rule once for each choice of the values its addresses need.
func (n *naive) grants(x *expression, pins []*node) bool {
	if len(pins) > 0 {
		o := naiveOperand{}
		o.at(n.doc, pins[0].path.names)
		tried := false
		for _, v := range o.some {
			if _, ok := naiveName(v); !ok {
				continue
			}
			tried = true
			n.pins[pins[0].path.text] = v
			if n.grants(x, pins[1:]) {
				return true
			}
		}
		delete(n.pins, pins[0].path.text)
		return !tried && n.grants(x, pins[1:])
	}
	if x.top.isCondition() {
		return n.holds(x.top, true)
	}
	return anyOf(n.operand(x.top).some, func(v any) bool { return v == true })
}

// TestEvaluator holds the evaluator against the naive reading.
func TestEvaluator(t *testing.T) {
	cases, random := trial.Cases(t, 10000)
	m := maker{random}
	granted := 0
	for range cases {
		source := m.rule(2)
		x, err := compileExpression(source)
		if err != nil {
			continue
		}
		doc, others, auth := m.doc(), m.shelf(), []Auth{alice, nobody, {UID: "x"}}[m.IntN(3)]
		n := &naive{doc: doc.Value().Any(), data: missing{}, auth: auth, shelf: others, pins: map[string]any{}}
		want := n.grants(x, x.pins)
		got, failure := mustRules(t, source).Stored(t.Context(), &Call{Auth: auth, Op: Read, Now: noon, Get: others}, doc)
		if got != want {
			t.Fatalf("%s on %v by %+v with %v: %v, want %v (%v)", source, doc, auth, others, got, want, failure)
		}
		if got {
			granted++
		}
	}
	t.Logf("%d granted", granted)
	if granted == 0 || granted == cases {
		t.Error("nothing was tried")
	}
}
