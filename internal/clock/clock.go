// Package clock is the only package that asks the machine for the time, for
// timers and for random numbers. Everything else is given a [Clock], so that a
// test can hold time still and repeat an identifier.
package clock

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
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
	// Pause lets others go first for about d. It returns early with the error of
	// ctx.
	Pause(ctx context.Context, d time.Duration) error
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

func (system) Pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A Manual clock stands still until it is told to advance, and its random
// numbers follow from its seed.
type Manual struct {
	mu      sync.Mutex // guards all below
	now     time.Time
	rand    rand.PCG
	pending []*manualTimer
}

// NewManual returns a clock that shows start and draws random numbers from seed.
func NewManual(start time.Time, seed uint64) *Manual {
	return &Manual{now: start.UTC(), rand: *rand.NewPCG(seed, seed)}
}

// Clone returns a clock that shows the same time and will draw the same numbers.
// It has no timers, and the two go their own ways from now on.
func (m *Manual) Clone() *Manual {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Manual{now: m.now, rand: m.rand}
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

// Pause gives way to other goroutines and does not wait: whoever moves the clock
// may be the one who pauses.
func (m *Manual) Pause(ctx context.Context, d time.Duration) error {
	runtime.Gosched()
	return ctx.Err()
}

// Advance moves the clock forward by d and runs every call that became due, in
// the order of their times, before it returns. A d below zero moves it back, and
// what is pending waits the longer.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	m.moveTo(m.now.Add(d))
}

// Set makes the clock show t, as [Manual.Advance] does.
func (m *Manual) Set(t time.Time) {
	m.mu.Lock()
	m.moveTo(t.UTC())
}

// moveTo moves the clock to end, with mu held, which it lets go of.
func (m *Manual) moveTo(end time.Time) {
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
	m.pending = slices.Delete(m.pending, best, best+1)
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
	i := slices.Index(t.clock.pending, t)
	if i < 0 {
		return false
	}
	t.clock.pending = slices.Delete(t.clock.pending, i, i+1)
	return true
}
