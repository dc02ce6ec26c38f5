package storage

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// lanes is the number of locks of a gate. A touch takes one of them, so that
// goroutines on different lanes do not share a cache line.
const lanes = 8

// A gate stands before every touch of the engine. Enter and leave frame one
// touch, never a call to the user, so close waits for what is under way and for
// nothing else.
type gate struct {
	closed atomic.Bool // written with every lane locked
	lanes  [lanes]struct {
		sync.RWMutex
		_ [104]byte // to two cache lines of 64 bytes: neighbours are prefetched in pairs
	}
}

// A lane chooses one of a gate's locks.
type lane uint8

// laneOf spreads the owners of touches over the lanes by where they live.
func laneOf[T any](owner *T) lane {
	return lane(uint64(uintptr(unsafe.Pointer(owner))>>4) * 0x9e3779b97f4a7c15 >> 61)
}

// enter begins a touch, and reports false when the gate is closed.
func (g *gate) enter(l lane) bool {
	g.lanes[l].RLock()
	if g.closed.Load() {
		g.lanes[l].RUnlock()
		return false
	}
	return true
}

// leave ends a touch.
func (g *gate) leave(l lane) { g.lanes[l].RUnlock() }

// close refuses all later touches, waits for those under way and runs last with
// nobody inside.
func (g *gate) close(last func()) {
	for i := range g.lanes {
		g.lanes[i].Lock()
		defer g.lanes[i].Unlock()
	}
	g.closed.Store(true)
	last()
}
