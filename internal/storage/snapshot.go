package storage

import (
	"fmt"
	"sync/atomic"

	"github.com/virgadb/virga/internal/fault"
)

// A Snapshot is the whole store at one version. It is safe for concurrent use
// and stays as it is until released, whatever is written meanwhile.
type Snapshot struct {
	store *Store
	state *published
	uses  atomic.Int32 // one for the owner until Release, one for each call under way
	done  atomic.Bool  // Release was called
	lane  lane
}

// Snapshot returns the newest published state. It takes tens of nanoseconds and
// never waits for a writer. The error is [fault.ErrClosed] once the store is closed.
func (s *Store) Snapshot() (*Snapshot, error) {
	p := s.acquire()
	if p == nil {
		return nil, fault.ErrClosed
	}
	return s.snapshot(p), nil
}

// snapshot wraps a state that has been taken.
func (s *Store) snapshot(p *published) *Snapshot {
	snap := new(Snapshot)
	snap.begin(s, p)
	return snap
}

// begin makes s a snapshot of a state that has been taken, again if it was one
// before that has been released.
func (s *Snapshot) begin(store *Store, p *published) {
	s.store, s.state = store, p
	s.lane = laneOf(s)
	s.done.Store(false)
	s.uses.Store(1)
}

// end releases a snapshot that may begin again, and lets go of its state, which
// would keep mirrors of a past version in memory.
func (s *Snapshot) end() {
	s.Release()
	s.state = nil
}

// Meta returns what the hooks published with the newest version, without the
// snapshot. The error is [fault.ErrClosed] once the store is closed.
func (s *Store) Meta() (any, error) {
	p := s.current.Load()
	if p == nil {
		return nil, fault.ErrClosed
	}
	return p.meta, nil
}

// Version returns the version of the newest commit the snapshot contains.
func (s *Snapshot) Version() uint64 { return s.state.version }

// Meta returns what the hooks published with this version.
func (s *Snapshot) Meta() any { return s.state.meta }

// Get returns the entry of key; the zero Entry, whose Value is nil, says that
// there is none. The value is valid for ever. Errors are [fault.ErrClosed] after
// Release or when the store is closed, and [fault.ErrCorrupt].
func (s *Snapshot) Get(key []byte) (Entry, error) {
	if isReserved(key) {
		return Entry{}, nil
	}
	id := regionOf(key)
	if m := s.state.find(id); m != nil {
		if !s.Live() {
			return Entry{}, fault.ErrClosed
		}
		if e := m.get(key); !isWrapped(e.Value) {
			return e, nil
		}
	} else {
		s.store.mirrors.touch(id, getTouches)
	}
	if !s.hold() {
		return Entry{}, fault.ErrClosed
	}
	e, err := s.store.get(s.state, key, s.lane)
	e.Checked = s.store.trusted && e.Value != nil
	if err == nil && isWrapped(e.Value) {
		e, err = s.store.unwrap(s.state, key, e, s.lane)
	}
	s.drop()
	if err != nil {
		return Entry{}, fmt.Errorf("key %x: %w", key, err)
	}
	return e, nil
}

// Scan returns a cursor over the keys of r. The cursor must be closed; it may
// outlive the snapshot.
func (s *Snapshot) Scan(r Range, o ScanOptions) *Cursor {
	if !s.hold() {
		return &Cursor{err: fault.ErrClosed, closed: true}
	}
	defer s.drop()
	if isReserved(r.Lo) {
		r.Lo = firstKey
	}
	return s.store.scan(s.state, r, o)
}

// Mirrored reports whether reads of the region that lo lies in are served from
// memory.
func (s *Snapshot) Mirrored(lo []byte) bool { return s.state.find(regionOf(lo)) != nil }

// Release gives the snapshot back. It may be called more than once, and beside
// other calls: those under way finish, later ones get [fault.ErrClosed].
func (s *Snapshot) Release() {
	if s.done.CompareAndSwap(false, true) {
		s.drop()
	}
}

// Live reports whether reads of the snapshot are answered: until Release, and until the store
// is closed.
func (s *Snapshot) Live() bool { return !s.done.Load() && !s.store.gate.closed.Load() }

// hold keeps the state alive for one call, and reports false after Release.
func (s *Snapshot) hold() bool {
	for {
		n := s.uses.Load()
		if n == 0 || s.done.Load() {
			return false
		}
		if s.uses.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (s *Snapshot) drop() {
	if s.uses.Add(-1) == 0 {
		s.store.release(s.state)
	}
}

// get reads one key as it is stored, from the engine.
func (s *Store) get(p *published, key []byte, l lane) (Entry, error) {
	if !s.gate.enter(l) {
		return Entry{}, fault.ErrClosed
	}
	e, err := p.view.Get(key)
	s.gate.leave(l)
	return e, err
}
