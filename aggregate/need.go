package aggregate

import (
	"slices"
	"strings"

	"github.com/virgadb/virga/internal/expr"
)

// A need is what steps look at in the documents that come to them.
type need struct {
	paths
	strict bool // the order of the fields is looked at too
}

// everything is what the reader of a pipeline needs.
var everything = need{paths: paths{whole: true}}

// with returns the need of what also reads p. It may take n's memory for it, as may all
// that make one need of another.
func (n need) with(p *paths) need {
	return need{paths{append(n.list, p.list...), n.whole || p.whole}, n.strict}
}

func (n need) withExprs(list ...*expr.Expr) need {
	var p paths
	for _, x := range list {
		p.expr(x)
	}
	return n.with(&p)
}

func (n need) withPaths(list ...string) need { return n.with(&paths{list: list}) }

// without returns the need before a step that writes what is at some paths, whatever it was.
func (n need) without(list ...string) need {
	if n.whole || n.strict {
		return n // a field that is there keeps its place
	}
	written := make(map[string]bool, len(list))
	for _, path := range list {
		written[path] = !strings.Contains(path, ".")
	}
	n.list = slices.DeleteFunc(n.list, func(p string) bool { return written[firstOf(p)] })
	return n
}

// firstOf returns the first segment of a path.
func firstOf(path string) string {
	first, _, _ := strings.Cut(path, ".")
	return first
}

// fields returns the names of the fields needed, _id first.
func (n need) fields() []string {
	list := []string{"_id"}
	named := map[string]bool{"_id": true}
	for _, p := range n.list {
		if first := firstOf(p); !named[first] {
			named[first] = true
			list = append(list, first)
		}
	}
	return list
}

// needs returns the paths needed, none below another.
func (n need) needs() []string {
	list := slices.Compact(slices.Sorted(slices.Values(n.list)))
	named := make(map[string]struct{}, len(list))
	for _, p := range list {
		named[p] = struct{}{}
	}
	return slices.DeleteFunc(list, func(p string) bool {
		for i := range len(p) {
			if p[i] == '.' {
				if _, above := named[p[:i]]; above {
					return true
				}
			}
		}
		return false
	})
}

// needOf returns what steps need.
func needOf(steps []step) need {
	n := everything
	for _, s := range slices.Backward(steps) {
		n = before(s, n)
	}
	return n
}

// before returns what is needed before a step when after is needed behind it. A step
// that can fail needs all that it computes with, whoever looks at the result.
func before(s step, after need) need {
	switch s := s.(type) {
	case *limit, *skip, *sample, *unionWith, *narrow:
		return after
	case *match:
		return after.with(&s.cond.reads)
	case *sorting:
		for _, f := range s.by.Fields {
			after = after.withPaths(f.Path.String())
		}
		return after
	case *h3Bucket:
		return need{}.withPaths(s.path.String())
	case *reshape:
		return s.before(after)
	case *replaceRoot:
		return need{}.withExprs(s.value)
	case *unwind:
		return after.withPaths(s.path.String())
	case *group:
		return need{}.withExprs(s.key.whole).withExprs(s.outputs.operands()...)
	case *count:
		return need{}
	case *bucket:
		return need{}.withExprs(s.value).withExprs(s.outputs.operands()...)
	case *bucketAuto:
		return need{}.withExprs(s.value).withExprs(s.outputs.operands()...)
	case *lookup:
		if len(s.local.Segments()) > 0 {
			return after.without(s.as.String()).withPaths(s.local.String()).withExprs(s.let...)
		}
		return after.without(s.as.String()).withExprs(s.let...)
	case *graphLookup:
		return after.without(s.as.String()).withExprs(s.start)
	case *facet:
		var all need
		for _, p := range s.programs {
			n := needOf(p.steps)
			all = all.with(&n.paths)
			all.strict = all.strict || n.strict
		}
		return all
	}
	return everything
}

// before returns what a reshape needs. What it puts below a field depends on what the
// field is: it goes into the elements of an array.
func (s *reshape) before(after need) need {
	if s.keep {
		if s.name == "add" {
			after = after.without(s.writes...)
			after = after.withPaths(s.entered(&after)...)
		}
		return after.with(&s.reads)
	}
	// What is chosen comes in the order of the document.
	n := need{strict: after.whole || after.strict}
	for i, path := range s.writes {
		if s.blocks[i] != path {
			n.list = append(n.list, s.blocks[i])
		}
	}
	return n.withPaths(s.kept...).with(&s.reads)
}

// entered returns the fields that s computes something in, of those that are needed after
// it.
func (s *reshape) entered(after *need) (list []string) {
	needed := make(map[string]bool, len(after.list))
	for _, path := range after.list {
		needed[firstOf(path)] = true
	}
	for i, path := range s.writes {
		if s.blocks[i] != path && needed[s.blocks[i]] {
			list = append(list, s.blocks[i])
		}
	}
	return list
}
