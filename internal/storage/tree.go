package storage

import "unsafe"

// A Tree is an ordered map of keys to values and versions that can be copied at
// once: [Tree.Clone] shares everything, and a write copies only the path it
// touches. Its bytes are never changed and never freed while someone holds them.
// It knows how many entries it has on either side of any key.
//
// Any number of goroutines may read a tree that nobody writes. Set, Delete and
// Clone are for one goroutine at a time; reads beside Clone are allowed.
type Tree struct {
	root   *node // a B+ tree; nil when it is empty
	owner  *byte // the mark of the nodes that nobody else has
	count  int
	bytes  int64
	shared int      // leading bytes that all keys have in common
	prefix regionID // those bytes, when there are any
}

// NewTree returns an empty tree.
func NewTree() *Tree { return &Tree{owner: new(byte)} }

// regionTree returns an empty tree for the keys that begin with prefix.
func regionTree(prefix regionID) *Tree {
	return &Tree{owner: new(byte), shared: RegionLen, prefix: prefix}
}

// seek returns a key to look for.
func (t *Tree) seek(key []byte) sought { return sought{key, HeadOf(key, t.shared)} }

// Clone returns a tree with the same content, in a time that does not depend on
// its size.
func (t *Tree) Clone() *Tree {
	clone := *t
	t.owner, clone.owner = new(byte), new(byte)
	return &clone
}

// Get returns the entry of key, sharing its bytes. The error is always nil.
func (t *Tree) Get(key []byte) (Entry, error) {
	n, at := t.locate(t.seek(key))
	if n == nil {
		return Entry{}, nil
	}
	return Entry{Value: n.value(at), Version: n.words[at]}, nil
}

// locate returns where the entry of a key is, a nil node when there is none.
func (t *Tree) locate(k sought) (*node, int) {
	n := t.root
	if n == nil {
		return nil, 0
	}
	for n.kids != nil {
		n = n.kids[n.child(k)]
	}
	at, found := n.find(0, k)
	if !found {
		return nil, 0
	}
	return n, at
}

// first returns the least key of a tree that is not empty.
func (t *Tree) first() []byte {
	n := t.root
	for n.kids != nil {
		n = n.kids[0]
	}
	return n.key(0)
}

// Len returns the number of keys.
func (t *Tree) Len() int { return t.count }

// Bytes estimates the heap that the tree's content occupies, nodes included.
func (t *Tree) Bytes() int64 { return t.bytes }

// What an entry costs beside its bytes: its part of a leaf that is about three quarters
// full, and what a value that is not empty has to itself.
const (
	entryOverhead = 36
	valueOverhead = 28
)

// entrySize is what an entry with a key and a value of that length counts for. Slabs of
// keys have room to spare, and the allocator rounds a value up.
func entrySize(key, value int) int64 {
	size := entryOverhead + int64(key)*5/4
	if value > 0 {
		size += valueOverhead + int64(value)*17/16
	}
	return size
}

// textOf views b, which nobody changes meanwhile, as a string.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
