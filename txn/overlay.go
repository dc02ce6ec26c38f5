package txn

import (
	"bytes"
	"maps"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/storage"
)

// An overlay is what a transaction has written, as keys of the store: documents
// and entries of indexes that are ready.
type overlay struct {
	tree   *storage.Tree
	deltas map[uint32]int64        // by collection and index, how many more keys it has
	traits map[uint32]index.Traits // by index, what the catalog does not know of it yet
}

// The versions of an overlay's keys say what they stand for.
const (
	overDeleted = 0
	overSet     = 1
)

func newOverlay() *overlay {
	return &overlay{tree: storage.NewTree(), deltas: make(map[uint32]int64), traits: make(map[uint32]index.Traits)}
}

// clone returns an overlay that later writes leave as it is.
func (o *overlay) clone() *overlay {
	return &overlay{tree: o.tree.Clone(), deltas: maps.Clone(o.deltas), traits: maps.Clone(o.traits)}
}

// get returns the value of a key the transaction has written, nil when it has
// deleted it.
func (o *overlay) get(key []byte) (value []byte, known bool) {
	e, _ := o.tree.Get(key)
	if e.Value == nil {
		return nil, false
	}
	if e.Version == overDeleted {
		return nil, true
	}
	return e.Value, true
}

// write takes over the writes of w.
func (o *overlay) write(w *work) {
	for _, list := range [][]storage.Write{w.writes, w.removals, w.added} {
		for _, x := range list {
			if x.Delete {
				o.tree.Set(x.Key, nil, overDeleted)
			} else {
				o.tree.Set(x.Key, x.Value, overSet)
			}
		}
	}
	for _, c := range w.changes {
		o.deltas[c.Collection.ID] += c.Op.delta()
	}
	for i, g := range w.indexes {
		o.deltas[w.coll.indexes[i].ID()] += g.entries
	}
	for id, t := range w.traits {
		o.traits[id] = o.traits[id].Union(t)
	}
}

// scan returns a scanner over r of snap with the overlay laid over it.
func (o *overlay) scan(snap *storage.Snapshot, r storage.Range, options storage.ScanOptions) scanner {
	return &merged{
		base:    snap.Scan(r, options),
		over:    o.tree.Scan(r, storage.ScanOptions{Reverse: options.Reverse}),
		reverse: options.Reverse,
		tree:    o.tree,
		hi:      r.Hi,
	}
}

// A merged scanner walks two ranges at once. Where both have a key, the overlay's
// counts.
type merged struct {
	base             *storage.Cursor
	over             storage.EngineCursor
	reverse, started bool
	hasBase, hasOver bool          // the cursor stands at a key
	onBase, onOver   bool          // the current key comes from it
	tree             *storage.Tree // of the overlay
	hi               []byte        // the end of the range
}

// Next moves to the next key and reports whether there is one.
func (m *merged) Next() bool {
	if !m.started {
		m.started, m.onBase, m.onOver = true, true, true
	}
	for {
		if m.onBase {
			m.hasBase = m.base.Next()
		}
		if m.onOver {
			m.hasOver = m.over.Next()
		}
		if m.base.Err() != nil || !m.hasBase && !m.hasOver {
			return false
		}
		m.choose()
		if !m.onOver || m.over.Version() != overDeleted {
			return true
		}
	}
}

// Seek lets an upward walk go on with the first key that is not less than lo.
func (m *merged) Seek(lo []byte) {
	m.base.Seek(lo)
	m.over = m.tree.Scan(storage.Range{Lo: lo, Hi: m.hi}, storage.ScanOptions{})
	m.started = false
}

// Head is [storage.Cursor.Head].
func (m *merged) Head(skip int) uint64 { return storage.HeadOf(m.Key(), skip) }

// Heads is [storage.Cursor.Heads].
func (m *merged) Heads(skip int, to []uint64) int {
	n := 0
	for ; n < len(to) && m.Next(); n++ {
		to[n] = storage.HeadOf(m.Key(), skip)
	}
	return n
}

// Ahead has nothing at hand.
func (m *merged) Ahead([][]byte) int { return 0 }

// Skip is [storage.Cursor.Skip].
func (m *merged) Skip(n int) (skipped int) {
	for skipped < n && m.Next() {
		skipped++
	}
	return skipped
}

// Pass is [storage.Cursor.Pass].
func (m *merged) Pass(skip int, head uint64) (n int, arrived bool) {
	if !m.Next() {
		return 0, false
	}
	if m.Head(skip) >= head {
		return 0, true
	}
	return 1, false
}

// choose sets which of the cursors has the next key; both may.
func (m *merged) choose() {
	switch {
	case !m.hasOver:
		m.onBase, m.onOver = true, false
	case !m.hasBase:
		m.onBase, m.onOver = false, true
	default:
		c := bytes.Compare(m.base.Key(), m.over.Key())
		if m.reverse {
			c = -c
		}
		m.onBase, m.onOver = c <= 0, c >= 0
	}
}

func (m *merged) Key() []byte {
	if m.onOver {
		return m.over.Key()
	}
	return m.base.Key()
}

func (m *merged) Value() []byte {
	if m.onOver {
		return m.over.Value()
	}
	return m.base.Value()
}

// Own returns the current value, valid for ever: an overlay's bytes are immutable.
func (m *merged) Own() []byte {
	if m.onOver {
		return m.over.Value()
	}
	return m.base.Own()
}

// Checked reports whether the current value is known to be a document.
func (m *merged) Checked() bool { return !m.onOver && m.base.Checked() }

func (m *merged) Err() error { return m.base.Err() }

func (m *merged) Close() {
	m.base.Close()
	m.over.Close()
}
