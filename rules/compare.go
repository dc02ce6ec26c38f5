package rules

import "github.com/virgadb/virga/document"

// compare decides a comparison, or its negation.
func (e *evaluation) compare(n *node, op compareOp, want bool) bool {
	return e.stands(e.operand(n.kids[0]), op, e.operand(n.kids[1]), want)
}

// stands reports whether a stands to b as op says, or does not: whether one value
// of a does to one value of b.
func (e *evaluation) stands(a operand, op compareOp, b operand, want bool) bool {
	a, op, b = turned(a, op, b)
	switch {
	case a.unknown || b.unknown:
		return false
	case a.null && b.null:
		return want
	case a.null:
		return e.asks(b, &test{kind: testNull}, want)
	case b.null:
		return e.asks(a, &test{kind: testNull}, want)
	case b.free != nil:
		return e.facts.eachPin(a.free, func(v document.Value) bool {
			return e.asks(b, &test{op: op.flipped(), value: v}, want)
		}) || e.facts.eachPin(b.free, func(v document.Value) bool {
			return e.asks(a, &test{op: op, value: v}, want)
		})
	case want:
		return e.any(b, inSome, func(v document.Value) bool { return e.asks(a, &test{op: op, value: v}, true) })
	}
	return b.none() || e.any(b, inParts, func(v document.Value) bool {
		return e.asks(a, &test{op: op, value: v, whole: !b.path && v.Kind() == document.Array}, false)
	})
}

// turned returns a comparison with what is looked into, arrays and free paths above
// all, on its left.
func turned(a operand, op compareOp, b operand) (operand, compareOp, operand) {
	if b.free != nil && a.free == nil || b.path && !a.path {
		return b, op.flipped(), a
	}
	return a, op, b
}

// asks reports whether some value of o meets t, or, when want is false, whether
// some part of it does not.
func (e *evaluation) asks(o operand, t *test, want bool) bool {
	switch {
	case o.unknown:
		return false
	case o.null:
		return t.meets(document.NullValue()) == want
	case o.free != nil:
		return e.facts.prove(e, o.free, t, want)
	case want:
		return e.any(o, inSome, func(v document.Value) bool { return e.tries(t, v) })
	}
	how := inParts
	if t.whole {
		how = inWhole
	}
	return o.none() || e.any(o, how, func(v document.Value) bool { return !e.tries(t, v) })
}

// tries reports whether v meets t, at the price of comparing them.
func (e *evaluation) tries(t *test, v document.Value) bool {
	if size := len(v.Raw()); size >= stepBytes && t.kind != testNull && t.kind != testTrue {
		e.steps += min(size, t.size()) / stepBytes
	}
	return t.meets(v)
}

// among decides whether a value is in a list that is written out.
func (e *evaluation) among(n *node, want bool) bool {
	a := e.operand(n.kids[0])
	t := &test{kind: testAmong}
	for _, k := range n.kids[1:] {
		if k.kind == nodePath {
			return e.amongEach(n, a, want)
		}
		m := e.operand(k)
		switch {
		case m.unknown && !want:
			return false
		case m.null:
			t.null = true
		case !m.unknown && m.list[0].value.Exists():
			t.values = append(t.values, m.list[0].value)
			t.whole = t.whole || m.list[0].value.Kind() == document.Array
		}
	}
	return e.asks(a, t, want)
}

// amongEach compares a, which is the value n asks about, with its members one by
// one, because some are paths.
func (e *evaluation) amongEach(n *node, a operand, want bool) bool {
	for _, k := range n.kids[1:] {
		if e.stands(a, opEq, e.operand(k), want) == want {
			return want
		}
	}
	return !want
}

// in decides whether a value is a member of the list at a path. Unlike a
// comparison, its negation asks that no element be equal.
func (e *evaluation) in(n *node, want bool) bool {
	a, list := e.operand(n.kids[0]), e.operand(n.kids[1])
	switch {
	case a.unknown || list.unknown:
		return false
	case a.null:
		return e.contains(list, &test{kind: testNull}, want)
	case a.free != nil && list.free != nil:
		return e.facts.eachPin(a.free, func(v document.Value) bool {
			return e.contains(list, &test{op: opEq, value: v}, want)
		}) || want && e.facts.eachPin(list.free, func(v document.Value) bool {
			return e.asks(a, &test{op: opEq, value: v}, true)
		})
	case a.free != nil:
		t := &test{kind: testAmong}
		e.any(list, inList, func(v document.Value) bool {
			t.values = append(t.values, v)
			return false
		})
		return e.asks(a, t, want)
	case want:
		return e.any(a, inSome, func(v document.Value) bool { return e.contains(list, &test{op: opEq, value: v}, true) })
	}
	return a.none() || e.any(a, inParts, func(v document.Value) bool { return e.contains(list, &test{op: opEq, value: v}, false) })
}

// contains reports whether list has a member that meets t, or has none.
func (e *evaluation) contains(list operand, t *test, want bool) bool {
	if list.free != nil {
		return e.facts.proveMember(e, list.free, t, want)
	}
	return e.any(list, inList, func(v document.Value) bool { return e.tries(t, v) }) == want
}
