package storage

import (
	"encoding/binary"
	"unsafe"

	"github.com/google/btree"
)

// degree is the width of a tree's nodes. A commit copies the nodes on the paths
// it touches, so wide nodes make writing dear (four keys copy 47 KB at 64, 30 KB
// at 32), while narrow ones cost memory (60 bytes an index entry at 64, 66 at 32,
// 100 at 16).
const degree = 32

// itemOverhead is what an item costs beside its bytes: 40 bytes in a node that is
// about two thirds full, as measured, and the rounding of a small allocation.
const itemOverhead = 64

// A Tree is an ordered map of keys to values and versions that can be copied at
// once: [Tree.Clone] shares everything, and a write copies only the path it
// touches. Its bytes are never changed and never freed while someone holds them.
//
// Any number of goroutines may read a tree that nobody writes. Set, Delete and
// Clone are for one goroutine at a time; reads beside Clone are allowed.
type Tree struct {
	items  *btree.BTreeG[item]
	bytes  int64
	shared int      // leading bytes that all keys have in common
	prefix regionID // those bytes, when there are any
}

// An item is immutable. Head is what follows the shared bytes of its key, eight
// bytes that settle most comparisons without a look at the key itself, which
// lies elsewhere in memory. Two pointers and lengths are a quarter smaller than
// strings would be, and pay for it.
type item struct {
	head       uint64
	key, value *byte
	keyLen     uint32
	valueLen   uint32
	version    uint64
}

// NewTree returns an empty tree.
func NewTree() *Tree { return &Tree{items: btree.NewG(degree, before)} }

// regionTree returns an empty tree for the keys that begin with prefix.
func regionTree(prefix regionID) *Tree {
	return &Tree{items: btree.NewG(degree, before), shared: RegionLen, prefix: prefix}
}

// before is the order of items.
func before(a, b item) bool {
	if a.head != b.head {
		return a.head < b.head
	}
	return a.keyText() < b.keyText()
}

// seek returns an item to look for a key by.
func (t *Tree) seek(key []byte) item {
	return item{head: HeadOf(key, t.shared), key: unsafe.SliceData(key), keyLen: uint32(len(key))}
}

// HeadOf returns the eight bytes behind the first skip bytes of a key as a number.
// Where a key has fewer, zeroes stand for them, which no other key is less than.
func HeadOf(key []byte, skip int) (head uint64) {
	if len(key) >= skip+8 {
		return binary.BigEndian.Uint64(key[skip:])
	}
	var room [8]byte
	copy(room[:], key[min(skip, len(key)):])
	return binary.BigEndian.Uint64(room[:])
}

// Clone returns a tree with the same content, in a time that does not depend on
// its size.
func (t *Tree) Clone() *Tree {
	return &Tree{items: t.items.Clone(), bytes: t.bytes, shared: t.shared, prefix: t.prefix}
}

// Set gives key a value. Both slices belong to the tree from now on.
func (t *Tree) Set(key, value []byte, version uint64) {
	t.set(t.item(key, value, version))
}

func (t *Tree) item(key, value []byte, version uint64) item {
	it := t.seek(key)
	it.value, it.valueLen, it.version = unsafe.SliceData(value), uint32(len(value)), version
	return it
}

func (t *Tree) set(it item) {
	old, had := t.items.ReplaceOrInsert(it)
	if had {
		t.bytes -= old.size()
	}
	t.bytes += it.size()
}

// Delete removes key and reports whether it was there.
func (t *Tree) Delete(key []byte) bool {
	old, had := t.items.Delete(t.seek(key))
	if had {
		t.bytes -= old.size()
	}
	return had
}

// Get returns the entry of key, sharing its bytes. The error is always nil.
func (t *Tree) Get(key []byte) (Entry, error) {
	it, ok := t.items.Get(t.seek(key))
	if !ok {
		return Entry{}, nil
	}
	return Entry{Value: it.valueBytes(), Version: it.version}, nil
}

// Len returns the number of keys.
func (t *Tree) Len() int { return t.items.Len() }

// Bytes estimates the heap that the tree's content occupies, nodes included.
func (t *Tree) Bytes() int64 { return t.bytes }

func (it *item) size() int64 { return itemSize(int(it.keyLen), int(it.valueLen)) }

// itemSize is what an item of a key and value of that length counts for. The
// allocator rounds what is larger up by some 6 % in the mean.
func itemSize(key, value int) int64 { return int64(key+value)*17/16 + itemOverhead }

func (it *item) keyBytes() []byte { return unsafe.Slice(it.key, it.keyLen) }

// valueBytes returns the value, which is never nil.
func (it *item) valueBytes() []byte {
	if it.valueLen == 0 {
		return []byte{}
	}
	return unsafe.Slice(it.value, it.valueLen)
}

func (it *item) keyText() string { return unsafe.String(it.key, it.keyLen) }

// textOf views b, which nobody changes meanwhile, as a string.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
