package storagetest

import (
	"context"
	"slices"
	"sync"

	"github.com/virgadb/virga/internal/storage"
)

// An Op is a kind of call that an engine gets.
type Op string

// The calls that a [Faulty] engine lets its plan decide on.
const (
	Apply   Op = "apply"
	Sync    Op = "sync"
	Get     Op = "get"
	Next    Op = "next"
	Retire  Op = "retire" // a plan cannot fail it
	Compact Op = "compact"
	Verify  Op = "verify"
	Close   Op = "close"
)

// A Call is one call of an engine, shown to a plan before and after the work.
type Call struct {
	Op      Op
	N       int  // the how-manieth call of its Op, from 1
	After   bool // the work is done
	Version uint64
	Durable bool // of Apply
}

// A Plan decides on calls. An error before the work prevents it, an error after
// only hides its success. A plan may wait; it is called by many goroutines.
type Plan func(Call) error

// FailNth returns a plan by which the n-th call of one of ops fails, before or
// after the work, and no other. No ops means every kind of call, counted together.
func FailNth(n int, after bool, err error, ops ...Op) Plan {
	var mu sync.Mutex
	seen := 0
	return func(c Call) error {
		if c.After != after || len(ops) > 0 && !slices.Contains(ops, c.Op) {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if seen++; seen == n {
			return err
		}
		return nil
	}
}

// Faulty returns an engine that works as e does where plan lets it.
func Faulty(e storage.Engine, plan Plan) storage.Engine {
	return &faulty{Engine: e, plan: plan, calls: map[Op]int{}}
}

type faulty struct {
	storage.Engine
	plan  Plan
	mu    sync.Mutex // guards calls
	calls map[Op]int
}

// do runs work between the two decisions of the plan.
func (f *faulty) do(c Call, work func() error) error {
	f.mu.Lock()
	f.calls[c.Op]++
	c.N = f.calls[c.Op]
	f.mu.Unlock()
	if err := f.plan(c); err != nil {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	c.After = true
	return f.plan(c)
}

func (f *faulty) Apply(version uint64, writes []storage.Write, durable bool) error {
	call := Call{Op: Apply, Version: version, Durable: durable}
	return f.do(call, func() error { return f.Engine.Apply(version, writes, durable) })
}

func (f *faulty) Sync() error { return f.do(Call{Op: Sync}, f.Engine.Sync) }

func (f *faulty) Retire(version uint64) {
	_ = f.do(Call{Op: Retire, Version: version}, func() error { f.Engine.Retire(version); return nil })
}

func (f *faulty) Compact(ctx context.Context) error {
	return f.do(Call{Op: Compact}, func() error { return f.Engine.Compact(ctx) })
}

func (f *faulty) Verify(ctx context.Context) error {
	return f.do(Call{Op: Verify}, func() error { return f.Engine.Verify(ctx) })
}

// Close closes the engine whatever the plan says: nothing may leak.
func (f *faulty) Close() error {
	planned := f.do(Call{Op: Close}, func() error { return nil })
	if err := f.Engine.Close(); err != nil {
		return err
	}
	return planned
}

func (f *faulty) View() storage.View { return &faultyView{View: f.Engine.View(), engine: f} }

type faultyView struct {
	storage.View
	engine *faulty
}

func (v *faultyView) Get(key []byte) (e storage.Entry, err error) {
	err = v.engine.do(Call{Op: Get}, func() (err error) {
		e, err = v.View.Get(key)
		return err
	})
	return e, err
}

func (v *faultyView) Scan(r storage.Range, o storage.ScanOptions) storage.EngineCursor {
	return &faultyCursor{EngineCursor: v.View.Scan(r, o), engine: v.engine}
}

// A faultyCursor hides a tree's, so that a store over it copies.
type faultyCursor struct {
	storage.EngineCursor
	engine *faulty
	err    error
}

func (c *faultyCursor) Next() (more bool) {
	if c.err != nil {
		return false
	}
	c.err = c.engine.do(Call{Op: Next}, func() error {
		more = c.EngineCursor.Next()
		return nil
	})
	return more && c.err == nil
}

func (c *faultyCursor) Err() error {
	if c.err != nil {
		return c.err
	}
	return c.EngineCursor.Err()
}
