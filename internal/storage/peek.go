package storage

import "runtime"

// A Peeker is a [View] of trees in memory.
type Peeker interface {
	View
	// Peek puts the values of keys into values, as they are stored, and leaves those of
	// keys that it does not have.
	Peek(keys, values [][]byte)
}

// Peek looks for keys, which are all of one region, where they lie in memory, if they do: it
// puts their values into values, of the same length, in a fraction of the time that as many
// calls of [Snapshot.Get] take. Where that leaves nil, Get has to be asked. It reports whether
// those that are there are checked, see [Entry].
func (s *Snapshot) Peek(keys, values [][]byte) (checked bool) {
	clear(values)
	if len(keys) < 2 || !s.hold() { // one alone takes no less than with Get
		return false
	}
	defer s.drop()
	if m := s.state.find(regionOf(keys[0])); m != nil {
		m.region.touch(int64(len(keys)) * getTouches)
		m.tree.Peek(keys, values)
		checked = m.checked
	} else if view, ok := s.state.view.(Peeker); ok {
		view.Peek(keys, values)
		checked = s.store.trusted
	}
	for i, v := range values {
		if isWrapped(v) {
			values[i] = nil
		}
	}
	return checked
}

// Peek is [Tree.Peek] for keys of one region.
func (f *Forest) Peek(keys, values [][]byte) {
	if len(keys) == 0 {
		return
	}
	if r, ok := f.trees.Get(rooted{prefix: prefixOf(keys[0])}); ok {
		r.tree.Peek(keys, values)
	}
}

// Peek puts the values of keys into values, and leaves those of keys that the tree does not
// have.
func (t *Tree) Peek(keys, values [][]byte) {
	if t.root == nil {
		return
	}
	for len(keys) > warmItems {
		t.peek(keys[:warmItems], values[:warmItems])
		keys, values = keys[warmItems:], values[warmItems:]
	}
	t.peek(keys, values)
}

// peek is Peek for up to warmItems keys. Whoever searched for one after the other would wait
// for memory at each step: this takes a step for all of them at a time, see warm.go.
func (t *Tree) peek(keys, values [][]byte) {
	if len(keys) == 0 {
		return
	}
	var room [warmItems]way
	ways := room[:len(keys)]
	for i, key := range keys {
		ways[i] = way{sought: t.seek(key), node: t.root}
	}
	for ways[0].node.kids != nil {
		lowestOf(ways, 1)
		for i := range ways {
			w := &ways[i]
			at, found := w.node.among(w.at, w.sought)
			if !found {
				at--
			}
			w.node = w.node.kids[at]
		}
	}
	lowestOf(ways, 0)
	sum := byte(0)
	for i := range ways {
		sum += ways[i].node.warmEntry(ways[i].at)
	}
	for i := range ways {
		sum += ways[i].node.warmKey(ways[i].at)
	}
	for i := range ways {
		w := &ways[i]
		if at, found := w.node.among(w.at, w.sought); found {
			values[i] = w.node.value(at)
		}
	}
	for _, v := range values {
		sum += valueOf(v).warm()
	}
	runtime.KeepAlive(sum)
}

// A way is how far the search for a key has come: to a place of a node.
type way struct {
	sought sought
	node   *node
	at     int
}

// topStep is the first of steps that halve: all of them together go through a node.
const (
	topStep = 32
	_       = uint(2*topStep - 1 - fan)
)

// lowestOf moves each way to the first place from one on whose head is not less than the
// one sought.
func lowestOf(ways []way, from int) {
	for i := range ways {
		ways[i].at = from
	}
	for step := topStep; step > 0; step /= 2 {
		for i := range ways {
			w := &ways[i]
			if at := w.at + step; at <= int(w.node.n) && w.node.heads[at-1] < w.sought.head {
				w.at = at
			}
		}
	}
}
