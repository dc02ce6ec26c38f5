// Package storage keeps ordered, versioned bytes. A [Store] gives an [Engine],
// on disk or in memory, what both lack: snapshots that never wait for a writer,
// commits in groups, values of any length, and a careful end.
//
// The nouns: a [Request] is one atomic step, a [Group] the requests that one
// commit carries; a [Snapshot] is the store at one version, a [Cursor] walks a
// range of it; a [Tree] is a copy-on-write map, as mirrors are, and a [Forest] one of
// trees, which an engine can be made of.
package storage

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/virgadb/virga/internal/fault"
)

// A Store is safe for concurrent use.
type Store struct {
	engine  Engine
	trusted bool // the engine is a [Resident] one
	options Options
	hooks   Hooks
	gate    gate
	queue   queue
	current atomic.Pointer[published] // nil once closed
	history history
	cursors openCursors
	chunks  sync.Pool // of *chunk
	sweep   sweeper
	ticker  ticker
	mirrors *mirrors
	failure atomic.Pointer[error] // why nothing more is written

	numbers   atomic.Uint64 // the next number for a part set or a garbage range
	persisted uint64        // what the store remembers of it; the leader's
	batch     []Write       // room for a group; the leader's
	extra     []Write       // room for what hooks add to one; the leader's
	newest    Snapshot      // what checks see; the leader's

	commits, requests, refused atomic.Uint64

	ctx     context.Context // ends when Close begins
	cancel  context.CancelFunc
	ending  sync.Mutex     // held to end ctx, and to add to long while it lasts
	long    sync.WaitGroup // Compact and Verify under way
	closing sync.Once
}

// New returns a store over an engine, which belongs to the store from now on, also
// when New fails. The removal of what an earlier process left goes on with Start.
// Errors are [fault.ErrFormat] for a store written in a newer format and
// [fault.ErrCorrupt].
func New(e Engine, o Options) (*Store, error) {
	s := &Store{engine: e, options: o.withDefaults()}
	_, s.trusted = e.(Resident)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.sweep.store, s.ticker.store = s, s
	s.numbers.Store(1)
	s.persisted = 1
	s.mirrors = newMirrors(s)
	if err := s.open(); err != nil {
		s.cancel()
		return nil, fault.Join(err, e.Close())
	}
	return s, nil
}

// Start sets the hooks and publishes meta with the newest version. It is called
// once, before the first commit.
func (s *Store) Start(h Hooks, meta any) {
	// In the leader's seat: a commit of the sweeper's own would otherwise carry the
	// meta of before, and could be published behind this.
	s.submit(context.Background(), &pending{alone: true, seat: func() error {
		s.hooks = h
		s.publish(s.again(meta, s.current.Load().mirrors))
		return nil
	}})
}

// Sync makes everything committed so far survive a power cut. An error ends all
// writing.
func (s *Store) Sync() error {
	if !s.gate.enter(0) {
		return fault.ErrClosed
	}
	defer s.gate.leave(0)
	if err := s.engine.Sync(); err != nil {
		return s.stop(err)
	}
	return nil
}

// syncUnless syncs what the durability given would have synced already.
func (s *Store) syncUnless(d Durability) error {
	if s.options.Durability == d {
		return nil
	}
	return s.Sync()
}

// Close waits for the commit under way, syncs, ends every snapshot and cursor and
// releases the engine. Whoever comes later gets [fault.ErrClosed] at the next
// step. A second Close does nothing and returns nil.
func (s *Store) Close() (err error) {
	s.closing.Do(func() { err = s.close() })
	return err
}

func (s *Store) close() error {
	s.ending.Lock()
	s.cancel()
	s.ending.Unlock()
	s.queue.close()
	s.sweep.stop()
	s.ticker.stop()
	s.mirrors.stop()
	s.long.Wait()
	var err error
	s.gate.close(func() {
		s.current.Store(nil)
		s.cursors.closeAll()
		for _, p := range s.history.end() {
			p.view.Release()
		}
		if s.writable() == nil {
			err = s.engine.Sync()
		}
		err = fault.Join(err, s.engine.Close())
	})
	return err
}

// Stats are numbers of a store since it was opened.
type Stats struct {
	Version  uint64 // of the newest commit
	Oldest   uint64 // the lowest version a snapshot or cursor still uses
	Commits  uint64 // groups written
	Requests uint64 // requests in them, the store's own included
	Refused  uint64 // requests refused by their Check
	Waiting  int    // requests in the queue
	Cursors  int    // cursors that hold one of the engine's
	Garbage  int    // ranges and part sets that wait to be swept
	Usage    Usage  // of the engine
	Failure  error  // why nothing more is written; nil while all is well

	Mirrors     int64  // bytes that mirrors count for against their limit, see [Store.Mirrors]
	MirrorLoads uint64 // regions loaded
	MirrorDrops uint64 // of those, dropped again for want of room, or with their keys
}

// Stats returns the store's numbers, all zero once it is closed.
func (s *Store) Stats() Stats {
	if !s.gate.enter(0) {
		return Stats{}
	}
	defer s.gate.leave(0)
	st := Stats{
		Version:  s.current.Load().version,
		Oldest:   s.history.oldest(),
		Commits:  s.commits.Load(),
		Requests: s.requests.Load(),
		Refused:  s.refused.Load(),
		Waiting:  s.queue.len(),
		Cursors:  s.cursors.len(),
		Garbage:  int(s.sweep.pending.Load()),
		Usage:    s.engine.Usage(),
	}
	s.mirrors.tell(&st)
	if cause := s.failure.Load(); cause != nil {
		st.Failure = *cause
	}
	return st
}
