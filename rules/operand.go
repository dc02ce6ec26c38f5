package rules

import (
	"strings"

	"github.com/virgadb/virga/document"
)

// An operand is what is known of a part of an expression that stands for a value.
type operand struct {
	null    bool      // it is written null, or undefined
	unknown bool      // nothing is known: a comparison neither holds nor fails
	free    *path     // it is this path in documents of which only facts are known
	path    bool      // it comes from a path, so that arrays are looked into
	list    []reached // it is known: usually one value
}

// any reports whether f holds for one of the values that o stands for. When the
// evaluation is stopped it reports true; then the answer means nothing.
func (e *evaluation) any(o operand, how reading, f func(document.Value) bool) bool {
	for _, r := range o.list {
		if !r.each(how, func(v document.Value) bool { return e.step() && !f(v) }) {
			return true
		}
	}
	return false
}

// none reports whether o stands for no value, as a path beyond an empty array does.
func (o operand) none() bool { return o.free == nil && len(o.list) == 0 }

// operand evaluates n, which stands for a value.
func (e *evaluation) operand(n *node) operand {
	switch n.kind {
	case nodeNull:
		return operand{null: true}
	case nodePath:
		return e.pathOperand(n)
	}
	v, ok := e.single(n)
	return e.known(v, ok)
}

// known returns the operand of one value that is not looked into.
func (e *evaluation) known(v document.Value, ok bool) operand {
	if !ok {
		return operand{unknown: true}
	}
	from := len(e.values)
	e.values = append(e.values, reached{v, false})
	return operand{list: e.values[from:len(e.values):len(e.values)]}
}

// pathOperand evaluates the path n.
func (e *evaluation) pathOperand(n *node) operand {
	p, ok := e.resolve(n)
	if !ok {
		return operand{unknown: true}
	}
	if n.root == rootDoc && e.proving {
		return operand{free: p, path: true}
	}
	start, ok := e.rootOf(n, p)
	if !ok {
		return operand{unknown: true}
	}
	from := len(e.values)
	reach(start, p, func(r reached) bool {
		e.values = append(e.values, r)
		return e.step()
	})
	return operand{path: true, list: e.values[from:len(e.values):len(e.values)]}
}

// rootOf returns the value that the path n, which is p, starts at.
func (e *evaluation) rootOf(n *node, p *path) (document.Value, bool) {
	switch n.root {
	case rootData:
		if e.data.hides(p) {
			e.trouble = "what the update makes of " + e.x.text(n) + " is not known before it runs"
			return document.Value{}, false
		}
		return e.data.value, true
	case rootGet:
		return e.get(n.kids[0])
	}
	return e.doc, !e.proving
}

// resolve returns the path n with its computed segments filled in.
func (e *evaluation) resolve(n *node) (*path, bool) {
	if n.path != nil {
		return n.path, true
	}
	names := make([]string, len(n.segments))
	for i, s := range n.segments {
		names[i] = s.name
		if s.expr == nil {
			continue
		}
		v, ok := e.single(s.expr)
		if ok {
			names[i], ok = spelled(v)
		}
		if !ok {
			e.unclear(s.expr)
			return nil, false
		}
	}
	return newPath(names), true
}

// unclear notes that n was to give a name and did not.
func (e *evaluation) unclear(n *node) {
	switch {
	case e.trouble != "":
	case e.proving && n.ofDoc():
		e.trouble = e.x.text(n) + " must be fixed by the filter, to one string or whole number"
	default:
		e.trouble = e.x.text(n) + " is no string and no whole number"
	}
}

// single evaluates n where exactly one value is wanted. An array in the document
// stands for the one of its elements that was chosen.
func (e *evaluation) single(n *node) (document.Value, bool) {
	switch n.kind {
	case nodeLiteral:
		return n.value, true
	case nodeNull:
		return document.NullValue(), true
	case nodeAuth:
		return e.call.Auth.value(), true
	case nodeAuthField:
		return e.call.Auth.field(n.name), true
	case nodeNow:
		return document.Int(e.call.Now.UnixMilli()), true
	case nodeArray:
		return e.array(n)
	case nodePath:
		return e.singleAt(n)
	}
	yes, no := e.holds(n, true), e.holds(n, false)
	return document.Boolean(yes), yes != no
}

// singleAt evaluates the path n where one value is wanted.
func (e *evaluation) singleAt(n *node) (document.Value, bool) {
	p, ok := e.resolve(n)
	if !ok {
		return document.Value{}, false
	}
	if n.root == rootDoc {
		return e.pinned(p)
	}
	v, ok := e.rootOf(n, p)
	for i := 0; ok && i < len(p.names); i++ {
		if v.Kind() == document.Array {
			v = v.Element(p.index[i])
		} else {
			v = v.Field(p.names[i])
		}
	}
	return v, ok
}

// array builds a list that is compared as a whole.
func (e *evaluation) array(n *node) (document.Value, bool) {
	var b document.Builder
	b.BeginArray()
	for _, k := range n.kids {
		v, ok := e.single(k)
		if !ok {
			return document.Value{}, false
		}
		b.Value(v)
	}
	b.End()
	return b.Built(), true
}

// get evaluates the call n: the document, or null when there is none.
func (e *evaluation) get(n *node) (document.Value, bool) {
	var address strings.Builder
	for _, k := range n.kids {
		v, ok := e.single(k)
		text, isName := spelled(v)
		if !ok || !isName {
			e.unclear(k)
			return document.Value{}, false
		}
		address.WriteString(text)
	}
	_, rest, _ := strings.Cut(address.String(), ".")
	collection, id, _ := strings.Cut(rest, ".")
	if id == "" {
		e.trouble = "the address " + address.String() + " names no document"
		return document.Value{}, false
	}
	return e.fetch(collection, id)
}
