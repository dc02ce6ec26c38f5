package txn

import (
	"context"
	"fmt"
	"sync"

	"github.com/virgadb/virga/internal/fault"
)

// A Queue runs work under a key one after the other, in the order in which it was
// handed in, and work under different keys at the same time. Transactions on a hot
// document that go through a queue never meet a conflict with one another. The zero
// Queue is one of [NewQueue](0). It is safe for concurrent use.
type Queue struct {
	limit int
	mu    sync.Mutex // guards lines and waiting
	lines map[string]*line
	count int // work waiting, of all keys
}

// A line is the work under one key: one runs, the others wait for its turn.
type line struct {
	waiting []chan struct{}
}

// NewQueue returns a queue in which at most limit pieces of work wait, 10,000 if
// limit is not positive.
func NewQueue(limit int) *Queue { return &Queue{limit: limit} }

// usualWaiting is how many pieces of work wait in a queue without a limit of its own.
const usualWaiting = 10_000

// Do waits for its turn under key, runs f in the caller's goroutine and returns
// what f returns. When ctx is done first, f does not run and Do returns the
// context's error; when too much is waiting it returns [fault.ErrTooLarge]. Work
// must not Do more under its own key: it would wait for itself.
func (q *Queue) Do(ctx context.Context, key string, f func(context.Context) error) error {
	if ctx == nil || f == nil {
		return fmt.Errorf("queue: context or function is nil: %w", fault.ErrInvalid)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	turn, err := q.join(key)
	if err != nil {
		return err
	}
	if turn != nil {
		select {
		case <-turn:
		case <-ctx.Done():
			if q.abandon(key, turn) {
				return ctx.Err()
			}
			q.next(key) // the turn has come in the meantime
			return ctx.Err()
		}
	}
	defer q.next(key)
	return f(ctx)
}

// join enters the line of key. It returns nil when it is the caller's turn, else
// the channel that closes when it is.
func (q *Queue) join(key string) (chan struct{}, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lines[key]
	if l == nil {
		if q.lines == nil {
			q.lines = make(map[string]*line)
		}
		q.lines[key] = &line{}
		return nil, nil
	}
	limit := q.limit
	if limit <= 0 {
		limit = usualWaiting
	}
	if q.count >= limit {
		return nil, fmt.Errorf("queue: %d pieces of work are waiting: %w", q.count, fault.ErrTooLarge)
	}
	q.count++
	turn := make(chan struct{})
	l.waiting = append(l.waiting, turn)
	return turn, nil
}

// abandon leaves the line, and reports false when the turn has come already.
func (q *Queue) abandon(key string, turn chan struct{}) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lines[key]
	for i, w := range l.waiting {
		if w == turn {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			q.count--
			return true
		}
	}
	return false
}

// next gives the turn to who has waited longest under key.
func (q *Queue) next(key string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lines[key]
	if len(l.waiting) == 0 {
		delete(q.lines, key)
		return
	}
	q.count--
	close(l.waiting[0])
	l.waiting = l.waiting[1:]
}

// Waiting returns how many pieces of work wait, those that run not counted.
func (q *Queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count
}
