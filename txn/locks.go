package txn

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/fault"
)

// lockWait is how long a plain write waits for one lock before it gives up.
const lockWait = 10 * time.Second

// shardCount spreads the lock table over this many mutexes.
const shardCount = 64

// locks is the table of exclusive locks on keys. A lock is held from before a
// write reads its document until its commit is published. Nobody waits for a
// lock while holding one, so there are no deadlocks.
type locks struct {
	clock  clock.Clock
	seed   maphash.Seed
	shards [shardCount]lockShard
}

type lockShard struct {
	mu   sync.Mutex // guards held and the queues in it
	held map[string]*lockQueue
}

// lockQueue is who waits for a held lock, in order of arrival. The zero queue is
// empty.
type lockQueue struct {
	waiting []chan struct{}
}

func newLocks(c clock.Clock) *locks {
	return &locks{clock: c, seed: maphash.MakeSeed()}
}

// A holder is one writer's set of locks.
type holder struct {
	locks  *locks
	held   []string
	handed string // the lock that take has waited for, "" if none
}

func (l *locks) holder() *holder { return &holder{locks: l} }

// take adds locks, none of which it has taken before, to those held. When one of them is held by somebody else it lets
// go of all, waits for that one, and reports false: then the holder has that lock
// alone and starts over, with everything it has seen. It returns
// [fault.ErrTimeout] after ten seconds, or the context's error.
func (h *holder) take(ctx context.Context, keys []string) (bool, error) {
	if !slices.IsSorted(keys) { // so that two writers meet at the first lock they share
		keys = slices.Sorted(slices.Values(keys))
	}
	for _, key := range keys {
		if key == h.handed {
			continue
		}
		if h.locks.try(key) {
			h.held = append(h.held, key)
			continue
		}
		h.release()
		if err := h.locks.wait(ctx, key); err != nil {
			return false, err
		}
		h.held, h.handed = append(h.held, key), key
		return false, nil
	}
	return true, nil
}

// release lets go of all locks.
func (h *holder) release() {
	h.locks.release(h.held)
	h.held, h.handed = h.held[:0], ""
}

func (l *locks) try(key string) bool {
	s := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, held := s.held[key]; held {
		return false
	}
	if s.held == nil {
		s.held = make(map[string]*lockQueue)
	}
	s.held[key] = nil
	return true
}

// wait queues for key and returns once the lock has been handed over.
func (l *locks) wait(ctx context.Context, key string) error {
	turn := l.join(key)
	if turn == nil {
		return nil
	}
	expired := make(chan struct{})
	timer := l.clock.AfterFunc(lockWait, func() { close(expired) })
	defer timer.Stop()
	var err error
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-expired:
		err = fmt.Errorf("waited %v for a lock held by another writer: %w", lockWait, fault.ErrTimeout)
	}
	if !l.leave(key, turn) { // handed over in the meantime
		l.release([]string{key})
	}
	return err
}

// join takes the lock and returns nil, or queues for it and returns the channel
// that closes when it is handed over.
func (l *locks) join(key string) chan struct{} {
	s := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	q, held := s.held[key]
	if !held {
		s.held[key] = nil
		return nil
	}
	if q == nil {
		q = new(lockQueue)
		s.held[key] = q
	}
	turn := make(chan struct{})
	q.waiting = append(q.waiting, turn)
	return turn
}

// leave takes turn out of the queue for key and reports whether it was in there.
func (l *locks) leave(key string, turn chan struct{}) bool {
	s := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.held[key]
	if q == nil {
		return false
	}
	for i, w := range q.waiting {
		if w == turn {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// release lets go of the locks, each to the writer that has waited longest for it.
func (l *locks) release(keys []string) {
	for _, key := range keys {
		s := l.shard(key)
		s.mu.Lock()
		if q := s.held[key]; q != nil && len(q.waiting) > 0 {
			next := q.waiting[0]
			q.waiting = q.waiting[1:]
			close(next)
		} else {
			delete(s.held, key)
		}
		s.mu.Unlock()
	}
}

func (l *locks) shard(key string) *lockShard {
	return &l.shards[maphash.String(l.seed, key)%shardCount]
}
