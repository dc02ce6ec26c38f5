package storage

import (
	"fmt"

	"github.com/virgadb/virga/internal/fault"
)

// A cursor copies entries out of an engine whose bytes do not last, a chunk in
// one touch. Chunks start small, for the many scans that want a handful of keys.
const (
	firstEntries = 8
	lastEntries  = 256
	chunkBytes   = 256 << 10
)

// A Cursor walks a range of a snapshot. It belongs to one goroutine and must be
// closed. A store that is closed meanwhile ends it with [fault.ErrClosed].
type Cursor struct {
	store   *Store
	state   *published
	r       Range
	o       ScanOptions
	lane    lane
	closed  bool // Close was called, or nothing is left to walk
	raw     bool // values are shown as they are stored in the engine
	started bool

	// One of two: a tree's entries are handed on as they are, without the gate;
	// those of any other engine are copied, a chunk in one touch.
	tree   *treeCursor
	engine EngineCursor // nil when exhausted
	chunk  *chunk
	links  links // among the store's open cursors, while engine is open

	region  *region // of the range, when it may be mirrored
	checked bool    // a tree's values need no check, see [Entry]
	learns  bool    // the walk may find a gap before its first key
	from    string  // where the walk was to begin
	walked  int     // entries handed on by a tree

	key, value []byte
	version    uint64 // of an entry that was copied
	parts      PartSet
	owned      bool // value is the caller's to keep
	err        error
}

// scan returns a cursor over a state that the caller holds.
func (s *Store) scan(p *published, r Range, o ScanOptions) *Cursor {
	p.refs.Add(1)
	c := &Cursor{store: s, state: p, r: r, o: o}
	c.lane = laneOf(c)
	return c
}

// Next moves to the next entry and reports whether there is one. After false,
// Err tells the end of the range from an error.
func (c *Cursor) Next() bool {
	if c.closed {
		return false
	}
	if c.store.gate.closed.Load() {
		return c.fail(fault.ErrClosed)
	}
	if !c.step() {
		return false
	}
	if len(c.value) > 0 && c.value[0] == marker && !c.raw {
		return c.unwrap()
	}
	return true
}

// step moves to the next stored entry.
func (c *Cursor) step() bool {
	if c.tree != nil {
		return c.stepTree()
	}
	if c.chunk != nil && c.chunk.next(c) {
		return true
	}
	if err := c.fill(); err != nil {
		return c.fail(err)
	}
	if c.tree != nil {
		return c.stepTree()
	}
	return c.chunk.next(c) || c.fail(nil)
}

func (c *Cursor) stepTree() bool {
	if !c.tree.Next() {
		return c.fail(nil)
	}
	c.walked++
	c.show()
	return true
}

// show makes the entry that the tree's cursor stands at the current one.
func (c *Cursor) show() {
	t := c.tree
	c.key = t.Key()
	if !c.o.KeysOnly {
		c.value, c.owned, c.parts = t.Value(), true, 0
	}
}

// fill reads the next chunk in one touch of the engine.
func (c *Cursor) fill() error {
	s := c.store
	if !c.started && c.openMirror() {
		return nil
	}
	if !s.gate.enter(c.lane) {
		return fault.ErrClosed
	}
	defer s.gate.leave(c.lane)
	if !c.started {
		c.openEngine()
		if t, ok := c.engine.(*treeCursor); ok {
			c.tree, c.engine, c.checked = t, nil, s.trusted
			return nil
		}
		c.chunk = s.borrow()
	}
	if c.engine == nil {
		return nil
	}
	began := c.watch()
	more := c.chunk.fill(c.engine)
	err := c.engine.Err()
	if c.region != nil && err == nil {
		c.count(began)
	}
	if more {
		s.cursors.add(c)
		return nil
	}
	c.closeEngine()
	return err
}

// closeEngine gives the engine's cursor back, within the gate.
func (c *Cursor) closeEngine() {
	if c.engine != nil {
		c.store.cursors.remove(c)
		c.engine.Close()
		c.engine = nil
	}
}

// Seek lets the walk go on with the first entry whose key is not less than lo, which
// [Cursor.Next] moves to, whether it lies before or behind. The cursor must have been
// opened with [ScanOptions.Seeks]; lo is the cursor's until the next Seek.
func (c *Cursor) Seek(lo []byte) {
	if c.closed {
		return
	}
	c.r.Lo = lo
	if c.tree != nil && c.tree.holds(lo) {
		c.tree.Seek(lo)
		return
	}
	c.tree, c.checked = nil, false
	if c.engine != nil && c.store.gate.enter(c.lane) {
		c.closeEngine()
		c.store.gate.leave(c.lane)
	}
	if c.chunk != nil {
		c.store.giveBack(c.chunk)
		c.chunk = nil
	}
	c.started = false
}

// unwrap replaces the stored bytes of the current entry by the value they stand for.
func (c *Cursor) unwrap() bool {
	e, err := c.store.unwrap(c.state, c.key, Entry{Value: c.value, Version: c.Version()}, c.lane)
	if err != nil {
		return c.fail(fmt.Errorf("key %x: %w", c.key, err))
	}
	c.value, c.parts = e.Value, e.Parts
	c.owned = c.tree != nil || e.Parts != 0
	return true
}

// fail ends the walk, with an error or without.
func (c *Cursor) fail(err error) bool {
	if err == nil && c.o.Seeks {
		return false
	}
	c.Close()
	c.err = err
	return false
}

// Key returns the current key, valid until Next.
func (c *Cursor) Key() []byte { return c.key }

// Value returns the current value, valid until Next. It is nil when the scan
// reads keys only.
func (c *Cursor) Value() []byte { return c.value }

// Own returns the current value to keep for ever: a copy, or the bytes
// themselves where nothing can change them. They are not to be modified.
func (c *Cursor) Own() []byte {
	if c.owned || c.value == nil {
		return c.value
	}
	return append(make([]byte, 0, len(c.value)), c.value...)
}

// Checked is what [Entry] says of the current value.
func (c *Cursor) Checked() bool { return c.checked && c.parts == 0 }

// Version returns the commit that wrote the current entry.
func (c *Cursor) Version() uint64 {
	if c.tree != nil && c.tree.leaf != nil {
		return c.tree.Version()
	}
	return c.version
}

// Parts returns the parts the current value was assembled from, 0 when it is
// stored whole or the scan reads keys only.
func (c *Cursor) Parts() PartSet { return c.parts }

// Err returns the error that ended the walk, nil at the end of the range.
func (c *Cursor) Err() error { return c.err }

// Close ends the walk. It may be called more than once.
func (c *Cursor) Close() {
	if c.closed {
		return
	}
	c.closed = true
	if c.region != nil && c.tree != nil {
		c.region.touches.Add(int64(scanTouches + c.walked/walkTouches))
	}
	c.key, c.value, c.parts = nil, nil, 0
	if c.store.gate.enter(c.lane) {
		c.closeEngine()
		c.store.gate.leave(c.lane)
	}
	if c.chunk != nil {
		c.store.giveBack(c.chunk)
		c.chunk = nil
	}
	c.store.release(c.state)
}
