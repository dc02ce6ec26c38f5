// Package clock is the only package that asks the machine for the time, for
// timers and for random numbers. Everything else is given a [Clock], so that a
// test can hold time still and repeat an identifier.
package clock

import (
	"math/rand/v2"
	"sync"
	"time"
)

// A Clock tells the time and hands out timers and random numbers. Every method
// is safe for concurrent use.
type Clock interface {
	// Now returns the current time in UTC.
	Now() time.Time
	// AfterFunc runs f in its own goroutine once d has passed.
	AfterFunc(d time.Duration, f func()) Timer
	// Uint64 returns a random number, uniform over all 64 bits.
	Uint64() uint64
}

// A Timer is a pending call of [Clock.AfterFunc].
type Timer interface {
	// Stop prevents the call and reports whether it did.
	Stop() bool
}

// System returns the machine's clock.
func System() Clock { return system{} }

type system struct{}

func (system) Now() time.Time                            { return time.Now().UTC() }
func (system) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }
func (system) Uint64() uint64                            { return rand.Uint64() }

// A Manual clock stands still until it is told to advance, and its random
// numbers follow from its seed.
type Manual struct {
	mu      sync.Mutex // guards all below
	now     time.Time
	rand    *rand.Rand
	pending []*manualTimer
}

// NewManual returns a clock that shows start and draws random numbers from seed.
func NewManual(start time.Time, seed uint64) *Manual {
	return &Manual{now: start.UTC(), rand: rand.New(rand.NewPCG(seed, seed))}
}

// Now returns the time the clock was last set to.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Uint64 returns the next random number of the seed's sequence.
func (m *Manual) Uint64() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rand.Uint64()
}

// AfterFunc arranges for f to run when the clock has been advanced by d.
func (m *Manual) AfterFunc(d time.Duration, f func()) Timer {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &manualTimer{clock: m, at: m.now.Add(d), f: f}
	m.pending = append(m.pending, t)
	return t
}

// Advance moves the clock forward by d and runs every call that became due, in
// the order of their times, before it returns.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	end := m.now.Add(d)
	for {
		next := m.earliest(end)
		if next == nil {
			break
		}
		m.now = next.at
		m.mu.Unlock()
		next.f()
		m.mu.Lock()
	}
	m.now = end
	m.mu.Unlock()
}

// earliest takes the first pending timer due by end, or nil.
func (m *Manual) earliest(end time.Time) *manualTimer {
	best := -1
	for i, t := range m.pending {
		if !t.at.After(end) && (best < 0 || t.at.Before(m.pending[best].at)) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	t := m.pending[best]
	m.pending = append(m.pending[:best], m.pending[best+1:]...)
	return t
}

type manualTimer struct {
	clock *Manual
	at    time.Time
	f     func()
}

func (t *manualTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	for i, p := range t.clock.pending {
		if p == t {
			t.clock.pending = append(t.clock.pending[:i], t.clock.pending[i+1:]...)
			return true
		}
	}
	return false
}
