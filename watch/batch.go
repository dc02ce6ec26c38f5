package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// A batch is one version on its way into a snapshot.
type batch struct {
	version uint64
	nets    []net
	before  []document.Doc // the list before, when there is a limit
	merge   bool           // the newest state is to be read, and compared with the list before
}

// prepare works on the backlog until a snapshot is ready or nothing is left. The
// caller has the turn. When ctx ends, the work is left for the next caller; any
// other error has ended the stream.
func (s *Stream) prepare(ctx context.Context) error {
	for {
		more, err := s.pick()
		if err != nil || !more {
			return err
		}
		snap, err := s.work(ctx)
		if err != nil {
			if ended := s.reason(); ended != nil {
				return ended
			}
			if ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
				s.end(err)
			}
			return err
		}
		s.batch = nil
		s.mu.Lock()
		if s.err == nil {
			s.ready, s.from = snap, s.busy
		}
		s.busy = 0
		s.step()
		s.mu.Unlock()
	}
}

// pick makes a batch of the oldest group, unless there is a batch already, and
// reports whether there is one to work on now.
func (s *Stream) pick() (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.err != nil:
			return false, s.err
		case s.ready != nil:
			return false, nil
		case s.batch != nil:
			return true, nil
		case s.behind:
			// What comes from here on is kept again: the state to be read is at least
			// as new as all that was given up.
			s.behind, s.busy = false, oldest
			s.batch = &batch{merge: true, before: s.window.shown()}
		case len(s.backlog.groups) == 0:
			return false, nil
		default:
			g := s.backlog.first()
			s.feed.release(g)
			if g.version > s.version {
				s.busy = g.version
				s.batch = s.open(g)
			} else {
				s.step() // passed over: Settle may have waited for just that
			}
		}
	}
}

// open makes a batch of a group.
func (s *Stream) open(g group) *batch {
	if slices.ContainsFunc(g.notes, func(n *note) bool { return n.Op == drop }) {
		return &batch{merge: true, before: s.window.shown()}
	}
	return &batch{version: g.version, nets: netOf(g)}
}

// work brings the window to the version of the batch and returns the snapshot of
// it, nil when nothing has changed in the list.
func (s *Stream) work(ctx context.Context) (*Snapshot, error) {
	b := s.batch
	if !b.merge && s.version != b.version {
		if err := s.apply(b); err != nil {
			return nil, err
		}
	}
	if !b.merge && s.window.dry() {
		if err := s.refill(ctx, b); err != nil {
			return nil, err
		}
	}
	if b.merge {
		return s.merge(ctx, b)
	}
	changes, err := s.changes(ctx, b)
	if err != nil {
		return nil, err
	}
	return s.snapshot(changes, false), nil
}

// apply brings the window to the version of b, as far as that is known.
func (s *Stream) apply(b *batch) error {
	if s.window.limit > 0 {
		b.before = slices.Clone(s.window.shown())
	}
	for i := range b.nets {
		b.nets[i].was = s.window.shows(b.nets[i].Before)
	}
	for _, n := range b.nets {
		if err := s.window.apply(n.Before, n.After); err != nil {
			return err
		}
	}
	s.version = b.version
	return s.checkSize()
}

// checkSize refuses a list of too many documents.
func (s *Stream) checkSize() error {
	if s.window.limit == 0 && len(s.window.docs) > s.options.MaxRecords {
		return fmt.Errorf("more than %d documents to watch: %w", s.options.MaxRecords, fault.ErrTooLarge)
	}
	return nil
}

// changes tells what has become of the list with b: first what the batch did to
// documents, then which others the limit let go and let in.
func (s *Stream) changes(ctx context.Context, b *batch) ([]Change, error) {
	var changes []Change
	was, is := 0, 0 // documents of the batch in the list, before and after
	for _, n := range b.nets {
		shown := s.window.shows(n.After)
		if n.was {
			was++
		}
		if shown {
			is++
		}
		if n.was || shown {
			c := n.change(shown)
			if c.QueueType == QueueDequeue {
				if err := s.withhold(ctx, &c, n); err != nil {
					return nil, err
				}
			}
			changes = append(changes, c)
		}
	}
	if s.window.limit == 0 {
		return changes, nil
	}
	// The other documents keep their order among each other, and the list has the
	// first of them, before and after: they go and come at its end.
	after := s.window.shown()
	left, right := len(b.before)-was, len(after)-is
	changes = b.appendMoved(changes, b.before, left-right, QueueDequeue)
	return b.appendMoved(changes, after, right-left, QueueEnqueue), nil
}

// withhold takes what a document has become out of c, which tells that it has left the
// list, when the reader may not see it: it does not match any more, and what matches is
// all that is known to be allowed.
func (s *Stream) withhold(ctx context.Context, c *Change, n net) error {
	if s.readable == nil || n.After.IsZero() {
		return nil
	}
	if s.window.filter != nil {
		if ok, err := s.window.filter.Match(n.After); err != nil || ok { // others have pushed it out
			return err
		}
	}
	ok, err := s.readable(ctx, n.After)
	if err == nil && !ok {
		c.Doc, c.UpdatedFields, c.RemovedFields = n.Before, nil, nil
	}
	return err
}

// appendMoved adds changes for the last n documents of list that are none of the
// batch's own, in their order.
func (b *batch) appendMoved(changes []Change, list []document.Doc, n int, queue QueueType) []Change {
	first := len(changes)
	for i := len(list) - 1; i >= 0 && len(changes)-first < n; i-- {
		id := list[i].ID()
		if !slices.ContainsFunc(b.nets, func(n net) bool { return n.id() == id }) {
			changes = append(changes, Change{QueueType: queue, DataType: DataLimit, DocID: id, Doc: list[i]})
		}
	}
	slices.Reverse(changes[first:])
	return changes
}

// change tells of a document that was, or is now, in the list.
func (n *net) change(shown bool) Change {
	c := Change{QueueType: QueueUpdate, DocID: n.id(), Doc: n.After}
	switch {
	case !n.was:
		c.QueueType = QueueEnqueue
	case !shown:
		c.QueueType = QueueDequeue
	}
	switch n.Op {
	case Insert:
		c.DataType = DataAdd
	case Update:
		c.DataType = DataUpdate
		c.UpdatedFields, c.RemovedFields = n.fields()
	case Replace:
		c.DataType = DataReplace
	case Remove:
		c.DataType, c.Doc = DataRemove, n.Before
	}
	return c
}

// snapshot makes a snapshot of the window, nil when there are no changes. The first
// one of a stream is made in any case.
func (s *Stream) snapshot(changes []Change, merged bool) *Snapshot {
	first := s.last == 0
	if len(changes) == 0 && !first {
		return nil
	}
	s.last++
	for i := range changes {
		changes[i].ID = s.last
	}
	snap := &Snapshot{ID: s.last, Version: s.version, Docs: slices.Clone(s.window.shown()), Changes: changes, Merged: merged}
	if first {
		snap.Type, snap.Merged = TypeInit, false
	}
	return snap
}
