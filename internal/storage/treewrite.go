package storage

// fewest is how many entries or children a node has after one was taken from it; with
// fewer it shares those of its neighbour, save for a node that has none.
const fewest = fan / 4

// Set gives key a value. The value belongs to the tree from now on, the key is copied.
func (t *Tree) Set(key, value []byte, version uint64) {
	if t.root == nil {
		t.root = &node{owner: t.owner}
	}
	t.root = t.own(t.root)
	if right := t.set(t.root, t.seek(key), value, version); right != nil {
		root := &node{owner: t.owner, kids: new([fan]*node)}
		root.adopt(0, t.root, sought{})
		root.adopt(1, right, t.between(t.root, right))
		t.root = root
	}
}

// own returns a node for this tree alone to write.
func (t *Tree) own(n *node) *node {
	if n.owner == t.owner {
		return n
	}
	c := *n
	c.owner = t.owner
	if n.kids != nil {
		kids := *n.kids
		c.kids = &kids
	}
	if n.values != nil {
		values := *n.values
		c.values = &values
	}
	return &c
}

// adopt puts a child under a key at a place.
func (n *node) adopt(at int, kid *node, k sought) {
	n.insert(at, k, kid.entries())
	n.kids[at] = kid
}

// between returns a key that is greater than all of left and not greater than those of
// its neighbour right: of leaves no longer than it must be.
func (t *Tree) between(left, right *node) sought {
	key := right.key(0)
	if left.kids == nil {
		last, same := left.key(int(left.n)-1), 0
		for same < len(last) && last[same] == key[same] {
			same++
		}
		key = key[:same+1]
	}
	return t.seek(key)
}

// set sets a key in a node that is the tree's own. When the node was full it has been
// divided, and what is in right comes behind it.
func (t *Tree) set(n *node, k sought, value []byte, version uint64) (right *node) {
	if n.kids == nil {
		return t.setEntry(n, k, value, version)
	}
	at := n.child(k)
	kid := t.own(n.kids[at])
	n.kids[at] = kid
	count := t.count
	more := t.set(kid, k, value, version)
	if more == nil {
		n.words[at] += uint64(t.count - count)
		return nil
	}
	n.words[at] = kid.entries()
	at++
	if n.n == fan {
		right, n, at = t.divide(n, at)
	}
	n.adopt(at, more, t.between(kid, more))
	return right
}

// setEntry is set for a leaf.
func (t *Tree) setEntry(n *node, k sought, value []byte, version uint64) (right *node) {
	at, found := n.find(0, k)
	if found {
		t.bytes -= entrySize(len(k.key), len(n.value(at)))
		n.words[at] = version
	} else {
		if n.n == fan {
			right, n, at = t.divide(n, at)
		}
		n.insert(at, k, version)
		t.count++
	}
	n.put(at, value)
	t.bytes += entrySize(len(k.key), len(value))
	return right
}

// divide moves the second half of a full node to one behind it, and returns which of the
// two has the place at now, and where. Nothing is moved when that is the end: nodes whose
// keys come in order are full.
func (t *Tree) divide(n *node, at int) (right, into *node, place int) {
	from := fan / 2
	if at == fan {
		from = fan
	}
	right = &node{owner: t.owner}
	right.take(n, from, fan)
	n.cut(from)
	if at < from {
		return right, n, at
	}
	return right, right, at - from
}

// Delete removes key and reports whether it was there.
func (t *Tree) Delete(key []byte) bool {
	k := t.seek(key)
	if n, _ := t.locate(k); n == nil {
		return false
	}
	t.root = t.own(t.root)
	t.remove(t.root, k)
	for t.root.kids != nil && t.root.n == 1 {
		t.root = t.root.kids[0]
	}
	if t.root.n == 0 {
		t.root = nil
	}
	return true
}

// remove removes a key that is there from a node that is the tree's own.
func (t *Tree) remove(n *node, k sought) {
	if n.kids == nil {
		at, _ := n.find(0, k)
		t.bytes -= entrySize(len(k.key), len(n.value(at)))
		t.count--
		n.remove(at)
		return
	}
	at := n.child(k)
	kid := t.own(n.kids[at])
	n.kids[at] = kid
	t.remove(kid, k)
	n.words[at]--
	switch {
	case kid.n >= fewest:
	case n.n > 1:
		t.join(n, max(at-1, 0))
	case kid.n == 0:
		n.remove(at)
	}
}

// join makes one child of the two at a place and behind it, or when they are many two of
// the same size.
func (t *Tree) join(n *node, at int) {
	a, b := t.own(n.kids[at]), t.own(n.kids[at+1])
	if b.kids != nil {
		b.rename(0, t.seek(n.key(at+1))) // its own was not looked at
	}
	all := int(a.n + b.n)
	if all <= fan*3/4 {
		a.take(b, 0, int(b.n))
		n.kids[at], n.words[at] = a, n.words[at]+n.words[at+1]
		n.remove(at + 1)
		return
	}
	left, right := &node{owner: t.owner}, &node{owner: t.owner}
	ofA, ofB := min(all/2, int(a.n)), max(all/2-int(a.n), 0)
	left.take(a, 0, ofA)
	left.take(b, 0, ofB)
	right.take(a, ofA, int(a.n))
	right.take(b, ofB, int(b.n))
	n.kids[at], n.words[at] = left, left.entries()
	n.kids[at+1], n.words[at+1] = right, right.entries()
	n.rename(at+1, t.between(left, right))
	n.trim()
}
