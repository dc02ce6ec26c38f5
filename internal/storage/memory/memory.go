// Package memory is the storage engine that keeps everything in
// copy-on-write trees. It opens in microseconds, forks in constant time and
// forgets everything when the process ends: the engine of ":memory:" and of
// tests.
package memory

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
)

// Options say how an engine is opened. The zero value has no limit.
type Options struct {
	// MaxBytes bounds the estimated heap of keys and values; a batch that would
	// pass it is refused with [fault.ErrFull]. 0 is no bound.
	MaxBytes int64
}

// An Engine is a [storage.Engine] in memory. It starts no goroutine.
type Engine struct {
	max   int64
	mu    sync.Mutex // held by whoever clones the newest forest: Apply and Fork
	state atomic.Pointer[state]
}

// A state is one version. Nobody writes a forest that is in one.
type state struct {
	forest  *storage.Forest
	version uint64
}

var (
	_ storage.Resident = (*Engine)(nil)
	_ storage.Peeker   = (*state)(nil)
)

// Open returns an empty engine.
func Open(o Options) *Engine {
	e := &Engine{max: o.MaxBytes}
	e.state.Store(&state{forest: storage.NewForest()})
	return e
}

// Fork returns an engine with the content of this one, in constant time. The two
// share memory until they differ; neither sees the other's later writes.
func (e *Engine) Fork() *Engine {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.state.Load()
	fork := &Engine{max: e.max}
	fork.state.Store(&state{forest: now.forest.Clone(), version: now.version})
	return fork
}

// Version implements [storage.Engine].
func (e *Engine) Version() uint64 { return e.state.Load().version }

// Apply implements [storage.Engine]. Nothing here survives a power cut, so
// durable asks for nothing.
func (e *Engine) Apply(version uint64, writes []storage.Write, durable bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.state.Load()
	if version != now.version+1 {
		return fmt.Errorf("version %d after %d: %w", version, now.version, fault.ErrInternal)
	}
	forest := now.forest.Clone()
	for i := range writes {
		if w := &writes[i]; w.Delete {
			forest.Delete(w.Key)
		} else {
			forest.Set(w.Key, w.Value, version)
		}
	}
	if e.max > 0 && forest.Bytes() > e.max && forest.Bytes() > now.forest.Bytes() {
		return fmt.Errorf("%d of %d bytes: %w", forest.Bytes(), e.max, fault.ErrFull)
	}
	e.state.Store(&state{forest: forest, version: version})
	return nil
}

// Resident implements [storage.Resident].
func (e *Engine) Resident() {}

// View implements [storage.Engine].
func (e *Engine) View() storage.View { return e.state.Load() }

// Retire implements [storage.Engine]: the garbage collector sees by itself what
// no view holds any more.
func (e *Engine) Retire(version uint64) {}

// Sync implements [storage.Engine]. There is nothing to sync.
func (e *Engine) Sync() error { return nil }

// Compact implements [storage.Engine]. Dead data is gone already.
func (e *Engine) Compact(ctx context.Context) error { return ctx.Err() }

// Verify implements [storage.Engine]: it walks the newest forest and checks that
// its keys ascend.
func (e *Engine) Verify(ctx context.Context) error {
	c := e.state.Load().forest.Scan(storage.Range{}, storage.ScanOptions{KeysOnly: true})
	defer c.Close()
	var last []byte
	for n := 0; c.Next(); n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if n > 0 && string(last) >= string(c.Key()) {
			return fmt.Errorf("key %x after %x: %w", c.Key(), last, fault.ErrCorrupt)
		}
		last = c.Key()
	}
	return nil
}

// Usage implements [storage.Engine].
func (e *Engine) Usage() storage.Usage {
	return storage.Usage{Memory: e.state.Load().forest.Bytes()}
}

// Close implements [storage.Engine]: it lets go of the content.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state.Store(&state{forest: storage.NewForest(), version: e.state.Load().version})
	return nil
}

func (s *state) Get(key []byte) (storage.Entry, error) { return s.forest.Get(key) }

func (s *state) Scan(r storage.Range, o storage.ScanOptions) storage.EngineCursor {
	return s.forest.Scan(r, o)
}

func (s *state) Release() {}

// Peek implements [storage.Peeker].
func (s *state) Peek(keys, values [][]byte) { s.forest.Peek(keys, values) }
