package watch

import (
	"context"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// read returns the window as the newest state has it, with room for so many
// documents, and what was read.
func (s *Stream) read(ctx context.Context, room int) (window, Result, error) {
	w := newWindow(s.request)
	w.room = room
	r := &query.Request{Filter: w.filter, Sort: w.sort, Hint: s.request.Hint, Limit: room}
	if w.limit == 0 {
		r.Limit = s.options.MaxRecords + 1
	}
	result, err := s.find(ctx, s.collection, r)
	w.docs, w.whole = result.Docs, len(result.Docs) < r.Limit
	return w, result, err
}

// refill reads anew a window that has run dry. What is in the newest state may be
// ahead of the version that the window is at: everything that came in between is
// still in the backlog, and is taken back. When it is not there any more, b becomes
// a batch that merges.
func (s *Stream) refill(ctx context.Context, b *batch) error {
	room := s.window.room
	for more := room; ; more *= 2 {
		w, result, err := s.read(ctx, more)
		if err == nil {
			err = s.feed.await(ctx, result.Told)
		}
		if err != nil {
			return err
		}
		ahead, ok := s.ahead(result.Version)
		if !ok {
			b.merge = true
			return nil
		}
		for _, g := range slices.Backward(ahead) {
			for _, n := range slices.Backward(g.notes) {
				if err := w.apply(n.After, n.Before); err != nil {
					return err
				}
			}
		}
		if !w.dry() {
			w.room = room
			s.window = w
			return nil
		}
	}
}

// ahead returns what is in the backlog up to version, and whether that is all that
// happened since the version of the window, document by document.
func (s *Stream) ahead(version uint64) ([]group, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.behind {
		return nil, false
	}
	groups := slices.Clone(s.backlog.upTo(version))
	for _, g := range groups {
		if slices.ContainsFunc(g.notes, func(n *note) bool { return n.Op == drop }) {
			return nil, false
		}
	}
	return groups, true
}

// merge brings the window to the newest state and tells the difference to the list
// before. What the backlog holds up to there is passed over later.
func (s *Stream) merge(ctx context.Context, b *batch) (*Snapshot, error) {
	w, result, err := s.read(ctx, s.window.room)
	if err != nil {
		return nil, err
	}
	before := b.before
	s.window, s.version = w, result.Version
	if err := s.checkSize(); err != nil {
		return nil, err
	}
	if s.last == 0 {
		return s.snapshot(initial(w.shown()), false), nil
	}
	return s.snapshot(difference(before, w.shown()), true), nil
}

// initial returns the changes of a first snapshot.
func initial(docs []document.Doc) []Change {
	changes := make([]Change, len(docs))
	for i, d := range docs {
		changes[i] = Change{QueueType: QueueInit, DataType: DataInit, DocID: d.ID(), Doc: d}
	}
	return changes
}

// difference returns the changes that lead from one list to another: first what
// leaves it, then what comes and differs.
func difference(before, after []document.Doc) []Change {
	var changes []Change
	now := make(map[document.ID]bool, len(after))
	for _, d := range after {
		now[d.ID()] = true
	}
	then := make(map[document.ID]document.Doc, len(before))
	for _, d := range before {
		id := d.ID()
		then[id] = d
		if !now[id] {
			changes = append(changes, Change{QueueType: QueueDequeue, DataType: DataRemove, DocID: id, Doc: d})
		}
	}
	for _, d := range after {
		id := d.ID()
		old, was := then[id]
		switch {
		case !was:
			changes = append(changes, Change{QueueType: QueueEnqueue, DataType: DataAdd, DocID: id, Doc: d})
		case string(old.Raw()) != string(d.Raw()):
			changes = append(changes, Change{QueueType: QueueUpdate, DataType: DataReplace, DocID: id, Doc: d})
		}
	}
	return changes
}
