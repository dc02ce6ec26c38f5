package storage

import "runtime"

// What a walk or a reader of many keys will look at lies scattered over memory. Whoever
// looks at one after the other waits for each, while a loop that does nothing else waits for
// several at once.

// So many values are warmed together, and of each so many bytes at most.
const (
	warmItems = 16
	warmBytes = 512
	cacheLine = 64
)

// warm looks at the values that come next in a long walk.
func (c *treeCursor) warm() {
	lo, hi := c.at, min(c.at+warmItems, c.stop)
	if c.reverse {
		lo, hi = max(c.at-warmItems, c.stop)+1, c.at+1
	}
	c.cold = hi - lo - 1
	if values := c.leaf.values; values != nil && !c.keys {
		runtime.KeepAlive(warmValues(values[lo:hi]))
	}
}

func warmValues(list []value) (sum byte) {
	for _, v := range list {
		b := v.bytes()
		for at := 0; at < min(len(b), warmBytes); at += cacheLine {
			sum += b[at]
		}
	}
	return sum
}

// A Warmer is a [View] of trees in memory.
type Warmer interface {
	View
	// Warm looks at where the values of keys are, see [Snapshot.Warm].
	Warm(keys [][]byte)
}

// Warm looks at where the values of keys, which are all of one region, lie in memory, if
// they do: to get each of them soon takes a fraction of the time then.
func (s *Snapshot) Warm(keys [][]byte) {
	if len(keys) < 2 || !s.hold() {
		return
	}
	defer s.drop()
	if m := s.state.find(regionOf(keys[0])); m != nil {
		m.tree.Warm(keys)
	} else if view, ok := s.state.view.(Warmer); ok {
		view.Warm(keys)
	}
}

// Warm looks at what is on the ways to keys, a level of all of them at a time.
func (t *Tree) Warm(keys [][]byte) {
	for len(keys) > warmItems {
		t.Warm(keys[:warmItems])
		keys = keys[warmItems:]
	}
	if t.root == nil {
		return
	}
	var room [warmItems]*node
	nodes := room[:len(keys)]
	for i := range nodes {
		nodes[i] = t.root
	}
	sum := byte(0)
	for nodes[0].kids != nil {
		for i, key := range keys {
			nodes[i] = nodes[i].kids[nodes[i].child(t.seek(key))]
		}
		for _, n := range nodes {
			sum += n.warm()
		}
	}
	var values [warmItems]value
	for i, key := range keys {
		n := nodes[i]
		if at, found := n.find(0, t.seek(key)); found && n.values != nil {
			values[i] = n.values[at]
		}
	}
	sum += warmValues(values[:len(keys)])
	runtime.KeepAlive(sum)
}

// warm looks at the heads of a node.
func (n *node) warm() (sum byte) {
	for i := 0; i < fan; i += cacheLine / 8 {
		sum += byte(n.heads[i])
	}
	if n.kids == nil && n.values != nil {
		sum += byte(n.values[0].len)
	}
	return sum
}

// Warm is [Tree.Warm] for keys of one region.
func (f *Forest) Warm(keys [][]byte) {
	if len(keys) == 0 {
		return
	}
	if r, ok := f.trees.Get(rooted{prefix: prefixOf(keys[0])}); ok {
		r.tree.Warm(keys)
	}
}
