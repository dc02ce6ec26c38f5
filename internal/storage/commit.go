package storage

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/virgadb/virga/internal/fault"
)

// retireEvery is the number of commits after which the engine hears which
// versions are out of use.
const retireEvery = 64

// Commit makes the request's writes one atomic step and returns its version. It
// waits until the step is as durable as the store's [Durability] says and
// published: a snapshot taken afterwards contains it.
//
// ctx counts until the request joins a group; after a ctx error nothing happened.
// Other errors are that of Check, [fault.ErrTooLarge], [fault.ErrInvalid],
// [fault.ErrFull] (nothing happened, the store stays usable), [fault.ErrClosed],
// and [fault.ErrReadOnly], which wraps the cause when a failed write ended all
// writing; the request whose write failed may turn out to have happened once the
// store is opened again.
func (s *Store) Commit(ctx context.Context, r *Request) (version uint64, err error) {
	if err := r.check(); err != nil {
		return 0, err
	}
	if err := s.writable(); err != nil {
		return 0, err
	}
	p, sets, err := s.prepare(ctx, r)
	if err == nil {
		err = s.submit(ctx, p)
	}
	if err != nil {
		s.sweep.orphans(sets)
		return 0, err
	}
	return p.version, nil
}

// writable reports why nothing can be written, if so.
func (s *Store) writable() error {
	if s.options.ReadOnly {
		return fault.ErrReadOnly
	}
	if cause := s.failure.Load(); cause != nil {
		return *cause
	}
	return nil
}

// submit takes p through the queue and returns its outcome.
func (s *Store) submit(ctx context.Context, p *pending) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	leads, err := s.queue.join(p)
	if err == nil && !leads {
		leads, err = s.queue.wait(ctx, p)
	}
	if err != nil {
		return err
	}
	if leads {
		s.lead()
	}
	return p.err
}

// lead writes one group, the one at whose head the caller's own request stands.
func (s *Store) lead() {
	s.gather()
	group := s.queue.take()
	if len(group) == 0 {
		return
	}
	whole := false
	defer func() {
		if !whole { // a hook or a check has panicked: leave nobody waiting
			s.failAll(group, s.stop(errors.New("panic in the leader's seat")))
		}
		s.queue.finish(group)
	}()
	if group[0].seat != nil { // writes nothing
		group[0].err = s.sit(group[0].seat)
	} else if err := s.writable(); err != nil {
		s.failAll(group, err)
	} else {
		s.write(group)
	}
	whole = true
}

// gather lets the writers of the last group, who have just been woken, come back
// with their next requests before the next group is taken. Otherwise two halves of
// the writers take turns, and each waits for the disk twice as often: 64 writers
// that sync made groups of 27, and make groups of 40; where nothing is synced they
// made groups of 2, and make groups of 6 with two thirds of the work for each. It
// gives way for as long as that brings somebody, and not at all to a lone writer.
// Waiting longer for those who are still away made larger groups, but no more of
// them in a second.
func (s *Store) gather() {
	for missing := s.queue.missing(); missing > 0; {
		runtime.Gosched()
		left := s.queue.missing()
		if left >= missing {
			return
		}
		missing = left
	}
}

// sit runs one touch of the engine from the leader's seat.
func (s *Store) sit(touch func() error) error {
	if !s.gate.enter(0) {
		return fault.ErrClosed
	}
	defer s.gate.leave(0)
	return touch()
}

// Still calls f with the engine and the published meta while nothing is being
// committed. F may read the engine and copy it, and must not call the store. Errors
// are those of f, of ctx, and [fault.ErrClosed].
func (s *Store) Still(ctx context.Context, f func(e Engine, meta any) error) error {
	return s.submit(ctx, &pending{alone: true, seat: func() error {
		return f(s.engine, s.current.Load().meta)
	}})
}

// write commits the members of a group that are not refused.
func (s *Store) write(group []*pending) {
	members := s.examine(group)
	if len(members) == 0 {
		return
	}
	g, err := s.fold(members)
	if err != nil {
		s.failAll(members, err)
		return
	}
	numbers := s.numbers.Load()
	batch, durable, err := s.assemble(members, g, numbers)
	defer s.forget(batch, g)
	if err != nil {
		s.failAll(members, err)
		return
	}
	next, err := s.apply(g, batch, durable)
	if err != nil {
		s.failAll(members, err)
		return
	}
	s.persisted = numbers
	// Publish before telling anyone: whoever looks on hearing of the commit must
	// find it.
	s.publish(next)
	if s.hooks.Published != nil && len(g.Requests) > 0 {
		s.hooks.Published(g)
	}
	for _, p := range members {
		p.version = g.Version
		s.sweep.add(g.Version, p.debris)
	}
	s.commits.Add(1)
	s.requests.Add(uint64(len(members)))
}

// examine runs the checks and returns the members that pass.
func (s *Store) examine(group []*pending) []*pending {
	newest := &s.newest
	newest.begin(s, s.acquire())
	defer newest.end()
	refused := 0
	for _, p := range group {
		if p.request == nil || p.request.Check == nil {
			continue
		}
		if p.err = p.request.Check(newest); p.err != nil {
			refused++
		}
	}
	if refused == 0 {
		return group
	}
	s.refused.Add(uint64(refused))
	return slices.DeleteFunc(slices.Clone(group), func(p *pending) bool { return p.err != nil })
}

// fold makes the group that the hooks see and lets them add to it.
func (s *Store) fold(members []*pending) (*Group, error) {
	now := s.current.Load()
	g := &Group{Version: now.version + 1, Meta: now.meta, Extra: s.extra[:0]}
	g.Requests = g.one[:0]
	for _, p := range members {
		if p.request != nil {
			g.Requests = append(g.Requests, p.request)
		}
	}
	if s.hooks.Fold == nil || len(g.Requests) == 0 {
		return g, nil
	}
	return g, s.hooks.Fold(g)
}

// assemble lays the writes of a group out in one batch.
func (s *Store) assemble(members []*pending, g *Group, numbers uint64) (batch []Write, durable bool, err error) {
	batch = s.batch[:0]
	durable = s.options.Durability == Sync
	for _, p := range members {
		batch = append(batch, p.writes...)
		durable = durable || p.durable
	}
	for i := range g.Extra {
		w := g.Extra[i]
		if err := w.check(); err != nil {
			return batch, false, err
		}
		if len(w.Value) > LargeValue {
			return batch, false, fmt.Errorf("folded value of %d bytes, limit %d: %w", len(w.Value), LargeValue, fault.ErrTooLarge)
		}
		w.Value = escape(w.Value)
		batch = append(batch, w)
	}
	if numbers != s.persisted {
		durable = true // what uses the numbers is, and may come later
		batch = append(batch, Write{Key: numberKey, Value: appendNumber(nil, numbers)})
	}
	size := 0
	for i := range batch {
		size += batch[i].size()
	}
	if len(batch) > MaxBatchKeys || size > MaxBatchBytes {
		err = fmt.Errorf("batch of %d keys and %d bytes: %w", len(batch), size, fault.ErrTooLarge)
	}
	return batch, durable, err
}

// apply writes the batch and returns the state it leads to.
func (s *Store) apply(g *Group, batch []Write, durable bool) (*published, error) {
	if !s.gate.enter(0) {
		return nil, fault.ErrClosed
	}
	defer s.gate.leave(0)
	err := s.engine.Apply(g.Version, batch, durable)
	if errors.Is(err, fault.ErrFull) {
		return nil, err
	}
	if err != nil {
		return nil, s.stop(fmt.Errorf("commit %d: %w", g.Version, err))
	}
	if !durable {
		s.ticker.arm()
	}
	if g.Version%retireEvery == 0 {
		s.engine.Retire(s.history.oldest())
	}
	list := s.mirrors.apply(s.current.Load().mirrors, g.Version, batch, g.Requests)
	return &published{version: g.Version, meta: g.Meta, view: s.engine.View(), mirrors: list}, nil
}

// forget keeps the room of a batch, and of what hooks added to it, for the next
// group, but not their bytes.
func (s *Store) forget(batch []Write, g *Group) {
	clear(batch)
	clear(g.Extra)
	s.batch, s.extra, g.Extra = batch[:0], g.Extra[:0], nil
}

// stop ends all writing because of cause, and returns the error that later
// commits get.
func (s *Store) stop(cause error) error {
	err := fmt.Errorf("%w after a failed write: %w", fault.ErrReadOnly, cause)
	if !s.failure.CompareAndSwap(nil, &err) {
		return *s.failure.Load()
	}
	s.options.Logger.Error("storage stopped writing", "cause", cause)
	return err
}

func (s *Store) failAll(group []*pending, err error) {
	for _, p := range group {
		p.err = err
	}
}
