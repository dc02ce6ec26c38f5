package storage

import "sort"

// Head returns the eight bytes that follow the first skip bytes of the current key, as
// a number: zeroes stand for those that the key lacks. A tree of a region has those
// behind the region's prefix at hand, and the key itself is not looked at.
func (c *Cursor) Head(skip int) uint64 {
	if t := c.tree; t != nil && skip == t.tree.shared {
		return t.buf[t.at].head
	}
	return HeadOf(c.key, skip)
}

// Heads moves over entries, at most len(to) of them and fewer where that saves a look
// at what lies behind, and puts the eight bytes that follow the first skip bytes of
// each key into to, as a number: zeroes stand for those that a key lacks. It returns
// how many entries that were; behind 0, [Cursor.Err] tells the end of the range from
// an error. The current key becomes that of the last of them, the current value none.
//
// Keys lie scattered over memory. A loop that does nothing but look at them waits for
// several at once, where a call of [Cursor.Next] for each waits for one after the
// other; and a mirror has these bytes at hand for the keys of a region.
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

// Pass moves over entries whose [Cursor.Head] is less than head, and over no more of them
// than are at hand. It returns how many, and whether it has come to one that is not
// less, which is the current one then; otherwise the current key is that of the last
// one passed, and with 0 it is as after Next returned false. The range's keys are alike
// in their first skip bytes.
func (c *Cursor) Pass(skip int, head uint64) (n int, arrived bool) {
	if !c.Next() {
		return 0, false
	}
	if c.Head(skip) >= head {
		return 0, true
	}
	if t := c.tree; t != nil && skip == t.tree.shared {
		rest := t.buf[t.at+1:]
		n = sort.Search(len(rest), func(i int) bool { return rest[i].head >= head })
		t.at += n
		c.walked += n
		c.key = t.Key()
	}
	c.value, c.parts = nil, 0
	return n + 1, false
}

// heads is [Cursor.Heads] for what is left of the chunk.
func (c *treeCursor) heads(skip int, to []uint64) int {
	rest := c.buf[c.at+1:]
	rest = rest[:min(len(rest), len(to))]
	if skip == c.tree.shared {
		for i := range rest {
			to[i] = rest[i].head
		}
	} else {
		for i := range rest {
			to[i] = HeadOf(rest[i].keyBytes(), skip)
		}
	}
	c.at += len(rest)
	return len(rest)
}

// Ahead moves over entries that are at hand already, at most len(to) of them, and puts
// their keys into to, where they are valid until the next [Cursor.Next]. It returns how
// many entries that were; behind 0 there may be more. The current key becomes that of
// the last of them, the current value none.
func (c *Cursor) Ahead(to [][]byte) int {
	n := 0
	if t := c.tree; t != nil {
		rest := t.buf[t.at+1:]
		rest = rest[:min(len(rest), len(to))]
		for n = range rest {
			to[n] = rest[n].keyBytes()
		}
		n = len(rest)
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
