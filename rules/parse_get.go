package rules

import (
	"strings"

	"github.com/virgadb/virga/document"
)

// get reads the call of get, whose name t has been passed.
func (p *parser) get(t token) (*node, *SyntaxError) {
	if !p.mark("(") {
		return nil, p.fail("get is a function: write get(`database.collection.id`)")
	}
	p.inGet++
	if p.gets++; p.gets > maxGets {
		return nil, syntaxError(p.source, t.pos, "more than %d calls of get()", maxGets)
	}
	if p.inGet > maxGetDepth {
		return nil, syntaxError(p.source, t.pos, "more than %d calls of get() inside one another", maxGetDepth)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	address, err := p.or()
	if err != nil {
		return nil, err
	}
	end := p.token.end
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	p.inGet--
	call := &node{kind: nodeGet, id: -1, kids: parts(nil, address), pos: t.pos, end: end}
	if err := p.checkAddress(call, address); err != nil {
		return nil, err
	}
	return &node{kind: nodePath, root: rootGet, id: -1, kids: []*node{call}, path: newPath(nil), pos: t.pos, end: end}, nil
}

// parts appends to list the parts that n joins, strings that follow one another as
// one.
func parts(list []*node, n *node) []*node {
	if n.kind != nodeGet {
		if text, ok := n.value.Text(); ok && len(list) > 0 {
			last := list[len(list)-1]
			if before, ok := last.value.Text(); ok {
				list[len(list)-1] = &node{kind: nodeLiteral, id: -1, value: document.Text(before + text), pos: last.pos, end: n.end}
				return list
			}
		}
		return append(list, n)
	}
	for _, k := range n.kids {
		list = parts(list, k)
	}
	return list
}

// checkAddress refuses an address that does not write out its collection: which
// collections a rule reads is said in the rule and nowhere else.
func (p *parser) checkAddress(call, address *node) *SyntaxError {
	text, isText := call.kids[0].value.Text()
	database, rest, _ := strings.Cut(text, ".")
	collection, id, complete := strings.Cut(rest, ".")
	if !isText || database != "database" || collection == "" || !complete {
		return p.failAt(address, "get() needs an address that begins database.collection. with the collection written out")
	}
	if id == "" && len(call.kids) == 1 {
		return p.failAt(address, "the address names no document")
	}
	for _, k := range call.kids {
		if k.kind == nodeLiteral && k.value.Kind() != document.Bool {
			continue
		}
		if k.isCondition() || k.kind == nodeNull || k.kind == nodeArray || k.kind == nodeAuth || k.kind == nodePath && k.path == nil {
			return p.failAt(k, "%s cannot be part of an address", p.source[k.pos:k.end])
		}
	}
	return nil
}

// template reads the parts of the template t, which is the next token.
func (p *parser) template(t token) (*node, *SyntaxError) {
	leave, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer leave()
	n := &node{kind: nodeGet, id: -1, pos: t.pos, end: t.end}
	s := scanner{source: p.source, pos: t.pos + 1}
	from, text := s.pos, &strings.Builder{}
	add := func() {
		if text.Len() > 0 || len(n.kids) == 0 {
			n.kids = append(n.kids, &node{kind: nodeLiteral, id: -1, value: document.Text(text.String()), pos: from, end: s.pos})
			text.Reset()
		}
	}
	for s.pos < t.end-1 {
		switch {
		case s.source[s.pos] == '\\':
			if err := s.escape(text); err != nil {
				return nil, err
			}
		case strings.HasPrefix(s.source[s.pos:], "${"):
			add()
			end, _ := holeEnd(s.source, s.pos+2)
			k, err := p.hole(s.pos+2, end-1)
			if err != nil {
				return nil, err
			}
			n.kids = append(n.kids, k)
			s.pos, from = end, end
		default:
			text.WriteByte(s.source[s.pos])
			s.pos++
		}
	}
	add()
	return n, nil
}

// hole reads the expression of a template that stands from byte offset from to to.
func (p *parser) hole(from, to int) (*node, *SyntaxError) {
	outer, token := p.scanner, p.token
	p.scanner = scanner{source: p.source[:to], pos: from}
	n, err := p.whole()
	p.scanner, p.token = outer, token
	if err != nil {
		return nil, syntaxError(p.source, err.offset, "%s", err.Message)
	}
	return n, nil
}
