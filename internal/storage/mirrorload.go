package storage

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/virgadb/virga/internal/fault"
)

const (
	grantBytes   = 64 << 10 // counted against the limit ahead of what is loaded
	backlogItem  = 80       // bytes of a write in a backlog, beside its key and value
	backlogLast  = 256      // writes of a backlog that may be left to the leader's seat
	backlogTurns = 8        // after which they may be any number
	loadCheck    = 256      // entries loaded between two looks at whether to go on
)

// errNoRoom ends a load that does not fit.
var errNoRoom = errors.New("no room for a mirror")

// A load is a region on its way into memory: the tree, made of a state that is
// pinned, and the writes that came after it.
type load struct {
	ended atomic.Bool // to be given up: dropped, or over the limit
	tree  *Tree       // the loader's
	spare int64       // bytes counted and not used yet; the loader's
	size  atomic.Int64
	count atomic.Int64

	backlog []late // guarded by mirrors.mu
}

// A late write came after the state that a load reads.
type late struct {
	write   Write
	version uint64
}

// needed says what the region needs at least, when it did not fit, and the bytes
// of one entry.
func (l *load) needed() (size, mean int64) {
	size = l.size.Load()
	return size + size/8 + 1, size / max(l.count.Load(), 1)
}

// backlog keeps a write for the end of the load, with mu held.
func (m *mirrors) backlog(r *region, w *Write, version uint64) {
	l := r.load
	l.backlog = append(l.backlog, late{Write{Key: w.Key, Value: w.Value, Delete: w.Delete}, version})
	m.count(r, int64(len(w.Key)+len(w.Value))+backlogItem)
}

// take removes the backlog, with mu held. It goes on counting: what it adds to the
// tree is no more.
func (l *load) take() []late {
	list := l.backlog
	l.backlog = nil
	return list
}

// replay makes late writes in the tree.
func (l *load) replay(list []late) {
	for i := range list {
		setOrDelete(l.tree, &list[i].write, list[i].version)
	}
}

// run loads what is wanted.
func (m *mirrors) run() {
	defer m.done.Done()
	for r := m.next(); r != nil; r = m.next() {
		if err := m.load(r); err != nil {
			m.complain(r, err)
		}
	}
}

// next returns the region to load first, or nil when the loader is to end.
func (m *mirrors) next() *region {
	m.mu.Lock()
	defer m.mu.Unlock()
	var best *region
	rest := m.queue[:0]
	for _, r := range m.queue {
		switch {
		case r.phase != wanted:
		case best == nil:
			best = r
		case r.priority > best.priority:
			best, r = r, best
			fallthrough
		default:
			rest = append(rest, r)
		}
	}
	clear(m.queue[len(rest):])
	m.queue = rest
	m.running = best != nil && !m.stopped
	if !m.running {
		return nil
	}
	return best
}

// complain logs why a region is not mirrored, unless that is as it should be.
func (m *mirrors) complain(r *region, err error) {
	if errors.Is(err, errNoRoom) || errors.Is(err, fault.ErrClosed) || m.store.ctx.Err() != nil {
		return
	}
	prefix := r.id.prefix()
	m.store.options.Logger.Warn("no mirror in memory", "region", fmt.Sprintf("%x", prefix), "cause", err)
}

// load makes a region's mirror. It is the loader's.
func (m *mirrors) load(r *region) error {
	l := &load{tree: regionTree(r.id)}
	from, err := m.begin(r, l)
	if err == nil && from != nil {
		err = m.fill(r, l, from)
		m.store.release(from)
		if err == nil {
			err = m.attach(r, l)
		}
	}
	if err != nil {
		m.abandon(r, l, err)
	}
	return err
}

// begin pins the state to load from. From the leader's seat, so that every later
// write reaches the backlog.
func (m *mirrors) begin(r *region, l *load) (from *published, err error) {
	err = m.sit(func(*edit) error {
		if r.phase != wanted {
			return nil // dropped meanwhile
		}
		if from = m.store.acquire(); from == nil {
			return fault.ErrClosed
		}
		r.phase, r.load = loading, l
		return nil
	})
	return from, err
}

// fill reads the region into the tree.
func (m *mirrors) fill(r *region, l *load, from *published) error {
	c := m.store.scan(from, r.id.bounds(), ScanOptions{})
	c.raw = true
	defer c.Close()
	for n := 0; c.Next(); n++ {
		if n%loadCheck == 0 && (l.ended.Load() || m.store.ctx.Err() != nil) {
			return errNoRoom
		}
		w := Write{Key: c.Key(), Value: c.Value()}
		if err := m.examine(&w); err != nil {
			return fmt.Errorf("key %x: %w", w.Key, err)
		}
		if err := m.afford(r, l, entrySize(len(w.Key), len(w.Value))); err != nil {
			return err
		}
		l.tree.Set(w.Key, bytes.Clone(w.Value), c.Version())
		l.size.Store(l.tree.Bytes())
		l.count.Add(1)
	}
	return c.Err()
}

// afford takes n bytes of what is counted for the load, and has more counted when
// they are used up.
func (m *mirrors) afford(r *region, l *load, n int64) error {
	grant := n + min(grantBytes, m.limit/64)
	for l.spare < n {
		first, ok := m.reserve(r, l, grant)
		if !ok {
			return errNoRoom
		}
		if first == nil {
			l.spare += grant
		} else if err := m.evict(first); err != nil {
			return err
		}
	}
	l.spare -= n
	return nil
}

// attach brings the tree up to the newest version and publishes it.
func (m *mirrors) attach(r *region, l *load) error {
	for range backlogTurns { // beside the writers, who would have to wait for the seat
		m.mu.Lock()
		list := l.take()
		m.mu.Unlock()
		l.replay(list)
		if len(list) <= backlogLast {
			break
		}
	}
	return m.sit(func(e *edit) error {
		if l.ended.Load() || m.stopped {
			return errNoRoom
		}
		l.replay(l.take())
		m.count(r, l.tree.Bytes()-r.bytes)
		r.phase, r.tree, r.load, r.cloned, r.need = ready, l.tree, nil, 0, 0
		m.loads++
		e.insert(r)
		e.shrink()
		return nil
	})
}

// abandon leaves a region unmirrored. One that did not fit may be wanted again.
func (m *mirrors) abandon(r *region, l *load, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l.ended.Load() || r.phase != loading && r.phase != wanted {
		return // the leader has seen to it
	}
	m.count(r, -r.bytes)
	r.phase, r.load = idle, nil
	if errors.Is(err, errNoRoom) {
		r.need, r.mean = l.needed()
		r.due.Store(r.touches.Load() + waitTouches)
	}
}
