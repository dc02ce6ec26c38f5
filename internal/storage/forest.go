package storage

import (
	"sync"

	"github.com/google/btree"
)

// A Forest is an ordered map like a [Tree] that keeps the keys of each region in a
// tree of its own: the heads of the keys are the eight bytes behind the region's prefix
// there, and a search looks at few keys themselves.
//
// What a Tree says of its bytes and of goroutines holds for a Forest. Those that were
// cloned from one another may be written and cloned at the same time.
type Forest struct {
	trees   *btree.BTreeG[rooted]
	bytes   int64
	owner   *byte       // the mark of the trees that nobody else has
	cloning *sync.Mutex // held while a tree is cloned that several forests may have
}

// A rooted tree holds the keys that begin with a prefix. It is not empty.
type rooted struct {
	prefix regionID
	tree   *Tree
	owner  *byte
}

const (
	treesDegree = 16                   // of the tree of trees: most stores have few regions
	prefixes    = 1 << (8 * RegionLen) // so many there are
)

// NewForest returns an empty forest.
func NewForest() *Forest {
	before := func(a, b rooted) bool { return a.prefix < b.prefix }
	return &Forest{trees: btree.NewG(treesDegree, before), owner: new(byte), cloning: new(sync.Mutex)}
}

// Clone returns a forest with the same content, in a time that does not depend on
// its size.
func (f *Forest) Clone() *Forest {
	f.owner = new(byte)
	return &Forest{trees: f.trees.Clone(), bytes: f.bytes, owner: new(byte), cloning: f.cloning}
}

// Set gives key a value. The value belongs to the forest from now on, the key is copied.
func (f *Forest) Set(key, value []byte, version uint64) {
	t := f.writable(prefixOf(key))
	f.bytes -= t.bytes
	t.Set(key, value, version)
	f.bytes += t.bytes
}

// Delete removes key and reports whether it was there.
func (f *Forest) Delete(key []byte) bool {
	prefix := prefixOf(key)
	if _, ok := f.trees.Get(rooted{prefix: prefix}); !ok {
		return false
	}
	t := f.writable(prefix)
	f.bytes -= t.bytes
	had := t.Delete(key)
	f.bytes += t.bytes
	if t.Len() == 0 {
		f.trees.Delete(rooted{prefix: prefix})
	}
	return had
}

// writable returns the tree of a prefix for this forest alone to write.
func (f *Forest) writable(prefix regionID) *Tree {
	r, ok := f.trees.Get(rooted{prefix: prefix})
	if ok && r.owner == f.owner {
		return r.tree
	}
	if ok {
		f.cloning.Lock()
		r.tree = r.tree.Clone()
		f.cloning.Unlock()
	} else {
		r = rooted{prefix: prefix, tree: regionTree(prefix)}
	}
	r.owner = f.owner
	f.trees.ReplaceOrInsert(r)
	return r.tree
}

// Get returns the entry of key, sharing its bytes. The error is always nil.
func (f *Forest) Get(key []byte) (Entry, error) {
	r, ok := f.trees.Get(rooted{prefix: prefixOf(key)})
	if !ok {
		return Entry{}, nil
	}
	return r.tree.Get(key)
}

// Bytes estimates the heap that the forest's content occupies, nodes included.
func (f *Forest) Bytes() int64 { return f.bytes }

// Scan returns a cursor over r whose bytes are valid for ever.
func (f *Forest) Scan(r Range, o ScanOptions) EngineCursor {
	c := &forestCursor{forest: f, r: r, o: o, from: prefixOf(r.Lo), to: prefixes}
	if r.Hi != nil {
		c.to = prefixOf(r.Hi) + 1
	}
	only, n := rooted{prefix: c.from}, 0
	f.trees.AscendGreaterOrEqual(rooted{prefix: c.from}, func(found rooted) bool {
		if found.prefix >= c.to || found.prefix > c.from && r.Hi != nil && textOf(found.tree.first()) >= textOf(r.Hi) {
			return false
		}
		only = found
		n++
		return n < 2
	})
	switch n {
	case 0:
		return regionTree(c.from).walk(Range{}, o)
	case 1:
		return only.walk(r, o)
	}
	return c
}

// walk returns the walk through what r has of the tree.
func (t *rooted) walk(r Range, o ScanOptions) *treeCursor {
	if t.prefix != prefixOf(r.Lo) {
		r.Lo = nil
	}
	if r.Hi != nil && t.prefix != prefixOf(r.Hi) {
		r.Hi = nil
	}
	return t.tree.walk(r, o)
}

// A forestCursor walks a range that has keys in several trees.
type forestCursor struct {
	forest   *Forest
	r        Range
	o        ScanOptions
	from, to regionID // the prefixes that are left to walk, without to
	*treeCursor
}

func (c *forestCursor) Next() bool {
	for c.treeCursor == nil || !c.treeCursor.Next() {
		if !c.move() {
			return false
		}
	}
	return true
}

// move moves to the next tree and reports whether there is one.
func (c *forestCursor) move() bool {
	found := false
	take := func(r rooted) bool {
		if found = r.prefix >= c.from && r.prefix < c.to; found {
			c.treeCursor = r.walk(c.r, c.o)
			if c.o.Reverse {
				c.to = r.prefix
			} else {
				c.from = r.prefix + 1
			}
		}
		return false
	}
	switch {
	case c.from >= c.to:
	case c.o.Reverse:
		c.forest.trees.DescendLessOrEqual(rooted{prefix: c.to - 1}, take)
	default:
		c.forest.trees.AscendGreaterOrEqual(rooted{prefix: c.from}, take)
	}
	return found
}

func (c *forestCursor) Close() { c.to, c.treeCursor = 0, nil }
