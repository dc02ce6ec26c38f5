package watch

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// A Stream is a live query. It is safe for concurrent use; each snapshot goes to
// one caller.
//
// It ends with Close, with the context it was made with, with the database, and
// with an error. Then it holds nothing any more, and Next returns the reason.
type Stream struct {
	feed       *Feed
	collection string
	request    *query.Request
	find       Find
	guarded    bool // find is the stream's own
	options    Options
	wrap       func(error) error
	before     func(context.Context) error                       // nil for nothing
	readable   func(context.Context, document.Doc) (bool, error) // nil for everything
	release    func()                                            // undoes what ties the stream to its context

	wake chan struct{} // has room for one: there may be something to do
	done chan struct{} // closed when the stream has ended
	idle chan struct{} // closed when no callback will run any more

	turn    chan struct{} // has room for one: whoever filled it has what follows
	window  window
	version uint64 // of the window
	last    int64  // ID of the newest snapshot
	batch   *batch // work that is not done yet

	seat     seat    // guarded by feed.mu
	gathered []*note // guarded by feed.mu

	mu      sync.Mutex // guards everything below
	backlog backlog
	behind  bool          // the backlog was given up
	busy    uint64        // the oldest version in what is being worked on; 0 for nothing
	ready   *Snapshot     // to be taken by the reader
	from    uint64        // the oldest version in ready
	calling uint64        // the oldest version in what OnChange is called with; 0 for nothing
	err     error         // why the stream has ended
	closed  bool          // that was Close
	moved   chan struct{} // closed at the next step forward; nil when nobody waits for it
}

// oldest stands for a version before all that are waited for.
const oldest = 1

// A Spec says what to watch.
type Spec struct {
	Collection string
	Request    *query.Request
	Options    Options
	Wrap       func(error) error // what errors get added before a caller sees them

	// Before, if not nil, is called when a snapshot is about to be handed out. An error
	// ends the stream.
	Before func(context.Context) error
	// Find, if set, reads in place of the feed's. It is asked again when the collection
	// is defined anew, before anything later is shown; an error ends the stream.
	Find Find
	// Readable, if set, reports whether the reader may see a document that was in the
	// list and does not match any more, as it is now.
	Readable func(ctx context.Context, doc document.Doc) (bool, error)
}

// Watch opens a stream, whose first snapshot is of this moment. ctx bounds the life
// of the stream.
func (f *Feed) Watch(ctx context.Context, spec Spec) (*Stream, error) {
	if err := checkRequest(spec.Request); err != nil {
		return nil, err
	}
	options, err := spec.Options.complete()
	if err != nil {
		return nil, err
	}
	s := &Stream{
		feed:       f,
		collection: spec.Collection,
		request:    spec.Request,
		find:       f.find,
		options:    options,
		wrap:       spec.Wrap,
		before:     spec.Before,
		readable:   spec.Readable,
		window:     newWindow(spec.Request),
		wake:       make(chan struct{}, 1),
		done:       make(chan struct{}),
		idle:       make(chan struct{}),
		turn:       make(chan struct{}, 1),
		busy:       oldest,
	}
	if spec.Find != nil {
		s.find, s.guarded = spec.Find, true
	}
	if s.wrap == nil {
		s.wrap = func(err error) error { return err }
	}
	if err := s.begin(ctx); err != nil {
		s.end(err)
		f.leave(s) // it may have ended before it joined
		if s.options.OnChange != nil {
			close(s.idle)
		}
		return nil, err
	}
	return s, nil
}

// begin joins the feed before it reads, so that nothing falls in between: what is
// published up to the version read is passed over.
func (s *Stream) begin(ctx context.Context) error {
	life, cancel := ctx, func() {}
	if s.options.OnChange != nil {
		life, cancel = context.WithCancel(ctx)
	}
	s.mu.Lock() // life may have ended already
	stop := context.AfterFunc(life, func() { s.end(life.Err()) })
	s.release = func() {
		stop()
		cancel()
	}
	s.mu.Unlock()
	s.turn <- struct{}{}
	defer s.giveTurn()
	if s.options.OnChange == nil {
		close(s.idle)
	}
	if err := s.feed.join(s); err != nil {
		return err
	}
	s.batch = &batch{merge: true}
	if err := s.prepare(ctx); err != nil || s.options.OnChange == nil {
		return err
	}
	if !s.feed.run(func() { s.call(life) }) {
		return fault.ErrClosed
	}
	return nil
}

// Next waits for the next snapshot and returns it. After an error of ctx the stream
// goes on; any other error is the reason for which it has ended, ErrClosed after
// Close.
func (s *Stream) Next(ctx context.Context) (Snapshot, error) {
	if s.options.OnChange != nil {
		return Snapshot{}, s.wrap(fmt.Errorf("the stream has OnChange, which gets the snapshots: %w", fault.ErrInvalid))
	}
	if ctx == nil {
		return Snapshot{}, s.wrap(fmt.Errorf("context is nil: %w", fault.ErrInvalid))
	}
	snap, err := s.next(ctx)
	if err != nil {
		return Snapshot{}, s.wrap(err)
	}
	return *snap, nil
}

// All returns a loop over the snapshots. The error that ends it comes as the last
// pair; leaving the loop closes the stream.
func (s *Stream) All(ctx context.Context) iter.Seq2[Snapshot, error] {
	return func(yield func(Snapshot, error) bool) {
		defer s.Close()
		for {
			snap, err := s.Next(ctx)
			if !yield(snap, err) || err != nil {
				return
			}
		}
	}
}

// Close ends the stream. No callback begins any more; one that is running, which may
// be the one that calls Close, is not waited for: see Done. Closing twice is
// harmless.
func (s *Stream) Close() {
	s.mu.Lock()
	s.closed = s.closed || s.err == nil
	s.mu.Unlock()
	s.end(fmt.Errorf("the stream is closed: %w", fault.ErrClosed))
}

// Done returns a channel that is closed when the stream has ended and, if it has
// callbacks, the last of them has returned.
func (s *Stream) Done() <-chan struct{} {
	if s.options.OnChange != nil {
		return s.idle
	}
	return s.done
}

// next waits for a snapshot.
func (s *Stream) next(ctx context.Context) (*Snapshot, error) {
	if err := s.takeTurn(ctx); err != nil {
		return nil, err
	}
	defer s.giveTurn()
	for {
		if err := s.prepare(ctx); err != nil {
			return nil, err
		}
		if err := s.announce(ctx); err != nil {
			return nil, err
		}
		if snap := s.take(); snap != nil {
			return snap, nil
		}
		select {
		case <-s.wake:
		case <-s.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// announce calls before if a snapshot is ready.
func (s *Stream) announce(ctx context.Context) error {
	if s.before == nil {
		return nil
	}
	s.mu.Lock()
	ready := s.ready != nil
	s.mu.Unlock()
	if !ready {
		return nil
	}
	err := s.before(ctx)
	if err != nil {
		s.end(err)
	}
	return err
}

// take returns the snapshot that is ready, if one is.
func (s *Stream) take() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	snap := s.ready
	s.ready = nil
	if snap != nil && s.options.OnChange != nil {
		s.calling = s.from
	}
	return snap
}

// call hands snapshots to the callbacks until the stream ends.
func (s *Stream) call(life context.Context) {
	defer close(s.idle)
	for {
		snap, err := s.next(life)
		if err != nil {
			s.report(err)
			return
		}
		s.options.OnChange(*snap)
		s.mu.Lock()
		s.calling = 0
		s.step()
		s.mu.Unlock()
	}
}

// report calls OnError with the reason for which the stream has ended.
func (s *Stream) report(err error) {
	s.end(err) // of its context, if for nothing else
	s.mu.Lock()
	reason, closed := s.err, s.closed
	s.mu.Unlock()
	if s.options.OnError != nil && !closed {
		s.options.OnError(s.wrap(reason))
	}
}

// end ends the stream, unless it has ended before, and lets go of everything.
func (s *Stream) end(reason error) {
	if s.stop(reason) {
		s.feed.leave(s)
	}
}

// stop is end but for leaving the feed. It reports whether the stream had not ended.
func (s *Stream) stop(reason error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false
	}
	s.err, s.ready = reason, nil
	s.feed.discard(&s.backlog)
	close(s.done)
	s.step()
	s.release()
	return true
}

// takeTurn waits until the caller alone may work on the window.
func (s *Stream) takeTurn(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return s.reason()
	}
}

func (s *Stream) giveTurn() {
	<-s.turn
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step()
}

// reason returns why the stream has ended, or nil.
func (s *Stream) reason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// step wakes those who wait for the stream to move on, with mu held.
func (s *Stream) step() {
	if s.moved != nil {
		close(s.moved)
		s.moved = nil
	}
}
