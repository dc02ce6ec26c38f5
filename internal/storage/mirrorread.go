package storage

import (
	"time"
)

// get reads a key of the region as it is stored.
func (m *mirrored) get(key []byte) Entry {
	m.region.touch(getTouches)
	e, _ := m.tree.Get(key)
	e.Checked = m.checked && e.Value != nil
	return e
}

// openMirror begins the walk in the mirror of its range, and reports false when
// the cursor's state has none.
func (c *Cursor) openMirror() bool {
	if c.raw {
		return false
	}
	id := regionOf(c.r.Lo)
	m := c.state.find(id)
	if m == nil || !id.covers(c.r) {
		return false
	}
	c.started, c.checked, c.region = true, m.checked, m.region
	c.tree = m.tree.walk(id.clamp(c.r), c.o)
	return true
}

// openEngine begins the walk in the engine, within the gate.
func (c *Cursor) openEngine() {
	c.started = true
	if id := regionOf(c.r.Lo); !c.raw && id.covers(c.r) {
		if c.region = c.store.mirrors.touch(id, scanTouches); c.region != nil {
			c.skip()
		}
	}
	c.engine = c.state.view.Scan(c.r, c.o)
}

// watch returns the time, where the walk may learn from how long a chunk takes.
func (c *Cursor) watch() (now time.Time) {
	if c.learns {
		now = time.Now()
	}
	return now
}

// count counts the chunk that was just read as a use of the region, and learns
// from the first of a walk.
func (c *Cursor) count(began time.Time) {
	c.region.touches.Add(int64(len(c.chunk.spans) / walkTouches))
	if c.learns {
		c.learns = false
		if time.Since(began) > slowScan {
			c.learn()
		}
	}
}
