package storage

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"sync/atomic"
	"unsafe"
)

// fan is the most entries of a leaf, and the most children of an inner node. A commit
// copies the nodes on the paths it touches, so that wide nodes make writing dear, and
// narrow ones make trees high. A node of 60 fits the allocator's class of 1,536 bytes.
const fan = 60

// A node is a leaf, which has entries, or an inner node, which has children, in the order
// of their keys. The key of a child is greater than those of all entries before the child
// and not greater than those of the entries in it; that of a first child is not looked at.
//
// The heads of the keys stand side by side, and so do the keys: to search a leaf and to
// walk through it is to look at a few stretches of memory.
type node struct {
	owner   *byte         // the mark of the tree that may write the node
	kids    *[fan]*node   // the children of an inner node
	values  *[fan]value   // of a leaf; nil while all of them are empty
	slab    []byte        // the keys, in the order they came in; no byte of it is written twice
	used    *atomic.Int32 // so much of the slab is taken, by this node or a later copy of it
	top     int32         // so much of it was taken by this node and what it was copied from
	n       int32
	heads   [fan]uint64
	extents [fan]extent
	words   [fan]uint64 // the versions of entries, or how many entries there are in each child
}

// An extent is where a key is in the slab.
type extent struct{ from, len uint32 }

// A value is the bytes of one, a slice in less room.
type value struct {
	at  *byte
	len uint32
}

func valueOf(b []byte) value { return value{unsafe.SliceData(b), uint32(len(b))} }

// bytes returns the value, which is never nil.
func (v value) bytes() []byte {
	if v.len == 0 {
		return []byte{}
	}
	return unsafe.Slice(v.at, v.len)
}

// A sought is a key with its head, see [HeadOf].
type sought struct {
	key  []byte
	head uint64
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

func (n *node) key(i int) []byte {
	s := n.extents[i]
	return n.slab[s.from : s.from+s.len : s.from+s.len]
}

// value returns the value of an entry.
func (n *node) value(i int) []byte {
	if n.values == nil {
		return []byte{}
	}
	return n.values[i].bytes()
}

// compare returns -1, 0 or 1 as the key at a place is less than k, is k or is greater. It
// looks at the key where the heads are the same only.
func (n *node) compare(at int, k sought) int {
	if c := cmp.Compare(n.heads[at], k.head); c != 0 {
		return c
	}
	return bytes.Compare(n.key(at), k.key)
}

// find returns the first place from one on whose key is not less than k, and whether it
// is k.
func (n *node) find(from int, k sought) (at int, found bool) {
	return n.among(from+lowest(n.heads[from:n.n], k.head), k)
}

// among is find for the first place whose head is not less than that of k.
func (n *node) among(at int, k sought) (_ int, found bool) {
	end := at
	for end < int(n.n) && n.heads[end] == k.head {
		end++
	}
	for at < end { // among the keys that have the same head
		mid := int(uint(at+end) / 2)
		switch c := bytes.Compare(n.key(mid), k.key); {
		case c < 0:
			at = mid + 1
		case c == 0:
			return mid, true
		default:
			end = mid
		}
	}
	return at, false
}

// lowest returns the first place of a number that is not less than head in an ascending list.
func lowest(heads []uint64, head uint64) int {
	lo, n := 0, len(heads)
	for n > 0 {
		half := n / 2
		if heads[lo+half] < head {
			lo += half + 1
			n -= half + 1
		} else {
			n = half
		}
	}
	return lo
}

// child returns the place of the child that has k, if any has.
func (n *node) child(k sought) int {
	at, found := n.find(1, k)
	if found {
		return at
	}
	return at - 1
}

// entries returns how many entries there are in the node.
func (n *node) entries() uint64 {
	if n.kids == nil {
		return uint64(n.n)
	}
	return uint64(n.before(int(n.n)))
}

// insert makes room for a key at a place of a node that is not full, and puts it there.
func (n *node) insert(at int, k sought, word uint64) {
	copy(n.heads[at+1:n.n+1], n.heads[at:n.n])
	copy(n.extents[at+1:n.n+1], n.extents[at:n.n])
	copy(n.words[at+1:n.n+1], n.words[at:n.n])
	if n.kids != nil {
		copy(n.kids[at+1:n.n+1], n.kids[at:n.n])
	}
	if n.values != nil {
		copy(n.values[at+1:n.n+1], n.values[at:n.n])
		n.values[at] = value{}
	}
	n.n++
	n.extents[at] = extent{}
	n.words[at] = word
	n.rename(at, k)
}

// rename replaces the key at a place.
func (n *node) rename(at int, k sought) {
	n.extents[at] = extent{}
	from := n.claim(len(k.key))
	copy(n.slab[from:], k.key)
	n.extents[at] = extent{uint32(from), uint32(len(k.key))}
	n.heads[at] = k.head
}

// claim returns where the next bytes of the slab are that nobody has, after it has moved
// the keys into another slab if there are too few, or if a copy of the node has taken them.
func (n *node) claim(size int) int {
	top := int(n.top)
	if n.used == nil || top+size > len(n.slab) || !n.used.CompareAndSwap(int32(top), int32(top+size)) {
		n.repack(size)
		top = int(n.top)
		n.used.Store(int32(top + size))
	}
	n.top = int32(top + size)
	return top
}

// repack moves the keys into a slab of their own, with room for size bytes more and for
// what more will come if the node becomes full of such keys.
func (n *node) repack(size int) {
	live := n.live() + size
	room := max(live, min(2*live, live*fan/int(max(n.n, 1))))
	slab := make([]byte, 0, room)
	for i := range n.extents[:n.n] {
		from := len(slab)
		slab = append(slab, n.key(i)...)
		n.extents[i].from = uint32(from)
	}
	n.top, n.slab, n.used = int32(len(slab)), slab[:cap(slab)], new(atomic.Int32)
	n.used.Store(n.top)
}

// live returns the length of all keys together.
func (n *node) live() (size int) {
	for _, s := range n.extents[:n.n] {
		size += int(s.len)
	}
	return size
}

// spareSlab is how long a slab may be beside four times the keys in it: more are moved
// into another one when keys are taken out, since long keys must not stay for short ones.
const spareSlab = 512

// trim moves the keys into a shorter slab when most of theirs is of keys that are gone.
func (n *node) trim() {
	if len(n.slab) > spareSlab && len(n.slab) > 4*n.live()+spareSlab {
		n.repack(0)
	}
}

// put sets the value at a place.
func (n *node) put(at int, b []byte) {
	if n.values == nil {
		if len(b) == 0 {
			return
		}
		n.values = new([fan]value)
	}
	n.values[at] = valueOf(b)
}

// remove takes out the entry or child at a place.
func (n *node) remove(at int) {
	n.n--
	copy(n.heads[at:n.n], n.heads[at+1:n.n+1])
	copy(n.extents[at:n.n], n.extents[at+1:n.n+1])
	copy(n.words[at:n.n], n.words[at+1:n.n+1])
	if n.kids != nil {
		copy(n.kids[at:n.n], n.kids[at+1:n.n+1])
		n.kids[n.n] = nil
	}
	if n.values != nil {
		copy(n.values[at:n.n], n.values[at+1:n.n+1])
		n.values[n.n] = value{}
	}
	n.trim()
}

// cut drops what is at a place and behind it.
func (n *node) cut(at int) {
	if n.kids != nil {
		clear(n.kids[at:n.n])
	}
	if n.values != nil {
		clear(n.values[at:n.n])
	}
	n.n = int32(at)
	n.trim()
}

// take adds those of another node of its kind from one place up to another.
func (n *node) take(from *node, lo, hi int) {
	at := int(n.n)
	copy(n.heads[at:], from.heads[lo:hi])
	copy(n.words[at:], from.words[lo:hi])
	if from.kids != nil {
		if n.kids == nil {
			n.kids = new([fan]*node)
		}
		copy(n.kids[at:], from.kids[lo:hi])
	}
	size := 0
	for i := lo; i < hi; i++ {
		size += int(from.extents[i].len)
	}
	to := n.claim(size)
	for i := lo; i < hi; i++ {
		key := from.key(i)
		n.extents[at+i-lo] = extent{uint32(to), uint32(len(key))}
		to += copy(n.slab[to:], key)
	}
	n.n += int32(hi - lo)
	if from.values != nil {
		for i := lo; i < hi; i++ {
			n.put(at+i-lo, from.value(i))
		}
	}
}
