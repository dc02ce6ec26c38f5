package storagetest

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/virgadb/virga/internal/storage"
)

// Strict returns an engine that works as e does and fails the test when its user
// breaks the contract: calls after Close or under way while it runs, views and
// cursors that are still open then or are released twice, two goroutines in the
// leader's calls, batches over the limits, versions that do not follow on.
func Strict(t *testing.T, e storage.Engine) storage.Engine {
	return &strict{Engine: e, t: t}
}

type strict struct {
	storage.Engine
	t                           *testing.T
	calls, leaders, views, open atomic.Int64
	closed                      atomic.Bool
}

// enter notes that a call begins; what it returns notes its end.
func (s *strict) enter(call string) (leave func()) {
	s.calls.Add(1)
	if s.closed.Load() {
		s.t.Errorf("%s of a closed engine", call)
	}
	return func() { s.calls.Add(-1) }
}

// lead is enter for calls that one goroutine at a time may make.
func (s *strict) lead(call string) (leave func()) {
	if s.leaders.Add(1) != 1 {
		s.t.Errorf("%s beside another of the leader's calls", call)
	}
	end := s.enter(call)
	return func() { end(); s.leaders.Add(-1) }
}

func (s *strict) Apply(version uint64, writes []storage.Write, durable bool) error {
	defer s.lead("Apply")()
	if now := s.Engine.Version(); version != now+1 {
		s.t.Errorf("batch %d after version %d", version, now)
	}
	size := 0
	for _, w := range writes {
		size += len(w.Key) + len(w.Value) + 12
		if len(w.Value) > storage.LargeValue || len(w.Key) == 0 || len(w.Key) > storage.MaxKey {
			s.t.Errorf("a key of %d and a value of %d bytes", len(w.Key), len(w.Value))
		}
	}
	if len(writes) > storage.MaxBatchKeys || size > storage.MaxBatchBytes {
		s.t.Errorf("a batch of %d keys and %d bytes", len(writes), size)
	}
	return s.Engine.Apply(version, writes, durable)
}

func (s *strict) Retire(version uint64) {
	defer s.lead("Retire")()
	s.Engine.Retire(version)
}

func (s *strict) Sync() error {
	defer s.enter("Sync")()
	return s.Engine.Sync()
}

func (s *strict) Compact(ctx context.Context) error {
	defer s.enter("Compact")()
	return s.Engine.Compact(ctx)
}

func (s *strict) Verify(ctx context.Context) error {
	defer s.enter("Verify")()
	return s.Engine.Verify(ctx)
}

func (s *strict) View() storage.View {
	defer s.enter("View")()
	s.views.Add(1)
	return &strictView{View: s.Engine.View(), s: s}
}

func (s *strict) Close() error {
	if calls := s.calls.Load(); calls != 0 {
		s.t.Errorf("Close with %d calls under way", calls)
	}
	if s.closed.Swap(true) {
		s.t.Error("Close of a closed engine")
	}
	if views, open := s.views.Load(), s.open.Load(); views != 0 || open != 0 {
		s.t.Errorf("Close with %d views and %d cursors open", views, open)
	}
	return s.Engine.Close()
}

type strictView struct {
	storage.View
	s        *strict
	cursors  atomic.Int64
	released atomic.Bool
}

func (v *strictView) Get(key []byte) (storage.Entry, error) {
	defer v.s.enter("Get")()
	if v.released.Load() {
		v.s.t.Error("Get of a released view")
	}
	return v.View.Get(key)
}

func (v *strictView) Scan(r storage.Range, o storage.ScanOptions) storage.EngineCursor {
	defer v.s.enter("Scan")()
	if v.released.Load() {
		v.s.t.Error("Scan of a released view")
	}
	v.s.open.Add(1)
	v.cursors.Add(1)
	return &strictCursor{EngineCursor: v.View.Scan(r, o), v: v}
}

func (v *strictView) Release() {
	defer v.s.enter("Release")()
	if v.released.Swap(true) {
		v.s.t.Error("a view is released twice")
	}
	if n := v.cursors.Load(); n != 0 {
		v.s.t.Errorf("a view is released with %d cursors open", n)
	}
	v.s.views.Add(-1)
	v.View.Release()
}

// A strictCursor hides a tree's, so that a store over it copies, and makes its
// bytes unreadable when they are no longer valid.
type strictCursor struct {
	storage.EngineCursor
	v          *strictView
	key, value []byte
	closed     bool
}

func (c *strictCursor) Next() bool {
	defer c.v.s.enter("Next")()
	if c.closed {
		c.v.s.t.Error("Next of a closed cursor")
	}
	c.spoil()
	if !c.EngineCursor.Next() {
		return false
	}
	c.key = append(c.key[:0], c.EngineCursor.Key()...)
	if value := c.EngineCursor.Value(); value != nil {
		c.value = append(make([]byte, 0, len(value)), value...)
	}
	return true
}

// spoil overwrites what Key and Value have returned.
func (c *strictCursor) spoil() {
	for i := range c.key {
		c.key[i] = 0xdb
	}
	for i := range c.value {
		c.value[i] = 0xdb
	}
	c.value = nil
}

func (c *strictCursor) Key() []byte   { return c.key }
func (c *strictCursor) Value() []byte { return c.value }

func (c *strictCursor) Close() {
	defer c.v.s.enter("Close of a cursor")()
	c.spoil()
	if !c.closed {
		c.closed = true
		c.v.cursors.Add(-1)
		c.v.s.open.Add(-1)
	}
	c.EngineCursor.Close()
}
