package txn

import (
	"context"
	"fmt"
	"hash/maphash"
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

// acquire takes every lock of keys, which are in ascending order and distinct.
// When one is held it lets go of all, waits for that one, and tries the others
// again. It returns [fault.ErrTimeout] after ten seconds, or the context's error.
func (l *locks) acquire(ctx context.Context, keys []string) error {
	owned := -1 // the lock handed over by its last holder
	for {
		blocked := l.tryAll(keys, owned)
		if blocked < 0 {
			return nil
		}
		if err := l.wait(ctx, keys[blocked]); err != nil {
			return err
		}
		owned = blocked
	}
}

// tryAll takes all locks but keys[owned], which is taken already, and returns -1.
// When one is held by somebody else it releases all and returns its index.
func (l *locks) tryAll(keys []string, owned int) int {
	for i, key := range keys {
		if i == owned || l.try(key) {
			continue
		}
		l.release(keys[:i])
		if owned > i {
			l.release(keys[owned : owned+1])
		}
		return i
	}
	return -1
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
