package rules

import (
	"slices"
	"strings"

	"github.com/virgadb/virga/document"
)

// postfix reads a value and the members asked of it.
func (p *parser) postfix() (*node, *SyntaxError) {
	n, err := p.primary()
	if err != nil {
		return nil, err
	}
	for p.mark(".") || p.mark("[") {
		bracket := p.mark("[")
		if err := p.advance(); err != nil {
			return nil, err
		}
		read := p.member
		if bracket {
			read = p.index
		}
		s, end, err := read()
		if err != nil {
			return nil, err
		}
		if n, err = p.memberOf(n, s, end); err != nil {
			return nil, err
		}
	}
	if n.kind == nodePath && n.name != "" {
		return nil, p.failAt(n, "request stands for nothing by itself: write request.data")
	}
	if n.kind == nodePath && n.path == nil {
		n.path = writtenPath(n.segments)
	}
	return n, nil
}

// writtenPath returns the path of segments that are all written out, or else nil.
func writtenPath(segments []segment) *path {
	names := make([]string, len(segments))
	for i, s := range segments {
		if names[i] = s.name; s.expr != nil {
			return nil
		}
	}
	return newPath(names)
}

// member reads the name behind a dot.
func (p *parser) member() (segment, int, *SyntaxError) {
	if p.token.kind != tokenName {
		return segment{}, 0, p.fail("expected a name after the dot, found %s", p.token.describe())
	}
	t := p.token
	if err := p.advance(); err != nil {
		return segment{}, 0, err
	}
	if p.mark("(") {
		return segment{}, 0, syntaxError(p.source, t.pos, "unknown function %s: get is the only one", t.text)
	}
	return segment{name: t.text}, t.end, nil
}

// index reads what stands between brackets.
func (p *parser) index() (segment, int, *SyntaxError) {
	n, err := p.or()
	if err != nil {
		return segment{}, 0, err
	}
	end := p.token.end
	if err := p.expect("]"); err != nil {
		return segment{}, 0, err
	}
	switch {
	case n.kind == nodeLiteral:
		name, ok := spelled(n.value)
		if !ok || name == "" || strings.ContainsAny(name, ".\x00") {
			return segment{}, 0, p.failAt(n, "%s names no field and no element", p.source[n.pos:n.end])
		}
		return segment{name: name}, end, nil
	case n.kind == nodeAuthField, n.kind == nodePath && n.path != nil && len(n.segments) > 0:
		return segment{expr: n}, end, nil
	}
	return segment{}, 0, p.failAt(n, "a member is named by a string, a number, a field of auth or a path of names")
}

// spelled returns a string or a whole number as the name of a member.
func spelled(v document.Value) (string, bool) {
	if text, ok := v.Text(); ok {
		return text, true
	}
	if _, ok := v.Int64(); ok && v.IsInt() {
		return v.String(), true
	}
	return "", false
}

// memberOf returns the node for member s of n.
func (p *parser) memberOf(n *node, s segment, end int) (*node, *SyntaxError) {
	switch n.kind {
	case nodeAuth:
		switch s.name {
		case "openid", "uid", "loginType":
			return &node{kind: nodeAuthField, id: -1, name: s.name, pos: n.pos, end: end}, nil
		}
		return nil, p.failAt(n, "%s is unknown: auth has openid, uid and loginType", p.source[n.pos:end])
	case nodePath:
		if n.name == "request" {
			if s.name != "data" {
				return nil, p.failAt(n, "%s is unknown: request has data", p.source[n.pos:end])
			}
			return &node{kind: nodePath, root: rootData, id: -1, path: newPath(nil), pos: n.pos, end: end}, nil
		}
		return below(n, s, end), nil
	}
	return nil, p.failAt(n, "%s has no members", p.source[n.pos:n.end])
}

// below returns the path one segment below n.
func below(n *node, s segment, end int) *node {
	to := *n
	to.pos, _ = n.outer()
	to.end, to.from, to.to = end, 0, 0
	to.segments = append(slices.Clip(n.segments), s)
	to.path = nil // made when it is complete
	return &to
}

func (p *parser) primary() (*node, *SyntaxError) {
	t := p.token
	switch t.kind {
	case tokenNumber, tokenString:
		return &node{kind: nodeLiteral, id: -1, value: t.value, pos: t.pos, end: t.end}, p.advance()
	case tokenName:
		if err := p.advance(); err != nil {
			return nil, err
		}
		return p.named(t)
	case tokenTemplate:
		if p.inGet == 0 {
			return nil, p.fail("a template only stands within get()")
		}
		n, err := p.template(t)
		if err != nil {
			return nil, err
		}
		return n, p.advance()
	case tokenEnd:
		return nil, p.fail("expected a value, found the end")
	}
	switch t.text {
	case "(":
		return p.parenthesis()
	case "[":
		return p.array()
	}
	return nil, p.fail("expected a value, found %s", t.text)
}

// named returns the node for the name t, which has been passed.
func (p *parser) named(t token) (*node, *SyntaxError) {
	n := &node{id: -1, pos: t.pos, end: t.end}
	if p.mark("(") && t.text != "get" {
		return nil, syntaxError(p.source, t.pos, "unknown function %s: get is the only one", t.text)
	}
	switch t.text {
	case "true", "false":
		n.kind, n.value = nodeLiteral, document.Boolean(t.text == "true")
	case "null", "undefined":
		n.kind = nodeNull
	case "auth":
		n.kind = nodeAuth
	case "now":
		n.kind = nodeNow
	case "doc":
		n.kind, n.root, n.path = nodePath, rootDoc, newPath(nil)
	case "request":
		n.kind, n.root, n.name = nodePath, rootData, t.text
	case "get":
		return p.get(t)
	case "in":
		return nil, syntaxError(p.source, t.pos, "expected a value before in")
	default:
		return nil, syntaxError(p.source, t.pos, "unknown name %s: a rule knows auth, doc, request, now and get()", t.text)
	}
	return n, nil
}

func (p *parser) parenthesis() (*node, *SyntaxError) {
	start := p.token.pos
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	end := p.token.end
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	around := *n
	around.from, around.to = start, end
	return &around, nil
}

func (p *parser) array() (*node, *SyntaxError) {
	n := &node{kind: nodeArray, id: -1, pos: p.token.pos}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for !p.mark("]") {
		k, err := p.or()
		if err != nil {
			return nil, err
		}
		if k.ofDoc() && k.path == nil {
			return nil, p.failAt(k, "a list holds no path with computed members")
		}
		n.kids = append(n.kids, k)
		if !p.mark(",") {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	n.end = p.token.end
	return n, p.expect("]")
}
