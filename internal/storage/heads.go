package storage

// Head returns the eight bytes that follow the first skip bytes of the current key, as
// a number: zeroes stand for those that the key lacks. A tree of a region has those
// behind the region's prefix at hand.
func (c *Cursor) Head(skip int) uint64 {
	if t := c.tree; t != nil && skip == t.tree.shared {
		return t.leaf.heads[t.at]
	}
	return HeadOf(c.key, skip)
}

// Heads moves an upward walk over entries, at most len(to) of them and fewer where that
// saves a look at what lies behind, and puts the eight bytes that follow the first skip
// bytes of each key into to, as a number: zeroes stand for those that a key lacks. It returns
// how many entries that were; behind 0, [Cursor.Err] tells the end of the range from
// an error. The current key becomes that of the last of them, the current value none.
//
// A mirror has these bytes side by side for the keys of a region.
func (c *Cursor) Heads(skip int, to []uint64) int {
	if len(to) == 0 || !c.Next() {
		return 0
	}
	to[0] = HeadOf(c.key, skip)
	n := 1
	if t := c.tree; t != nil {
		n += t.heads(skip, to[1:])
		c.walked += n - 1
		c.key = t.Key()
	} else {
		for n < len(to) && c.chunk.next(c) {
			to[n] = HeadOf(c.key, skip)
			n++
		}
	}
	c.value, c.parts = nil, 0
	return n
}

// heads is [Cursor.Heads] for what is left of the leaf.
func (c *treeCursor) heads(skip int, to []uint64) int {
	from := c.at + 1
	n := min(c.stop-from, len(to))
	if skip == c.tree.shared {
		copy(to[:n], c.leaf.heads[from:])
	} else {
		for i := range n {
			to[i] = HeadOf(c.leaf.key(from+i), skip)
		}
	}
	c.at += n
	return n
}

// Ahead moves an upward walk over entries that are at hand already, at most len(to) of
// them, and puts their keys into to, where they are valid until the next [Cursor.Next]. It
// returns how many entries that were; behind 0 there may be more. The current key becomes that of
// the last of them, the current value none.
func (c *Cursor) Ahead(to [][]byte) int {
	n := 0
	if t := c.tree; t != nil {
		n = min(t.stop-t.at-1, len(to))
		for i := range n {
			to[i] = t.leaf.key(t.at + 1 + i)
		}
		t.at += n
		c.walked += n
	} else if c.chunk != nil {
		for n < len(to) && c.chunk.next(c) {
			to[n] = c.key
			n++
		}
	}
	if n > 0 {
		c.key, c.value, c.parts = to[n-1], nil, 0
	}
	return n
}
