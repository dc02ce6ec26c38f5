package plan

import (
	"context"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/keys"
)

// A target is the document that an item stands for: its key, itself when the item has it,
// and its distance, when it was found by that.
type target struct {
	key    []byte
	doc    document.Doc
	peeked []byte // what is known of the document, see [txn.Snapshot.Peek]
	metres float64
	sure   bool // see [item]
}

// A lookahead takes items before they are asked for, and lets the snapshot look for the
// documents that they stand for, several at once: see [txn.Snapshot.Peek].
type lookahead struct {
	held         []target // those taken and not asked for, the next one first
	taken        int      // so many items have been taken
	over         bool     // there are no more, for err or at the end
	err          error
	room         []target // of held
	names        []byte   // the keys of room
	keys, values [][]byte // of the documents to be read: where they are, and what is known of them
	checked      bool     // of values
}

// mostAhead is how many items a lookahead takes at once.
const mostAhead = 16

// keyRoom is the room for a key of a document, at first.
const keyRoom = 24

// next lets f be at the document of the next item, and reports whether there is one.
func (l *lookahead) next(ctx context.Context, f *fetched) (bool, error) {
	if len(l.held) == 0 && !l.over {
		l.fill(ctx, f)
	}
	if len(l.held) == 0 {
		return false, l.err
	}
	f.at, l.held = l.held[0], l.held[1:]
	return true, nil
}

// fill takes the next items, and more of them unless the first one holds a document, which
// is there until the next one.
func (l *lookahead) fill(ctx context.Context, f *fetched) {
	n := l.wanted(f)
	if cap(l.room) < n {
		l.room, l.names = make([]target, 0, n), make([]byte, 0, n*keyRoom)
	}
	l.room, l.names = l.room[:0], l.names[:0]
	for len(l.room) < n {
		it, ok, err := f.items.next(ctx)
		if !ok || err != nil {
			l.over, l.err = true, err
			break
		}
		from := len(l.names)
		l.names = keys.AppendDocumentOf(l.names, f.exec.coll.ID, it.id)
		l.room = append(l.room, target{key: l.names[from:], doc: it.doc, metres: it.metres, sure: it.sure})
		if !it.doc.IsZero() {
			break
		}
	}
	l.taken += len(l.room)
	l.held = l.room
	l.peek(f)
}

// peek looks for the documents of room that will be read.
func (l *lookahead) peek(f *fetched) {
	l.keys = l.keys[:0]
	for i := range l.room {
		if t := &l.room[i]; f.reads(t) {
			l.keys = append(l.keys, t.key)
		}
	}
	if len(l.keys) == 0 {
		return
	}
	l.values = slices.Grow(l.values[:0], len(l.keys))[:len(l.keys)]
	l.checked = f.exec.snap.Peek(l.keys, l.values)
	values := l.values
	for i := range l.room {
		if t := &l.room[i]; f.reads(t) {
			t.peeked, values = values[0], values[1:]
		}
	}
}

// wanted returns how many items to take at once: none that may not be asked for when a
// window tells how many those are, and otherwise few at first.
func (l *lookahead) wanted(f *fetched) int {
	window := f.exec.planner.window
	switch {
	case window == 0:
		return min(4+l.taken, mostAhead)
	case f.filter != nil:
		return 1
	}
	return max(1, min(window-l.taken, mostAhead))
}
