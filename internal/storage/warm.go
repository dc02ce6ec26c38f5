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
		sum := byte(0)
		for _, v := range values[lo:hi] {
			sum += v.warm()
		}
		runtime.KeepAlive(sum)
	}
}

// warm looks at the beginning of a value.
func (v value) warm() (sum byte) {
	for at := 0; at < min(int(v.len), warmBytes); at += cacheLine {
		sum += v.bytes()[at]
	}
	return sum
}

// warmEntry looks at where the key and the value at a place are, which may be one behind the
// last.
func (n *node) warmEntry(at int) (sum byte) {
	if at == int(n.n) {
		return 0
	}
	sum = byte(n.extents[at].from)
	if n.values != nil {
		sum += byte(n.values[at].len)
	}
	return sum
}

// warmKey looks at the key at a place, which may be one behind the last.
func (n *node) warmKey(at int) byte {
	if at == int(n.n) || n.extents[at].len == 0 {
		return 0
	}
	return n.slab[n.extents[at].from]
}
