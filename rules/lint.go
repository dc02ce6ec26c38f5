package rules

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// A Warning is about a rule that compiles and is probably not what was meant.
type Warning struct {
	Key          string // of the rule
	Line, Column int    // in its expression, from 1
	Text         string
}

// String returns the warning on a line.
func (w Warning) String() string {
	return fmt.Sprintf("%s %d:%d: %s", w.Key, w.Line, w.Column, w.Text)
}

// Lint returns what is suspicious about r: conditions that do not depend on
// anything, rules that can never be true, creation that can never succeed, documents
// that nobody may write, writing that is open to all. Simple modes have no warnings.
func (r *Rules) Lint() []Warning {
	l := &linter{rules: r}
	for _, k := range r.keys {
		l.key = k
		l.shape(k.x.top)
		l.conditions(k.x.top)
		l.reads()
	}
	l.unused()
	l.creation()
	l.writers()
	return l.warnings
}

// A linter gathers warnings.
type linter struct {
	rules    *Rules
	key      entry // the rule that is looked at
	warnings []Warning
}

func (l *linter) warn(n *node, format string, args ...any) {
	line, column := position(l.key.x.source, n.pos)
	l.warnings = append(l.warnings, Warning{l.key.key, line, column, fmt.Sprintf(format, args...)})
}

// shape looks at a rule that is a value by itself.
func (l *linter) shape(top *node) {
	switch {
	case top.isCondition(), top.kind == nodePath && len(top.segments) > 0:
	case top.kind == nodeAuth || top.kind == nodeAuthField:
		l.warn(top, "%s is never true by itself, so nobody is allowed: compare it, as in %s != null", l.key.x.text(top), l.key.x.text(top))
	default:
		l.warn(top, "%s is never true, so nobody is allowed: a rule grants only when its value is true", l.key.x.text(top))
	}
}

// conditions looks at n and the conditions within it.
func (l *linter) conditions(n *node) {
	switch n.kind {
	case nodeCompare:
		a, b := l.key.x.text(n.kids[0]), l.key.x.text(n.kids[1])
		if _, ok := constant(n); a == b && !ok {
			l.warn(n, "%s is compared with itself", a)
			return
		}
	case nodeAnd, nodeOr:
		l.joined(n)
		return
	case nodeNot:
		l.conditions(n.kids[0])
		return
	}
	if value, ok := constant(n); ok && n.kind != nodeLiteral {
		l.warn(n, "%s is always %v", l.key.x.text(n), value)
	}
}

// joined looks at the conditions that n joins.
func (l *linter) joined(n *node) {
	for i, k := range n.kids {
		value, ok := constant(k)
		switch {
		case ok && value == (n.kind == nodeOr) && i < len(n.kids)-1:
			l.warn(k, "%s is always %v: what stands behind it is never asked", l.key.x.text(k), value)
			return
		case ok:
			l.warn(k, "%s is always %v", l.key.x.text(k), value)
		default:
			l.conditions(k)
		}
	}
	if value, ok := constant(n); ok {
		l.warn(n, "the whole is always %v", value)
	}
}

// constant returns what n comes to whatever the call and the document, if that is
// one answer.
func constant(n *node) (value, ok bool) {
	e := &evaluation{ctx: context.Background(), call: &Call{}, x: &expression{}, proving: true}
	varies := false
	mark := func(k *node) {
		switch k.kind {
		case nodeAuth, nodeAuthField, nodeNow, nodePath:
			varies = true
		}
	}
	switch n.kind {
	case nodeNot:
		value, ok = constant(n.kids[0])
		return !value, ok
	case nodeAnd, nodeOr:
		every := true
		for _, k := range n.kids {
			value, ok := constant(k)
			if ok && value == (n.kind == nodeOr) {
				return value, true
			}
			every = every && ok
		}
		return n.kind == nodeAnd, every
	}
	n.walk(mark)
	if varies {
		return false, false
	}
	return e.holds(n, true), true
}

// reads looks for what rules about existing documents cannot see.
func (l *linter) reads() {
	if l.key.key != "read" && l.key.key != "delete" {
		return
	}
	l.key.x.top.walk(func(n *node) {
		if n.kind == nodePath && n.root == rootData {
			l.warn(n, "%s is always undefined: to %s writes no data", l.key.x.text(n), l.key.key)
		}
	})
}

// unused looks for a write rule that decides nothing.
func (l *linter) unused() {
	for _, k := range l.rules.keys {
		if k.key != "write" {
			continue
		}
		used := false
		for op := Create; op <= Delete; op++ {
			used = used || l.rules.rules[op].key == "write"
		}
		if l.key = k; !used {
			l.warn(k.x.top, "write decides nothing: create, update and delete have rules of their own")
		}
	}
}

// creation looks for a rule that lets nobody create anything: new documents carry
// the caller in _openid.
func (l *linter) creation() {
	ru := l.rules.rules[Create]
	if ru.x == nil {
		return
	}
	if _, isConstant := constant(ru.x.top); isConstant {
		return
	}
	for _, who := range []Auth{{OpenID: "someone"}, {UID: "someone"}} {
		f, err := query.CompileFilter(document.M{"_openid": who.Owner(), "_id": query.Neq(nil)}, (&Call{}).Now)
		if err != nil {
			return
		}
		e := (&Call{Auth: who}).begin(context.Background(), Create, ru)
		e.prove(f)
		if !e.holds(ru.x.top, false) {
			return
		}
	}
	l.key = entry{key: ru.key, x: ru.x}
	l.warn(ru.x.top, "no document can be created: of a new one this is never true")
}

// writers looks for documents that everybody may write, and for some that nobody
// may although everybody sees them.
func (l *linter) writers() {
	seen := map[*expression]bool{}
	for op := Create; op <= Delete; op++ {
		ru := l.rules.rules[op]
		if ru.x == nil || seen[ru.x] {
			continue
		}
		seen[ru.x] = true
		l.key = entry{key: ru.key, x: ru.x}
		value, isConstant := constant(ru.x.top)
		if isConstant && !value {
			continue
		}
		usesAuth, usesOwner := false, false
		ru.x.top.walk(func(n *node) {
			usesAuth = usesAuth || n.kind == nodeAuth || n.kind == nodeAuthField
			usesOwner = usesOwner || n.ofDoc() && n.path != nil && n.path.text == "_openid"
		})
		if !usesAuth {
			l.warn(ru.x.top, "it does not look at auth: everybody may %s, even who is not logged in", ru.key)
		}
		if usesOwner && op != Create && l.readsAll() {
			l.warn(ru.x.top, "everybody sees documents that the program itself added, and nobody may %s them: they have no _openid", op)
		}
	}
}

// readsAll reports whether everybody reads everything.
func (l *linter) readsAll() bool {
	ru := l.rules.rules[Read]
	if ru.x == nil {
		return false
	}
	value, ok := constant(ru.x.top)
	return ok && value
}
