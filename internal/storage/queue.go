package storage

import (
	"context"
	"sync"

	"github.com/virgadb/virga/internal/fault"
)

// How much one group may hold when it has more than one member.
const (
	groupMembers = 256
	groupBytes   = 2 << 20
	groupKeys    = 25_000
)

// A pending is a request on its way through the queue. The goroutine that
// submitted it waits for it, or leads.
type pending struct {
	request *Request // nil for the store's own commits
	writes  []Write  // as they are stored
	size    int      // bytes of writes
	alone   bool
	durable bool         // synced whatever the store's durability
	debris  []*debris    // to sweep once the commit is published
	seat    func() error // runs in the leader's seat in place of a batch

	wake    chan struct{} // has room for one; nobody blocks sending
	taken   bool          // in a group, or failed: ctx counts no more; guarded by queue.mu
	leads   bool          // the seat is this one's to take; guarded by queue.mu
	done    bool          // version and err are final; guarded by queue.mu
	version uint64
	err     error
}

// A queue lines up requests and passes the leader's seat from one of the waiting
// goroutines to the next. There is no goroutine of its own.
type queue struct {
	mu      sync.Mutex // guards everything below
	waiting []*pending
	group   []*pending    // room for the group under way
	crowd   int           // requests that were in the queue or a group when the last group was done
	led     bool          // someone leads or has been told to
	closed  bool          // nobody may join
	idle    chan struct{} // closed when the queue is closed and nobody leads
}

// join adds p, and reports whether the caller leads.
func (q *queue) join(p *pending) (leads bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false, fault.ErrClosed
	}
	q.waiting = append(q.waiting, p)
	if q.led {
		p.wake = make(chan struct{}, 1)
		return false, nil
	}
	q.led, p.leads = true, true
	return true, nil
}

// wait returns once p is done, its goroutine is to lead, or ctx has ended before
// p was taken.
func (q *queue) wait(ctx context.Context, p *pending) (leads bool, err error) {
	ended := ctx.Done()
	for {
		select {
		case <-p.wake:
		case <-ended:
			if q.leave(p) {
				return false, ctx.Err()
			}
			ended = nil // too late: the group decides
		}
		q.mu.Lock()
		done, leads := p.done, p.leads
		q.mu.Unlock()
		if done || leads {
			return leads && !done, nil
		}
	}
}

// leave takes p out of the queue, and reports false when a group has it.
func (q *queue) leave(p *pending) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p.taken {
		return false
	}
	for i, w := range q.waiting {
		if w == p {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			break
		}
	}
	if p.leads {
		q.pass()
	}
	return true
}

// take returns the next group: the head of the queue and what fits beside it. It
// is empty when the queue was closed after the caller had been told to lead.
func (q *queue) take() []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, bytes, keys := 0, 0, 0
	for n < len(q.waiting) && n < groupMembers {
		p := q.waiting[n]
		bytes += p.size
		keys += len(p.writes)
		if n > 0 && (p.alone || bytes > groupBytes || keys > groupKeys) {
			break
		}
		p.taken = true
		n++
		if p.alone {
			break
		}
	}
	group := append(q.group[:0], q.waiting[:n]...)
	rest := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[rest:])
	q.waiting = q.waiting[:rest]
	return group
}

// finish wakes the members of a group, whose slice it takes back, and passes the
// seat on.
func (q *queue) finish(group []*pending) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range group {
		p.done = true
		p.signal()
	}
	q.crowd = len(group) + len(q.waiting)
	clear(group)
	q.group = group[:0]
	q.pass()
}

// missing returns how many of those who committed or waited when the last group was
// done have not come back, none when there are too many for one group.
func (q *queue) missing() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(0, min(q.crowd, groupMembers)-len(q.waiting))
}

// pass gives the seat to the head of the queue, with mu held.
func (q *queue) pass() {
	if len(q.waiting) > 0 {
		q.waiting[0].leads = true
		q.waiting[0].signal()
		return
	}
	q.led = false
	if q.closed {
		close(q.idle)
	}
}

// close fails everyone who waits, and returns once nobody leads.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.idle = make(chan struct{})
	told := false // someone is to lead and has not taken a group yet
	for _, p := range q.waiting {
		told = told || p.leads
		p.taken, p.done, p.err = true, true, fault.ErrClosed
		p.signal()
	}
	q.waiting = nil
	idle := q.idle
	if told {
		q.pass() // will find itself done, or nothing to take
	} else if !q.led {
		close(idle)
	}
	q.mu.Unlock()
	<-idle
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

func (p *pending) signal() {
	select {
	case p.wake <- struct{}{}:
	default: // nil for the leader itself, or a signal is there already
	}
}
