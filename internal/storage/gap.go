package storage

import "time"

// A gap is a stretch of keys in which nothing lives, in any state from a version
// on. Where many entries have been removed, the engine steps over each of them
// until it has cleaned up behind itself: a scan of a queue, from the head of an
// index or of the stretch with one first field, would do so every time.
//
// A scan that was slow to find its first key makes the gap before it known; the
// leader shortens a gap for what is written into it.
type gap struct {
	lo, hi string // from lo up to, not including, hi
	from   uint64
}

// A floor is the lowest key at or above a gap's lo that later versions than since
// have set, "" for none. It is what a scan cannot have seen.
type floor struct {
	key   string
	since uint64
}

const (
	slowScan   = 200 * time.Microsecond // in which some ten keys are found otherwise
	regionGaps = 4                      // remembered of a region
)

// known reports whether all that lies between the gap's lo and key is in it.
func (g *gap) known(key string) bool { return g.lo <= key && key <= max(g.lo, g.hi) }

func (r *region) gapList() []gap {
	if list := r.gaps.Load(); list != nil {
		return *list
	}
	return nil
}

// skip moves the start of a walk over the gap it lies in.
func (c *Cursor) skip() {
	c.from = string(c.r.Lo)
	c.learns = !c.o.Reverse
	for _, g := range c.region.gapList() {
		if c.state.version < g.from || !g.known(c.from) || g.hi <= c.from {
			continue
		}
		c.r.Lo = []byte(g.hi)
		if string(c.r.Hi) < g.hi {
			c.r.Lo, c.learns = c.r.Hi, false
		}
		return
	}
}

// learn makes known that nothing lives before the first key of the walk, or
// before its end.
func (c *Cursor) learn() {
	first := string(c.r.Hi)
	if k := c.chunk; len(k.spans) > 0 {
		first = string(k.arena[:k.spans[0].key])
	}
	m := c.store.mirrors
	if first == string(c.r.Lo) || !m.mu.TryLock() {
		return
	}
	defer m.mu.Unlock()
	c.region.empty(c.from, first, c.state.version, m.applied)
}

// empty notes that a state had nothing between lo and hi. Applied is the version
// that the leader has come to. With mirrors.mu held.
func (r *region) empty(lo, hi string, version, applied uint64) {
	list := append([]gap(nil), r.gapList()...)
	for i := range list {
		g, f := &list[i], &r.floors[i]
		if !g.known(lo) {
			continue
		}
		if version < f.since || version < g.from {
			return // what was written since is not known any more
		}
		if version < applied && f.key != "" && f.key < hi {
			hi = f.key
		}
		if hi > g.hi {
			g.hi, g.from = hi, version
			r.gaps.Store(&list)
		}
		*f = floor{since: applied} // of what came before, the gap knows
		return
	}
	if version < applied {
		hi = lo // watched from now on, for the next scan
	}
	if len(list) == regionGaps {
		list, r.floors = list[1:], append(r.floors[:0], r.floors[1:]...)
	}
	list = append(list, gap{lo: lo, hi: hi, from: version})
	r.floors = append(r.floors, floor{since: applied})
	r.gaps.Store(&list)
}

// lower shortens gaps for a key that is about to be published, with mirrors.mu
// held.
func (r *region) lower(key []byte) {
	list := r.gapList()
	for i := range list {
		if string(key) < list[i].lo {
			continue
		}
		if f := &r.floors[i]; f.key == "" || string(key) < f.key {
			f.key = string(key)
		}
		if string(key) < list[i].hi {
			next := append([]gap(nil), list...)
			next[i].hi = string(key)
			r.gaps.Store(&next)
			list = next
		}
	}
}

// lowest replaces what is known of gaps by that before the first key of a tree,
// with mirrors.mu held.
func (r *region) lowest(t *Tree, version uint64) {
	b := r.id.bounds()
	hi := string(b.Hi)
	if t.Len() > 0 {
		hi = string(t.first())
	}
	r.gaps.Store(&[]gap{{lo: string(b.Lo), hi: hi, from: version}})
	r.floors = []floor{{since: version}}
}
