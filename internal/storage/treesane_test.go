package storage

import "fmt"

// EntrySize is what an entry counts for.
var EntrySize = entrySize

// Sane returns an error when the tree breaks one of its rules: keys that do not ascend, do
// not lie between the keys of their nodes or have other heads, leaves at different heights,
// wrong numbers of entries, nodes with too few, and slabs kept for keys that are gone.
func (t *Tree) Sane() error {
	if t.root == nil {
		if t.count != 0 || t.bytes != 0 {
			return fmt.Errorf("an empty tree of %d entries in %d bytes", t.count, t.bytes)
		}
		return nil
	}
	_, n, err := t.sane(t.root, "", "")
	if err == nil && n != t.count {
		err = fmt.Errorf("%d entries, counted %d", n, t.count)
	}
	return err
}

// sane checks the node for the keys from lo up to hi, "" for no end, and returns its height
// and how many entries it has.
func (t *Tree) sane(n *node, lo, hi string) (height, entries int, err error) {
	for i := range int(n.n) {
		if n.kids != nil && i == 0 {
			continue // the key of a first child is not looked at
		}
		key := string(n.key(i))
		switch {
		case i > 0 && (n.kids == nil || i > 1) && string(n.key(i-1)) >= key:
			return 0, 0, fmt.Errorf("key %x behind %x", key, n.key(i-1))
		case key < lo || hi != "" && key >= hi:
			return 0, 0, fmt.Errorf("key %x is not from %x up to %x", key, lo, hi)
		case n.heads[i] != HeadOf([]byte(key), t.shared):
			return 0, 0, fmt.Errorf("key %x has the head %x", key, n.heads[i])
		}
	}
	switch {
	case n.n < 1 || n.n > fan:
		return 0, 0, fmt.Errorf("a node of %d", n.n)
	case len(n.slab) > 4*n.live()+spareSlab:
		return 0, 0, fmt.Errorf("a slab of %d bytes for keys of %d", len(n.slab), n.live())
	case n.kids == nil:
		return 0, int(n.n), nil
	}
	for i := range int(n.n) {
		from, to := lo, hi
		if i > 0 {
			from = string(n.key(i))
		}
		if i+1 < int(n.n) {
			to = string(n.key(i + 1))
		}
		below, sum, err := t.sane(n.kids[i], from, to)
		switch {
		case err != nil:
			return 0, 0, err
		case i > 0 && below != height-1:
			return 0, 0, fmt.Errorf("a child of height %d beside one of %d", below, height-1)
		case uint64(sum) != n.words[i]:
			return 0, 0, fmt.Errorf("a child of %d entries that counts %d", sum, n.words[i])
		}
		height = below + 1
		entries += sum
	}
	return height, entries, nil
}
