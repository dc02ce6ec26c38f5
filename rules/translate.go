package rules

import (
	"math"

	"github.com/virgadb/virga/document"
)

// An outcome says what a condition of a rule is as a filter.
type outcome uint8

const (
	needless  outcome = iota // it holds already
	required                 // a filter says it
	hopeless                 // it cannot hold, whatever the document
	unsayable                // no filter says it
)

// A translation turns a rule into a filter: into one that lets the rule hold, or,
// when all is set, into one that keeps every document for which it holds, but for
// this: of a document in which a negated comparison meets an array, the filter asks
// that no element be equal, where the rule is content with one that differs.
type translation struct {
	e   *evaluation
	all bool
}

// of returns the filter that says that n holds, or that it is refuted.
func (t *translation) of(n *node, want bool) (document.D, outcome) {
	if t.e.holds(n, want) {
		return nil, needless
	}
	switch n.kind {
	case nodeNot:
		return t.of(n.kids[0], !want)
	case nodeAnd, nodeOr:
		if (n.kind == nodeAnd) == want {
			return t.every(len(n.kids), func(i int) (document.D, outcome) { return t.of(n.kids[i], want) })
		}
		return t.some(len(n.kids), func(i int) (document.D, outcome) { return t.of(n.kids[i], want) })
	case nodeCompare:
		return t.compare(n, want)
	case nodeAmong:
		return t.among(n, want)
	case nodeIn:
		return t.in(n, want)
	}
	return t.truth(n, want)
}

// every joins n filters all of which have to hold.
func (t *translation) every(n int, kid func(int) (document.D, outcome)) (document.D, outcome) {
	var all []document.D
	worst := needless
	for i := range n {
		d, o := kid(i)
		worst = max(worst, o)
		if o == required {
			all = append(all, d)
		}
	}
	if worst != required {
		return nil, worst
	}
	return joined(all), required
}

// some joins n filters one of which has to hold; the first will do, unless all
// documents are wanted.
func (t *translation) some(n int, kid func(int) (document.D, outcome)) (document.D, outcome) {
	var list []any
	worst := hopeless
	for i := range n {
		d, o := kid(i)
		switch {
		case o == needless, o == required && !t.all:
			return d, o
		case o == required:
			list = append(list, d)
		case o == unsayable:
			worst = unsayable
		}
	}
	switch {
	case worst == unsayable && (t.all || len(list) == 0), len(list) == 0:
		return nil, worst
	case len(list) == 1:
		return list[0].(document.D), required
	}
	return document.D{{Key: "$or", Value: list}}, required
}

// joined returns the filter that asks for all of list: one object, unless two of
// them speak of one path.
func joined(list []document.D) document.D {
	var one document.D
	var each []any
	keys := map[string]bool{}
	for _, d := range list {
		each = append(each, d)
		one = append(one, d...)
		for _, f := range d {
			keys[f.Key] = true
		}
	}
	if len(keys) < len(one) {
		return document.D{{Key: "$and", Value: each}}
	}
	return one
}

func (t *translation) compare(n *node, want bool) (document.D, outcome) {
	op := n.op
	if op == opNe {
		op, want = opEq, !want
	}
	return t.stands(t.e.operand(n.kids[0]), op, t.e.operand(n.kids[1]), want)
}

var opNames = [...]string{opEq: "$eq", opGt: "$gt", opGte: "$gte", opLt: "$lt", opLte: "$lte"}

// stands says that a stands to b as op says, or that it does not.
func (t *translation) stands(a operand, op compareOp, b operand, want bool) (document.D, outcome) {
	a, op, b = turned(a, op, b)
	switch {
	case a.unknown || b.unknown || b.free != nil:
		return nil, unsayable
	case a.free == nil:
		return nil, hopeless
	case b.null:
		return t.ask(a.free, opEq, document.NullValue(), want)
	}
	var values []document.Value
	t.e.any(b, inSome, func(v document.Value) bool {
		values = append(values, v)
		return false
	})
	switch {
	case len(values) == 1 && values[0].Kind() == document.Null:
		return nil, unsayable // a filter for null takes what is missing too
	case len(values) == 1:
		return t.ask(a.free, op, values[0], want)
	case op == opEq && want:
		return t.member(a.free, values, false, true)
	}
	return nil, unsayable
}

// ask says that a value at p stands to v as op says, or that none does.
func (t *translation) ask(p *path, op compareOp, v document.Value, want bool) (document.D, outcome) {
	switch {
	case !sayable(p):
		return nil, unsayable
	case !v.Exists() || op != opEq && !hasOrder(v):
		return nil, hopeless // its negation holds already
	}
	switch {
	case op == opEq && want && isPlain(v):
		return document.D{{Key: p.text, Value: v}}, required
	case op == opEq && !want:
		return document.D{{Key: p.text, Value: document.D{{Key: "$ne", Value: v}}}}, required
	}
	asked := document.D{{Key: opNames[op], Value: v}}
	if !want {
		asked = document.D{{Key: "$not", Value: asked}}
	}
	return document.D{{Key: p.text, Value: asked}}, required
}

// sayable reports whether a filter can name p.
func sayable(p *path) bool { return !p.unstored && len(p.names) > 0 }

// isPlain reports whether v stands for equality by itself in a filter.
func isPlain(v document.Value) bool {
	switch v.Kind() {
	case document.Object, document.Array, document.Regexp:
		return false
	}
	return true
}

func (t *translation) among(n *node, want bool) (document.D, outcome) {
	a := t.e.operand(n.kids[0])
	var values []document.Value
	null := false
	for _, k := range n.kids[1:] {
		if k.kind == nodePath {
			return t.amongEach(n, a, want)
		}
		m := t.e.operand(k)
		switch {
		case m.unknown:
			return nil, unsayable
		case m.null:
			null = true
		case m.list[0].value.Exists():
			values = append(values, m.list[0].value)
		}
	}
	switch {
	case a.unknown:
		return nil, unsayable
	case a.free == nil:
		return nil, hopeless
	}
	return t.member(a.free, values, null, want)
}

// amongEach says that a equals one of the members of n, or none.
func (t *translation) amongEach(n *node, a operand, want bool) (document.D, outcome) {
	kid := func(i int) (document.D, outcome) {
		m := t.e.operand(n.kids[i+1])
		if t.e.stands(a, opEq, m, want) {
			return nil, needless
		}
		return t.stands(a, opEq, m, want)
	}
	if want {
		return t.some(len(n.kids)-1, kid)
	}
	return t.every(len(n.kids)-1, kid)
}

// member says that a value at p is one of values, or that none is.
func (t *translation) member(p *path, values []document.Value, null, want bool) (document.D, outcome) {
	var list []any
	for _, v := range values {
		if v.Kind() == document.Null || v.Kind() == document.Regexp {
			return nil, unsayable
		}
		list = append(list, v)
	}
	if null {
		list = append(list, nil)
	}
	switch {
	case !sayable(p):
		return nil, unsayable
	case len(list) == 0:
		return nil, hopeless
	case len(list) == 1 && want:
		return t.ask(p, opEq, append(values, document.NullValue())[0], true)
	}
	op := "$in"
	if !want {
		op = "$nin"
	}
	return document.D{{Key: p.text, Value: document.D{{Key: op, Value: list}}}}, required
}

func (t *translation) in(n *node, want bool) (document.D, outcome) {
	a, list := t.e.operand(n.kids[0]), t.e.operand(n.kids[1])
	switch {
	case a.unknown || list.unknown:
		return nil, unsayable
	case list.free != nil:
		if len(a.list) == 1 && a.list[0].value.Kind() == document.Array {
			return nil, unsayable // a filter for an array takes the list itself too
		}
		return t.stands(list, opEq, a, want)
	case a.free == nil:
		return nil, hopeless
	}
	var values []document.Value
	t.e.any(list, inList, func(v document.Value) bool {
		if v.Exists() {
			values = append(values, v)
		}
		return false
	})
	return t.member(a.free, values, false, want)
}

// truth says that n counts as true, or as false; the whole rule has to be true.
func (t *translation) truth(n *node, want bool) (document.D, outcome) {
	o := t.e.operand(n)
	switch {
	case o.unknown:
		return nil, unsayable
	case o.free == nil:
		return nil, hopeless
	case !sayable(o.free):
		return nil, unsayable
	case !t.all || n == t.e.x.top:
		return t.ask(o.free, opEq, document.Boolean(want), true)
	}
	falsy := []any{false, nil, 0, "", math.NaN()}
	if !want {
		return document.D{{Key: o.free.text, Value: document.D{{Key: "$in", Value: falsy}}}}, required
	}
	return document.D{{Key: o.free.text, Value: document.D{{Key: "$exists", Value: true}, {Key: "$nin", Value: falsy}}}}, required
}
