package storage

import (
	"unsafe"

	"github.com/google/btree"
)

// degree is the width of a tree's nodes. A commit copies the nodes on the paths
// it touches, so wide nodes make writing dear (four keys copy 47 KB at 64, 30 KB
// at 32), while narrow ones cost memory (60 bytes an index entry at 64, 66 at 32,
// 100 at 16).
const degree = 32

// itemOverhead is what an item costs beside its bytes: 40 bytes of headers and
// version in a node that is about two thirds full.
const itemOverhead = 56

// A Tree is an ordered map of keys to values and versions that can be copied at
// once: [Tree.Clone] shares everything, and a write copies only the path it
// touches. Its bytes are never changed and never freed while someone holds them.
//
// Any number of goroutines may read a tree that nobody writes. Set, Delete and
// Clone are for one goroutine at a time; reads beside Clone are allowed.
type Tree struct {
	items *btree.BTreeG[item]
	bytes int64
}

// An item is immutable. Strings say so, and are a third smaller than slices.
type item struct {
	key, value string
	version    uint64
}

// NewTree returns an empty tree.
func NewTree() *Tree {
	return &Tree{items: btree.NewG(degree, func(a, b item) bool { return a.key < b.key })}
}

// Clone returns a tree with the same content, in a time that does not depend on
// its size.
func (t *Tree) Clone() *Tree {
	return &Tree{items: t.items.Clone(), bytes: t.bytes}
}

// Set gives key a value. Both slices belong to the tree from now on.
func (t *Tree) Set(key, value []byte, version uint64) {
	t.set(item{key: textOf(key), value: textOf(value)}, version)
}

func (t *Tree) set(it item, version uint64) {
	it.version = version
	old, had := t.items.ReplaceOrInsert(it)
	if had {
		t.bytes -= old.size()
	}
	t.bytes += it.size()
}

// Delete removes key and reports whether it was there.
func (t *Tree) Delete(key []byte) bool {
	old, had := t.items.Delete(item{key: textOf(key)})
	if had {
		t.bytes -= old.size()
	}
	return had
}

// Get returns the entry of key, sharing its bytes. The error is always nil.
func (t *Tree) Get(key []byte) (Entry, error) {
	it, ok := t.items.Get(item{key: textOf(key)})
	if !ok {
		return Entry{}, nil
	}
	return Entry{Value: bytesOf(it.value), Version: it.version}, nil
}

// Len returns the number of keys.
func (t *Tree) Len() int { return t.items.Len() }

// Bytes estimates the heap that the tree's content occupies, nodes included.
func (t *Tree) Bytes() int64 { return t.bytes }

func (it *item) size() int64 { return int64(len(it.key)+len(it.value)) + itemOverhead }

// textOf views b, which nobody changes any more, as a string.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// bytesOf views s as a slice that is never nil.
func bytesOf(s string) []byte {
	if s == "" {
		return []byte{}
	}
	return unsafe.Slice(unsafe.StringData(s), len(s))
}
