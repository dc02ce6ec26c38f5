package expr

import (
	"slices"
	"strings"
)

// reads is what an expression depends on.
type reads struct {
	paths  map[string]bool
	vars   map[string]bool // bound from outside
	whole  bool            // the document as such
	random bool
}

func (r *reads) path(dotted string) {
	if r.paths == nil {
		r.paths = map[string]bool{}
	}
	r.paths[dotted] = true
}

func (r *reads) variable(name string) {
	if r.vars == nil {
		r.vars = map[string]bool{}
	}
	r.vars[name] = true
}

// list returns the paths, sorted, without those below another.
func (r *reads) list() []string {
	all := make([]string, 0, len(r.paths))
	for p := range r.paths {
		all = append(all, p)
	}
	slices.Sort(all)
	return slices.DeleteFunc(all, func(p string) bool {
		for at := strings.LastIndexByte(p, '.'); at > 0; at = strings.LastIndexByte(p[:at], '.') {
			if r.paths[p[:at]] {
				return true
			}
		}
		return false
	})
}
