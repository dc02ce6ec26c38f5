package storagetest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
)

// Crashing is an engine in memory that remembers what was synced, and can be
// cloned as a crash at this moment would leave it.
type Crashing struct {
	mu      sync.Mutex // guards everything below
	synced  *storage.Tree
	log     []batch // applied and not synced, oldest first
	applied *storage.Tree
	base    uint64 // version of synced
	version uint64
}

type batch struct {
	version uint64
	writes  []storage.Write
	durable bool
}

var _ storage.Engine = (*Crashing)(nil)

// NewCrashing returns an empty engine.
func NewCrashing() *Crashing {
	return &Crashing{synced: storage.NewTree(), applied: storage.NewTree()}
}

// Kill returns the engine as the end of the process would leave it: nothing that
// was applied is missing.
func (e *Crashing) Kill() *Crashing {
	return e.PowerCut(func(uint64) bool { return true })
}

// PowerCut returns the engine as a power cut would leave it. Of the batches that
// nothing has synced, those survive whose version keep accepts: there may be
// holes between them, and none of them is torn.
func (e *Crashing) PowerCut(keep func(version uint64) bool) *Crashing {
	e.mu.Lock()
	defer e.mu.Unlock()
	left := &Crashing{applied: e.synced.Clone(), version: e.base}
	for _, b := range e.log {
		if b.durable || keep(b.version) {
			b.apply(left.applied)
			left.version = b.version
		}
	}
	left.synced, left.base = left.applied.Clone(), left.version
	return left
}

func (b *batch) apply(tree *storage.Tree) {
	for _, w := range b.writes {
		if w.Delete {
			tree.Delete(w.Key)
		} else {
			tree.Set(w.Key, w.Value, b.version)
		}
	}
}

// Version implements [storage.Engine].
func (e *Crashing) Version() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.version
}

// Apply implements [storage.Engine]. A durable batch survives by itself; those
// before it stay as endangered as they were.
func (e *Crashing) Apply(version uint64, writes []storage.Write, durable bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if version != e.version+1 {
		return fmt.Errorf("version %d after %d: %w", version, e.version, fault.ErrInternal)
	}
	b := batch{version: version, writes: slices.Clone(writes), durable: durable}
	next := e.applied.Clone() // views hold the tree of their version
	b.apply(next)
	e.applied, e.version = next, version
	e.log = append(e.log, b)
	return nil
}

// Sync implements [storage.Engine].
func (e *Crashing) Sync() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.synced, e.base, e.log = e.applied.Clone(), e.version, nil
	return nil
}

// View implements [storage.Engine].
func (e *Crashing) View() storage.View {
	e.mu.Lock()
	defer e.mu.Unlock()
	return crashingView{e.applied}
}

// Retire implements [storage.Engine].
func (e *Crashing) Retire(version uint64) {}

// Compact implements [storage.Engine].
func (e *Crashing) Compact(ctx context.Context) error { return ctx.Err() }

// Verify implements [storage.Engine].
func (e *Crashing) Verify(ctx context.Context) error { return ctx.Err() }

// Usage implements [storage.Engine].
func (e *Crashing) Usage() storage.Usage {
	e.mu.Lock()
	defer e.mu.Unlock()
	return storage.Usage{Memory: e.applied.Bytes()}
}

// Close implements [storage.Engine]. The content is kept for [Crashing.Kill].
func (e *Crashing) Close() error { return nil }

type crashingView struct{ *storage.Tree }

func (crashingView) Release() {}
