package storage

// A lowMark says that no key of a region lives below key, in any state from a
// version on. Dead entries at the head of a region would otherwise be walked over
// by every scan that begins there, and a queue has them there by its nature.
//
// A scan that begins at or below the mark raises it to the first key it finds;
// the leader lowers it for what is written below.
type lowMark struct {
	from uint64
	key  string
}

// skip moves the start of a walk over what the region's mark says is empty.
func (c *Cursor) skip() {
	mark := c.region.low.Load()
	start := c.region.id.prefix()
	c.learns = !c.o.Reverse && string(c.r.Lo) <= string(start[:])
	if mark == nil || c.state.version < mark.from || string(c.r.Lo) > mark.key {
		return
	}
	c.learns = !c.o.Reverse
	c.r.Lo = []byte(mark.key)
	if c.r.Hi != nil && string(c.r.Hi) < mark.key {
		c.r.Lo, c.learns = c.r.Hi, false
	}
}

// learn raises the mark to the first key of the walk, or to its end.
func (c *Cursor) learn() {
	first := c.r.Hi
	if k := c.chunk; len(k.spans) > 0 {
		first = k.arena[:k.spans[0].key]
	}
	r, m := c.region, c.store.mirrors
	if mark := r.low.Load(); mark != nil && string(first) <= mark.key || !m.mu.TryLock() {
		return
	}
	defer m.mu.Unlock()
	if c.state.version < r.since {
		return // what was written below since then is not known any more
	}
	key := string(first)
	if c.state.version < m.applied && r.floor != "" && r.floor < key {
		key = r.floor // written behind the walk, maybe
	}
	if mark := r.low.Load(); mark == nil || mark.key < key {
		r.low.Store(&lowMark{from: c.state.version, key: key})
	}
	r.floor, r.since = "", m.applied // of what came before, the mark knows
}

// lower makes room below the mark for a key that is about to be published, with
// mirrors.mu held.
func (r *region) lower(key []byte) {
	if r.floor == "" || string(key) < r.floor {
		r.floor = string(key)
	}
	if mark := r.low.Load(); mark != nil && string(key) < mark.key {
		r.low.Store(&lowMark{from: mark.from, key: string(key)})
	}
}

// lowest sets the mark to what a tree of that version begins with, with
// mirrors.mu held.
func (r *region) lowest(t *Tree, version uint64) {
	key := string(r.id.bounds().Hi)
	if it, ok := t.items.Min(); ok {
		key = it.key
	}
	r.low.Store(&lowMark{from: version, key: key})
	r.floor, r.since = "", version
}
