package watch

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// A Feed hands what happens in a database to the streams that are open on it. It is
// safe for concurrent use.
type Feed struct {
	find    Find
	limit   int64        // bytes of all backlogs together
	backlog atomic.Int64 // bytes of all backlogs, reckoned
	running sync.WaitGroup

	mu          sync.Mutex // guards everything below; held briefly, for writers wait for it
	closed      bool
	heard       uint64 // the newest version that was published
	waiting     []waiter
	collections map[string]*audience // by name; those that have streams
	streams     streams
	touched     []*Stream // of the publication under way
}

const defaultLimit = 32 << 20

// Find runs a query on the newest state of a collection, which may not exist.
type Find func(ctx context.Context, collection string, r *query.Request) (Result, error)

// A Result is what a query found.
type Result struct {
	Docs    []document.Doc // in the order of the query; the receiver may change the slice
	Version uint64         // of the state
	Told    uint64         // the newest version in it that is, or is about to be, published to the feed
}

// A waiter waits until a version has been published.
type waiter struct {
	version uint64
	done    chan struct{}
}

// NewFeed returns the feed of the database that find reads. limit bounds the bytes
// of what slow readers have not taken yet, of all streams together; 0 means 32 MiB.
func NewFeed(find Find, limit int64) *Feed {
	if limit <= 0 {
		limit = defaultLimit
	}
	return &Feed{find: find, limit: limit, collections: make(map[string]*audience), streams: make(streams)}
}

// Publish tells of a version: what happened in which collection, in the order of
// the writes, the names of the collections that were dropped or replaced, and of
// those that are defined anew, for streams that read by a Find of their own. It is
// called for the versions in their order, once readers of the database see them. It
// never blocks, and costs what concerns streams.
func (f *Feed) Publish(version uint64, events iter.Seq2[string, Event], dropped, redefined []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	if len(f.collections) > 0 {
		f.gather(events, dropped, redefined)
		f.deliver(version)
	}
	f.heard = version
	kept := f.waiting[:0]
	for _, w := range f.waiting {
		if w.version <= version {
			close(w.done)
		} else {
			kept = append(kept, w)
		}
	}
	clear(f.waiting[len(kept):])
	f.waiting = kept
}

// gather brings events to the streams that they may concern.
func (f *Feed) gather(events iter.Seq2[string, Event], dropped, redefined []string) {
	for name, e := range events {
		if a := f.collections[name]; a != nil {
			n := newNote(e)
			a.each(e, func(s *Stream) { f.touch(s, n) })
		}
	}
	for _, name := range dropped {
		f.anew(name, func(*Stream) bool { return true })
	}
	for _, name := range redefined {
		f.anew(name, func(s *Stream) bool { return s.guarded })
	}
}

// anew lets those streams of a collection that are concerned read it anew.
func (f *Feed) anew(name string, concerned func(*Stream) bool) {
	if f.collections[name] == nil {
		return
	}
	n := newNote(Event{Op: drop})
	for s := range f.streams {
		if s.collection == name && concerned(s) {
			f.touch(s, n)
		}
	}
}

// touch notes n for s, unless it has been already.
func (f *Feed) touch(s *Stream, n *note) {
	switch k := len(s.gathered); {
	case k == 0:
		f.touched = append(f.touched, s)
	case s.gathered[k-1] == n:
		return
	}
	s.gathered = append(s.gathered, n)
	if n.refs.Add(1) == 1 {
		f.backlog.Add(n.size)
	}
	f.backlog.Add(noteCost)
}

// deliver hands each stream what was gathered for it, all of the version at once.
func (f *Feed) deliver(version uint64) {
	for _, s := range f.touched {
		g := group{version, s.gathered}
		s.gathered = nil
		if !s.push(g) {
			f.remove(s)
		}
	}
	f.wake(f.touched)
	clear(f.touched)
	f.touched = f.touched[:0]
	if f.backlog.Load() > f.limit {
		f.relieve()
	}
}

// fewReaders is the most readers that a publication wakes by itself.
const fewReaders = 64

// wake wakes the readers of streams. When they are many, the writer would stand
// behind them for a processor: another goroutine wakes them then.
func (f *Feed) wake(list []*Stream) {
	if len(list) <= fewReaders {
		for _, s := range list {
			s.signal()
		}
		return
	}
	list = slices.Clone(list)
	f.running.Go(func() {
		for _, s := range list {
			s.signal()
		}
	})
}

// relieve gives up the backlogs of all streams.
func (f *Feed) relieve() {
	var list []*Stream
	for s := range f.streams {
		if !s.giveUp() {
			f.remove(s)
		}
		list = append(list, s)
	}
	f.wake(list)
}

// release says that a backlog does not hold the notes of g any more.
func (f *Feed) release(g group) {
	for _, n := range g.notes {
		bytes := int64(noteCost)
		if n.refs.Add(-1) == 0 {
			bytes += n.size
		}
		f.backlog.Add(-bytes)
	}
}

// join adds a stream.
func (f *Feed) join(s *Stream) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return fault.ErrClosed
	}
	a := f.collections[s.collection]
	if a == nil {
		a = &audience{fields: make(map[string]*field), others: make(streams)}
		f.collections[s.collection] = a
	}
	a.add(s)
	f.streams[s] = struct{}{}
	return nil
}

// leave removes a stream that has ended. It may be gone already.
func (f *Feed) leave(s *Stream) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.remove(s)
}

// remove is leave, with mu held.
func (f *Feed) remove(s *Stream) {
	if _, here := f.streams[s]; !here {
		return
	}
	delete(f.streams, s)
	a := f.collections[s.collection]
	if a.remove(s); a.size == 0 {
		delete(f.collections, s.collection)
	}
}

// await returns once version has been published.
func (f *Feed) await(ctx context.Context, version uint64) error {
	f.mu.Lock()
	if f.closed || f.heard >= version {
		f.mu.Unlock()
		return nil
	}
	w := waiter{version, make(chan struct{})}
	f.waiting = append(f.waiting, w)
	f.mu.Unlock()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Settle returns once everything that was published before has been delivered: each
// stream's snapshots up to then have been returned by Next, or OnChange has returned
// from them. What gives no snapshot needs no reader; a snapshot that nobody takes,
// also the first, keeps Settle waiting until ctx ends. Once the feed is closed it is
// ErrClosed.
func (f *Feed) Settle(ctx context.Context) error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return errDatabase
	}
	version := max(f.heard, oldest)
	list := make([]*Stream, 0, len(f.streams))
	for s := range f.streams {
		list = append(list, s)
	}
	f.mu.Unlock()
	for _, s := range list {
		if err := s.settle(ctx, version); err != nil {
			return err
		}
	}
	return nil
}

var errDatabase = fmt.Errorf("the database is closed: %w", fault.ErrClosed)

// Close ends every stream, with ErrClosed. It does not wait for callbacks.
func (f *Feed) Close() {
	f.mu.Lock()
	f.closed = true
	list := make([]*Stream, 0, len(f.streams))
	for s := range f.streams {
		list = append(list, s)
	}
	for _, w := range f.waiting {
		close(w.done)
	}
	f.waiting = nil
	f.mu.Unlock()
	for _, s := range list {
		s.end(errDatabase)
	}
}

// Wait returns once no callback of a stream is running and none will. It comes
// behind Close.
func (f *Feed) Wait() { f.running.Wait() }

// run runs a stream's callbacks in a goroutine that Wait waits for, and reports
// false when the feed is closed.
func (f *Feed) run(loop func()) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.running.Go(loop)
	return true
}
