package storage

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/virgadb/virga/internal/fault"
)

// How much one commit of the sweeper removes, and reads to find it.
const (
	sweepKeys  = 1000
	sweepBytes = 1 << 20
)

// debris is a range that waits to be removed.
type debris struct {
	record []byte // the key that remembers it, removed with its last key
	r      Range
	since  uint64 // no snapshot of this version or later looks at the range
}

// A sweeper removes debris in small commits. Its goroutine lives while there is
// something it may remove and ends before the store is closed.
type sweeper struct {
	store   *Store
	pending atomic.Int64 // len(list), to look at without mu
	mu      sync.Mutex   // guards everything below
	list    []*debris
	running bool
	stopped bool
	done    sync.WaitGroup
}

// add queues debris that the commit of version has recorded.
func (w *sweeper) add(version uint64, list []*debris) {
	if len(list) == 0 {
		return
	}
	w.mu.Lock()
	for _, d := range list {
		d.since = version
	}
	w.list = append(w.list, list...)
	w.pending.Store(int64(len(w.list)))
	w.mu.Unlock()
	w.kick()
}

// orphans queues part sets whose head has not been committed and never will be.
func (w *sweeper) orphans(sets []PartSet) {
	list := make([]*debris, len(sets))
	for i, set := range sets {
		list[i] = &debris{record: openKey(set), r: partRange(set)}
	}
	w.add(0, list)
}

// kick starts the sweeper if there is something it may remove.
func (w *sweeper) kick() {
	if w.pending.Load() == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running || w.stopped || w.store.writable() != nil || w.ripe() == nil {
		return
	}
	w.running = true
	w.done.Add(1)
	go w.run()
}

// stop ends the sweeper and waits for it.
func (w *sweeper) stop() {
	w.mu.Lock()
	w.stopped = true
	w.mu.Unlock()
	w.done.Wait()
}

// ripe returns the first debris that no snapshot in use can look at, with mu held.
func (w *sweeper) ripe() *debris {
	oldest := w.store.history.oldest()
	for _, d := range w.list {
		if d.since <= oldest {
			return d
		}
	}
	return nil
}

// next returns what to remove now, or nil when the sweeper is to end.
func (w *sweeper) next() *debris {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.ripe()
	if d == nil || w.stopped {
		w.running = false
		return nil
	}
	return d
}

func (w *sweeper) run() {
	defer w.done.Done()
	for d := w.next(); d != nil; d = w.next() {
		if err := w.remove(d); err != nil {
			w.giveUp(err)
			return
		}
		w.finished(d)
	}
}

// giveUp ends the sweeper after an error; a later kick tries again.
func (w *sweeper) giveUp(err error) {
	if !errors.Is(err, fault.ErrClosed) {
		w.store.options.Logger.Warn("sweep of dropped data", "cause", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = false
}

func (w *sweeper) finished(d *debris) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.list {
		if w.list[i] == d {
			w.list = append(w.list[:i], w.list[i+1:]...)
			break
		}
	}
	w.pending.Store(int64(len(w.list)))
}

// remove deletes every key of d, then the record of d.
func (w *sweeper) remove(d *debris) error {
	rest := d.r
	for n, more := 0, true; more; n++ {
		p := &pending{}
		var err error
		if more, err = w.collect(p, &rest); err != nil {
			return err
		}
		if !more {
			p.writes = append(p.writes, Write{Key: d.record, Delete: true})
			if n > 0 { // no power cut may take what is deleted already and spare this
				err = w.store.syncUnless(Sync)
			}
			if err != nil {
				return err
			}
		}
		for i := range p.writes {
			p.size += p.writes[i].size()
		}
		if err := w.store.submit(context.Background(), p); err != nil {
			return err
		}
	}
	return nil
}

// collect adds the removal of the first keys of r to p, with the parts of their
// values, and moves r behind them. It reports whether r may hold more.
func (w *sweeper) collect(p *pending, r *Range) (more bool, err error) {
	s := w.store
	now := s.acquire()
	if now == nil {
		return false, fault.ErrClosed
	}
	defer s.release(now)
	c := s.scan(now, *r, ScanOptions{KeysOnly: isReserved(r.Lo)})
	c.raw = true
	defer c.Close()
	for read := 0; c.Next(); {
		key := append(make([]byte, 0, len(c.Key())+1), c.Key()...)
		p.writes = append(p.writes, Write{Key: key, Delete: true})
		if h, ok := headOf(c.Value()); ok {
			parts, err := s.partKeys(now, h.set)
			if err != nil {
				return false, err
			}
			for _, part := range parts {
				p.writes = append(p.writes, Write{Key: part, Delete: true})
			}
		}
		if read += len(key) + len(c.Value()); len(p.writes) >= sweepKeys || read >= sweepBytes {
			r.Lo = append(key, 0)
			return true, nil
		}
	}
	return false, c.Err()
}
