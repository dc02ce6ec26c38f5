package storage

import "sort"

// A tree is walked by callback only, so a cursor copies items out a chunk at a
// time and seeks again from the last of them. Chunks start small, for the many
// scans that want a handful of keys.
const (
	firstChunk = 16
	lastChunk  = 768 // of which more would be a large object for the allocator
)

// treeCursor walks a range of a tree in either direction.
type treeCursor struct {
	tree    *Tree
	r       Range
	reverse bool
	keys    bool // keys only
	seeks   bool // of a walk that seeks, see ScanOptions
	buf     []item
	size    int             // most items of the current chunk
	take    func(item) bool // collects into buf up to size
	from    item            // the previous chunk's last, which the next begins with
	started bool
	done    bool // the tree has nothing beyond buf
	at      int  // index of the current item in buf
	warmed  byte // keeps warm from being left out
}

// Scan returns a cursor over r whose bytes are valid for ever.
func (t *Tree) Scan(r Range, o ScanOptions) EngineCursor { return t.walk(r, o) }

func (t *Tree) walk(r Range, o ScanOptions) *treeCursor {
	return &treeCursor{tree: t, r: r, reverse: o.Reverse, keys: o.KeysOnly, seeks: o.Seeks, at: -1}
}

func (c *treeCursor) Next() bool {
	c.at++
	if c.at >= len(c.buf) && !c.fill() {
		return false
	}
	if c.at%warmItems == 0 {
		c.warm()
	}
	return true
}

// So many items are warmed together, and of each value so many bytes at most.
const (
	warmItems = 16
	warmBytes = 512
	cacheLine = 64
)

// warm looks at what comes next: the values of a long walk, or the keys of one that seeks,
// which goes where nobody has just been. They lie scattered over memory: whoever looks at
// one after the other waits for each, while a loop that does nothing else waits for
// several at once.
func (c *treeCursor) warm() {
	next := c.buf[c.at:min(c.at+warmItems, len(c.buf))]
	switch {
	case !c.keys && c.size > firstChunk:
		c.warmed = warmValues(next)
	case c.keys && c.seeks:
		c.warmed = warmKeys(next)
	}
}

func warmValues(list []item) (sum byte) {
	for i := range list {
		value := list[i].valueBytes()
		for at := 0; at < min(len(value), warmBytes); at += cacheLine {
			sum += value[at]
		}
	}
	return sum
}

func warmKeys(list []item) (sum byte) {
	for i := range list {
		if key := list[i].keyBytes(); len(key) > 0 {
			sum += key[0]
		}
	}
	return sum
}

func (c *treeCursor) Key() []byte { return c.buf[c.at].keyBytes() }

func (c *treeCursor) Value() []byte {
	if c.keys {
		return nil
	}
	return c.buf[c.at].valueBytes()
}

func (c *treeCursor) Version() uint64 { return c.buf[c.at].version }

func (c *treeCursor) Err() error { return nil }

func (c *treeCursor) Close() {
	c.done, c.buf, c.at = true, nil, -1
}

// Seek lets an upward walk go on with the first key that is not less than lo. Where
// that is in the chunk at hand the tree is not asked.
func (c *treeCursor) Seek(lo []byte) {
	n := len(c.buf)
	if c.started && n > 0 && c.buf[0].keyText() <= textOf(lo) && textOf(lo) <= c.buf[n-1].keyText() {
		c.at = sort.Search(n, func(i int) bool { return c.buf[i].keyText() >= textOf(lo) }) - 1
		return
	}
	c.r.Lo = lo
	c.buf, c.at, c.size = c.buf[:0], -1, 0
	c.started, c.done = false, false
}

// holds reports whether key is one that the tree may have.
func (c *treeCursor) holds(key []byte) bool {
	return c.tree.shared == 0 || prefixOf(key) == c.tree.prefix
}

// fill replaces the chunk by the one that follows it and reports whether that
// has an item.
func (c *treeCursor) fill() bool {
	if c.done {
		c.buf, c.at = c.buf[:0], -1
		return false
	}
	if len(c.buf) > 0 {
		c.from = c.buf[len(c.buf)-1]
	}
	c.grow()
	if c.reverse {
		c.descend()
	} else {
		c.ascend()
	}
	c.started = true
	c.done = c.cut() || len(c.buf) < c.size
	c.at = 0
	return len(c.buf) > 0
}

// grow empties the chunk and makes the next one larger.
func (c *treeCursor) grow() {
	c.size = min(max(firstChunk, 4*c.size), lastChunk)
	if cap(c.buf) < c.size {
		c.buf = make([]item, 0, c.size)
	}
	c.buf = c.buf[:0]
	if c.take == nil {
		c.take = func(it item) bool {
			if len(c.buf) == 0 && c.passed(it) {
				return true
			}
			c.buf = append(c.buf, it)
			return len(c.buf) < c.size
		}
	}
}

// passed reports whether it is no part of the chunk that it would begin: seeking
// finds the last item of the chunk before, and the Hi of a range.
func (c *treeCursor) passed(it item) bool {
	if c.started {
		return it.key == c.from.key
	}
	return c.reverse && c.r.Hi != nil && it.keyText() == textOf(c.r.Hi)
}

// cut drops what the chunk holds beyond the end of the range, and reports whether
// that was something. Comparing each item with the end as the tree is walked took
// more than half of a long walk.
func (c *treeCursor) cut() bool {
	n := len(c.buf)
	if n == 0 || !c.beyond(n-1) {
		return false
	}
	c.buf = c.buf[:sort.Search(n, c.beyond)]
	return true
}

// beyond reports whether item i of the chunk lies beyond the end of the range.
func (c *treeCursor) beyond(i int) bool {
	key := c.buf[i].keyText()
	if c.reverse {
		return key < textOf(c.r.Lo)
	}
	return c.r.Hi != nil && key >= textOf(c.r.Hi)
}

// startsBefore reports whether the tree, which is not empty, has a key below hi.
func (t *Tree) startsBefore(hi []byte) bool {
	first, _ := t.items.Min()
	return first.keyText() < textOf(hi)
}

func (c *treeCursor) ascend() {
	from := c.from
	if !c.started {
		from = c.tree.seek(c.r.Lo)
	}
	c.tree.items.AscendGreaterOrEqual(from, c.take)
}

func (c *treeCursor) descend() {
	switch {
	case c.started:
		c.tree.items.DescendLessOrEqual(c.from, c.take)
	case c.r.Hi == nil:
		c.tree.items.Descend(c.take)
	default:
		c.tree.items.DescendLessOrEqual(c.tree.seek(c.r.Hi), c.take)
	}
}
