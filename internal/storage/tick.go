package storage

import (
	"sync"

	"github.com/virgadb/virga/internal/clock"
)

// A ticker syncs the engine some time after something was written. Its timer is
// set only while something waits to be synced.
type ticker struct {
	store   *Store
	mu      sync.Mutex // guards everything below
	timer   clock.Timer
	stopped bool
	done    sync.WaitGroup
}

// arm sets the timer unless it is set already or the store does not want one.
func (t *ticker) arm() {
	if t.store.options.Durability != Interval {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timer != nil || t.stopped {
		return
	}
	t.done.Add(1)
	t.timer = t.store.options.Clock.AfterFunc(t.store.options.Every, t.tick)
}

// tick syncs what was written before it.
func (t *ticker) tick() {
	defer t.done.Done()
	t.mu.Lock()
	t.timer = nil // what is written from here on arms the next
	t.mu.Unlock()
	_ = t.store.Sync() // an error has stopped the store, which says it to all who write
}

// stop ends the ticker and waits for a tick under way.
func (t *ticker) stop() {
	t.mu.Lock()
	t.stopped = true
	if t.timer != nil && t.timer.Stop() {
		t.timer = nil
		t.done.Done()
	}
	t.mu.Unlock()
	t.done.Wait()
}
