package query

// And returns the filter that asks for f and for all of others, of which each may be
// nil, as may f: nothing is asked for then. They stay as they are. It is nil when all
// are, and may have more conditions than a filter that is compiled.
func (f *Filter) And(others ...*Filter) *Filter {
	var roots []*node
	var last *Filter
	for _, g := range append([]*Filter{f}, others...) {
		if g != nil {
			last, roots = g, append(roots, g.root)
		}
	}
	if len(roots) < 2 {
		return last
	}
	for i, root := range roots {
		roots[i] = root.unslotted()
	}
	joined := &Filter{root: all(roots)}
	joined.finish()
	return joined
}

// unslotted returns a copy of n whose leaves can be given other slots.
func (n *node) unslotted() *node {
	next := *n
	next.kids = make([]*node, len(n.kids))
	for i, k := range n.kids {
		next.kids[i] = k.unslotted()
	}
	return &next
}

// finish works out of the root what makes matching fast.
func (f *Filter) finish() {
	f.assignSlots(f.root)
	f.id = pinnedID(f.root)
}
