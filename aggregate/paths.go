package aggregate

import (
	"strings"

	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/query"
)

// paths is what something reads of a document.
type paths struct {
	list  []string
	whole bool // the document as such
}

func (p *paths) join(q *paths) {
	p.list = append(p.list, q.list...)
	p.whole = p.whole || q.whole
}

func (p *paths) expr(x *expr.Expr) {
	list, whole := x.Paths()
	p.list = append(p.list, list...)
	p.whole = p.whole || whole
}

func (p *paths) term(t query.Term) {
	switch t.Kind() {
	case query.TermAlways, query.TermNever:
	case query.TermAnd, query.TermOr, query.TermNot:
		for i := range t.Len() {
			p.term(t.At(i))
		}
	default:
		if t.Path() == "" {
			p.whole = true
		}
		p.list = append(p.list, t.Path())
	}
}

// touches reports whether a change at path may change what is read.
func (p *paths) touches(path string) bool {
	if p.whole {
		return true
	}
	for _, q := range p.list {
		if overlap(q, path) {
			return true
		}
	}
	return false
}

// overlap reports whether one of two dotted paths is the other or leads through it.
func overlap(a, b string) bool { return below(a, b) || below(b, a) }

// below reports whether path is top, or leads through it.
func below(path, top string) bool {
	return strings.HasPrefix(path, top) && (len(path) == len(top) || path[len(top)] == '.')
}
