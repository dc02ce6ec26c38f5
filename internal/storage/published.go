package storage

import (
	"sync"
	"sync/atomic"
)

// retired is what the count of a state holds once nobody can take it again: far
// enough below zero that stray attempts never bring it back.
const retired = -1 << 40

// A published state is what snapshots of one version share.
type published struct {
	version uint64
	meta    any
	view    View
	mirrors []mirrored   // in the order of the regions, never changed
	refs    atomic.Int64 // snapshots, cursors and calls that use it, or retired
}

// take adds a user, and reports false when the state is retired.
func (p *published) take() bool {
	if p.refs.Add(1) > 0 {
		return true
	}
	p.refs.Add(-1)
	return false
}

// A history lists the states that may still be in use, oldest first.
type history struct {
	mu     sync.Mutex // guards states
	states []*published
}

func (h *history) add(p *published) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.states = append(h.states, p)
}

// remove forgets a retired state.
func (h *history) remove(p *published) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, s := range h.states {
		if s == p {
			copy(h.states[i:], h.states[i+1:])
			h.states[len(h.states)-1] = nil
			h.states = h.states[:len(h.states)-1]
			return
		}
	}
}

// oldest returns the lowest version in use.
func (h *history) oldest() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.states) == 0 {
		return 0
	}
	return h.states[0].version
}

// end returns the states that may be in use and forgets them: whoever keeps a
// closed store must not keep its mirrors.
func (h *history) end() []*published {
	h.mu.Lock()
	defer h.mu.Unlock()
	states := h.states
	h.states = nil
	return states
}

// publish makes next the state that new snapshots get.
func (s *Store) publish(next *published) {
	last := s.current.Load()
	s.history.add(next)
	s.current.Store(next)
	if last != nil {
		s.retire(last)
	}
}

// acquire returns the newest state with one more user, or nil when the store is
// closed. It never waits.
func (s *Store) acquire() *published {
	for {
		p := s.current.Load()
		if p == nil || p.take() {
			return p
		}
	}
}

// release takes a user away. The last one out of an old state retires it.
func (s *Store) release(p *published) {
	if p.refs.Add(-1) == 0 && s.current.Load() != p {
		s.retire(p)
	}
}

// retire gives back a state that is no longer current, unless someone uses it.
func (s *Store) retire(p *published) {
	if !p.refs.CompareAndSwap(0, retired) {
		return
	}
	if !s.gate.enter(0) {
		return // Close releases what the history lists
	}
	s.history.remove(p)
	p.view.Release()
	s.gate.leave(0)
	s.sweep.kick()
}
