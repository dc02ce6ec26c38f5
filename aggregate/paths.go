package aggregate

import (
	"iter"
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

// A pathSet holds paths so that to look for one among many takes no longer. The zero set
// holds none.
type pathSet struct {
	paths map[string]bool // without places
	tops  map[string]bool // they, and what is above them
}

func (s *pathSet) add(path string) {
	if s.paths == nil {
		s.paths, s.tops = map[string]bool{}, map[string]bool{}
	}
	path = withoutPlaces(path)
	s.paths[path] = true
	for top := range tops(path) {
		s.tops[top] = true
	}
}

// touches reports whether path overlaps any path of s.
func (s *pathSet) touches(path string) bool {
	path = withoutPlaces(path)
	if s.tops[path] {
		return true
	}
	for top := range tops(path) {
		if s.paths[top] {
			return true
		}
	}
	return false
}

// tops yields the paths above path, from the first segment on, and path.
func tops(path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range len(path) {
			if path[i] == '.' && !yield(path[:i]) {
				return
			}
		}
		yield(path)
	}
}

// overlap reports whether what one of two dotted paths leads to may be, or be part of,
// what the other does. A number may be a place in an array, whose elements the other
// path goes on into: it tells nothing.
func overlap(a, b string) bool {
	a, b = withoutPlaces(a), withoutPlaces(b)
	return below(a, b) || below(b, a)
}

// withoutPlaces returns a path without the segments that may be places in an array.
func withoutPlaces(path string) string {
	if !strings.ContainsAny(path, "0123456789") {
		return path
	}
	segments := strings.Split(path, ".")
	kept := segments[:1] // of the document itself, which is no array
	for _, name := range segments[1:] {
		if strings.Trim(name, "0123456789") != "" {
			kept = append(kept, name)
		}
	}
	return strings.Join(kept, ".")
}

// below reports whether path is top, or leads through it.
func below(path, top string) bool {
	return strings.HasPrefix(path, top) && (len(path) == len(top) || path[len(top)] == '.')
}
