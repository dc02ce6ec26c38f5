package watch

import (
	"sync/atomic"

	"github.com/virgadb/virga/document"
)

// An Op says what a commit did to a document.
type Op uint8

// The kinds of events.
const (
	Insert  Op = iota + 1 // the document is new
	Update                // some of its fields changed
	Replace               // it was replaced as a whole
	Remove                // it is gone
	drop                  // of a collection, not of a document
)

// An Event is what a commit did to one document.
type Event struct {
	Op            Op
	Before, After document.Doc // zero for a document that did not, or does not, exist
	Paths         []string     // of an Update: the dotted paths it was about, as written; nil when unknown
}

// A note is an event on its way to streams. It is immutable but for the count.
type note struct {
	Event
	size int64        // bytes of documents that it keeps in memory
	refs atomic.Int32 // backlogs that hold it
}

// noteCost is what each place of a note in a backlog is reckoned at, in bytes.
const noteCost = 64

func newNote(e Event) *note {
	return &note{Event: e, size: int64(len(e.Before.Raw()) + len(e.After.Raw()))}
}

// A group is what one version holds for one stream, in the order of the writes.
type group struct {
	version uint64
	notes   []*note
}

// A net is what one version does to one document, all in all.
type net struct {
	Event
	was bool // the document was in the list before
}

// netOf sums up a group, one net for each document, in the order in which they
// first come up. What amounts to nothing is left out.
func netOf(g group) []net {
	nets := make([]net, 0, len(g.notes))
	var at map[document.ID]int
	if len(g.notes) > 1 {
		at = make(map[document.ID]int, len(g.notes))
	}
	for _, n := range g.notes {
		if at != nil {
			id := n.id()
			if i, ok := at[id]; ok {
				nets[i].Event = nets[i].then(n.Event)
				continue
			}
			at[id] = len(nets)
		}
		nets = append(nets, net{Event: n.Event})
	}
	kept := nets[:0]
	for _, n := range nets {
		if !n.idle() {
			kept = append(kept, n)
		}
	}
	return kept
}

// id returns the _id of the event's document.
func (e Event) id() document.ID {
	if e.After.IsZero() {
		return e.Before.ID()
	}
	return e.After.ID()
}

// idle reports whether e changes nothing. A replacement by the same content counts
// as a change, as it does in the cloud.
func (e Event) idle() bool {
	switch {
	case e.Before.IsZero() || e.After.IsZero():
		return e.Before.IsZero() && e.After.IsZero()
	case e.Op == Update:
		return string(e.Before.Raw()) == string(e.After.Raw())
	}
	return false
}

// then returns what e and, behind it, next do together.
func (e Event) then(next Event) Event {
	both := Event{Op: Replace, Before: e.Before, After: next.After}
	switch {
	case both.Before.IsZero():
		both.Op = Insert
	case both.After.IsZero():
		both.Op = Remove
	case e.Op == Update && next.Op == Update:
		both.Op = Update
		if e.Paths != nil && next.Paths != nil {
			both.Paths = append(append(both.Paths, e.Paths...), next.Paths...)
		}
	}
	return both
}
