package storage

// A treeCursor walks a range of a tree in either direction. It stands in a leaf, at the end
// of a path of inner nodes: nobody writes the tree meanwhile.
type treeCursor struct {
	tree    *Tree
	r       Range
	reverse bool
	keys    bool // keys only
	started bool
	last    bool    // the range has nothing beyond leaf
	path    []step  // to leaf
	room    [6]step // for it, in trees of up to some hundred million entries
	leaf    *node   // nil before the walk has started, and in an empty tree
	at      int     // the place of the current entry in leaf
	stop    int     // the place that ends the walk through leaf
	cold    int     // so many more entries are walked before the next values are warmed
}

// A step is an inner node, and the place of its child that is next on the path.
type step struct {
	node *node
	at   int
}

// Scan returns a cursor over r whose bytes are valid for ever.
func (t *Tree) Scan(r Range, o ScanOptions) EngineCursor { return t.walk(r, o) }

func (t *Tree) walk(r Range, o ScanOptions) *treeCursor {
	c := &treeCursor{tree: t, r: r, reverse: o.Reverse, keys: o.KeysOnly, cold: warmItems}
	c.rest()
	return c
}

func (c *treeCursor) Next() bool {
	if c.reverse {
		c.at--
	} else {
		c.at++
	}
	if c.at == c.stop && !c.move() {
		return false
	}
	if c.cold--; c.cold < 0 {
		c.warm()
	}
	return true
}

// rest lets the current entry be the one before the end of what is walked through, so that
// Next comes to that.
func (c *treeCursor) rest() {
	c.at = c.stop - 1
	if c.reverse {
		c.at = c.stop + 1
	}
}

// move moves to the first entry of the range, or of the next leaf that has one, and
// reports false at the end.
func (c *treeCursor) move() bool {
	var more bool
	if c.started {
		more = c.leave()
	} else {
		more = c.start()
	}
	if more && c.settle() {
		return true
	}
	c.last = true
	c.rest()
	return false
}

// settle moves on while the cursor stands behind the last entry of its leaf.
func (c *treeCursor) settle() bool {
	for c.at == c.stop {
		if !c.leave() {
			return false
		}
	}
	return true
}

// start moves to where the range begins, be it behind the last entry of a leaf, and
// reports false when the tree is empty.
func (c *treeCursor) start() bool {
	c.started, c.path = true, c.room[:0]
	switch {
	case c.tree.root == nil:
		c.last = true
		return false
	case !c.reverse:
		c.descend(c.tree.seek(c.r.Lo))
		c.at = min(c.at, c.stop)
	case c.r.Hi == nil:
		c.enter(c.tree.root)
	default:
		c.descend(c.tree.seek(c.r.Hi))
		c.at = max(c.at-1, c.stop)
	}
	return true
}

// descend moves to the first entry that is not less than k, in the leaf that may have k.
func (c *treeCursor) descend(k sought) {
	n := c.tree.root
	for n.kids != nil {
		at := n.child(k)
		c.path = append(c.path, step{n, at})
		n = n.kids[at]
	}
	c.enter(n)
	c.at, _ = n.find(0, k)
}

// leave moves to the next leaf and reports whether the range has one.
func (c *treeCursor) leave() bool {
	if c.last {
		return false
	}
	for i := len(c.path) - 1; i >= 0; i-- {
		next := c.path[i].at + 1
		if c.reverse {
			next -= 2
		}
		if n := c.path[i].node; next >= 0 && next < int(n.n) {
			c.path[i].at = next
			c.path = c.path[:i+1]
			c.enter(n.kids[next])
			return true
		}
	}
	return false
}

// enter moves to the first leaf in a node that the walk comes to.
func (c *treeCursor) enter(n *node) {
	for n.kids != nil {
		at := 0
		if c.reverse {
			at = int(n.n) - 1
		}
		c.path = append(c.path, step{n, at})
		n = n.kids[at]
	}
	c.leaf = n
	if c.reverse {
		c.at, c.stop = int(n.n)-1, -1
		lo := c.tree.seek(c.r.Lo)
		if c.last = n.compare(0, lo) <= 0; c.last {
			at, _ := n.find(0, lo)
			c.stop = at - 1
		}
		return
	}
	c.at, c.stop = 0, int(n.n)
	if c.r.Hi == nil {
		c.last = false
		return
	}
	hi := c.tree.seek(c.r.Hi)
	if c.last = n.compare(c.stop-1, hi) >= 0; c.last {
		c.stop, _ = n.find(0, hi)
	}
}

// Seek lets an upward walk go on with the first key that is not less than lo. Where
// that is in the leaf at hand the tree is not asked.
func (c *treeCursor) Seek(lo []byte) {
	k := c.tree.seek(lo)
	if n := c.leaf; n != nil && c.started && n.compare(0, k) <= 0 && n.compare(int(n.n)-1, k) >= 0 {
		at, _ := n.find(0, k)
		c.at = min(at, c.stop) - 1
		return
	}
	c.r.Lo = lo
	c.started, c.last = false, false
	c.rest()
}

// holds reports whether key is one that the tree may have.
func (c *treeCursor) holds(key []byte) bool {
	return c.tree.shared == 0 || prefixOf(key) == c.tree.prefix
}

func (c *treeCursor) Key() []byte { return c.leaf.key(c.at) }

func (c *treeCursor) Value() []byte {
	if c.keys {
		return nil
	}
	return c.leaf.value(c.at)
}

func (c *treeCursor) Version() uint64 { return c.leaf.words[c.at] }

func (c *treeCursor) Err() error { return nil }

func (c *treeCursor) Close() {
	c.started, c.last, c.leaf = true, true, nil
	c.at, c.stop = 0, 0
	c.rest()
}
