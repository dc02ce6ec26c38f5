package storage

import (
	"bytes"
	"encoding/binary"
)

// Skip moves over entries, at most n of them, and returns how many; 0 at the end of the
// range or behind an error, which [Cursor.Err] tells. There is no current entry then.
//
// In a tree that takes no longer for many entries than for a few. Elsewhere it goes over
// those that have been read already, and is called again for more.
func (c *Cursor) Skip(n int) (skipped int) {
	if n <= 0 || !c.Next() {
		return 0
	}
	skipped = 1
	if c.tree != nil {
		skipped += c.tree.skip(n - 1)
		c.walked += skipped - 1
	} else {
		for skipped < n && c.chunk.next(c) {
			skipped++
		}
	}
	c.key, c.value, c.parts = nil, nil, 0
	return skipped
}

// Pass moves over entries whose [Cursor.Head] is less than head, not always over all of
// them. It returns how many; with 0 whether it has come to one that is not less, which is
// the current one then, or else is as after Next returned false. The range's keys are alike
// in their first skip bytes.
//
// In a tree that takes no longer for many entries than for a few.
func (c *Cursor) Pass(skip int, head uint64) (n int, arrived bool) {
	if !c.Next() {
		return 0, false
	}
	if c.Head(skip) >= head {
		return 0, true
	}
	n = 1
	if c.tree != nil {
		n = c.tree.pass(c.tree.tree.seek(headBound(c.key[:skip:skip], head)))
		c.walked += n - 1
	}
	c.key, c.value, c.parts = nil, nil, 0
	return n, false
}

// headBound returns the least key that begins with prefix and has that head behind it: it
// need not have the zeroes at the end of the head.
func headBound(prefix []byte, head uint64) []byte {
	return bytes.TrimRight(binary.BigEndian.AppendUint64(prefix, head), "\x00")
}

// skip moves from an entry to the n-th behind it, or to the last of the range, and returns
// how many entries on that is.
func (c *treeCursor) skip(n int) int {
	at := c.rank()
	if c.reverse {
		n = min(n, at-c.tree.rank(c.r.Lo))
		c.jump(at - n)
		return n
	}
	end := c.tree.count
	if c.r.Hi != nil {
		end = c.tree.rank(c.r.Hi)
	}
	n = min(n, end-1-at)
	c.jump(at + n)
	return n
}

// pass moves an upward walk from an entry over all of its range that are less than bound, so
// that Next comes to the first that is not, and returns how many those are.
func (c *treeCursor) pass(bound sought) (n int) {
	if c.r.Hi != nil && textOf(bound.key) > textOf(c.r.Hi) {
		bound = c.tree.seek(c.r.Hi)
	}
	from := c.rank()
	if textOf(bound.key) <= textOf(c.leaf.key(int(c.leaf.n)-1)) {
		c.at, _ = c.leaf.find(c.at, bound)
	} else {
		c.path = c.path[:0]
		c.descend(bound)
	}
	c.at = min(c.at, c.stop)
	c.settle()
	n = c.rank() - from
	c.at--
	return n
}

// rank returns how many entries of the tree come before the current one.
func (c *treeCursor) rank() int {
	n := c.at
	for _, s := range c.path {
		n += s.node.before(s.at)
	}
	return n
}

// rank returns how many entries come before key.
func (t *Tree) rank(key []byte) (rank int) {
	k, n := t.seek(key), t.root
	for n.kids != nil {
		at := n.child(k)
		rank += n.before(at)
		n = n.kids[at]
	}
	at, _ := n.find(0, k)
	return rank + at
}

// jump moves to the entry that has so many before it in the tree.
func (c *treeCursor) jump(rank int) {
	c.path = c.path[:0]
	n := c.tree.root
	for n.kids != nil {
		at := 0
		for ; rank >= int(n.words[at]); at++ {
			rank -= int(n.words[at])
		}
		c.path = append(c.path, step{n, at})
		n = n.kids[at]
	}
	c.enter(n)
	c.at = rank
}

// before returns how many entries there are in the children before a place.
func (n *node) before(at int) (sum int) {
	for _, entries := range n.words[:at] {
		sum += int(entries)
	}
	return sum
}
