package query

// And returns the filter that asks for f and for g. Both stay as they are.
func (f *Filter) And(g *Filter) *Filter {
	both := &Filter{root: all([]*node{f.root.unslotted(), g.root.unslotted()})}
	both.finish()
	return both
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
	if len(f.slots) > fewSlots {
		f.index = make(map[string]int, len(f.slots))
		for i, name := range f.slots {
			f.index[name] = i
		}
	}
	f.id = pinnedID(f.root)
}
