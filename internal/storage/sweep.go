package storage

import (
	"context"
	"errors"
	"slices"
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
	if w.running || w.stopped || w.store.writable() != nil || len(w.ripe()) == 0 {
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

// ripe returns the debris that no snapshot in use can look at, with mu held.
func (w *sweeper) ripe() (list []*debris) {
	oldest := w.store.history.oldest()
	for _, d := range w.list {
		if d.since <= oldest {
			list = append(list, d)
		}
	}
	return list
}

// next returns what to remove now, or nothing when the sweeper is to end.
func (w *sweeper) next() []*debris {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.ripe()
	if len(list) == 0 || w.stopped {
		w.running = false
		return nil
	}
	return list
}

func (w *sweeper) run() {
	defer w.done.Done()
	for list := w.next(); list != nil; list = w.next() {
		if err := w.remove(list); err != nil {
			w.giveUp(err)
			return
		}
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

// forget takes debris that is gone off the list.
func (w *sweeper) forget(gone []*debris) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = slices.DeleteFunc(w.list, func(d *debris) bool { return slices.Contains(gone, d) })
	w.pending.Store(int64(len(w.list)))
}

// A broom gathers removals into commits of a size that does not hold others up.
type broom struct {
	*sweeper
	p    *pending
	gone []*debris // what p finishes
}

// remove deletes every key of the list's ranges, and the record of each with its
// last key. Small ranges share a commit.
func (w *sweeper) remove(list []*debris) error {
	b := &broom{sweeper: w, p: &pending{}}
	for _, d := range list {
		if err := b.sweep(d); err != nil {
			return err
		}
	}
	return b.commit()
}

// sweep gathers the removal of d, and commits what is full.
func (b *broom) sweep(d *debris) error {
	rest := d.r
	for n := 0; ; n++ {
		more, err := b.collect(b.p, &rest)
		if err != nil {
			return err
		}
		if !more && n > 0 { // no power cut may take the commits before and spare the last
			if err := b.store.syncUnless(Sync); err != nil {
				return err
			}
		}
		if !more {
			b.p.writes = append(b.p.writes, Write{Key: d.record, Delete: true})
			b.gone = append(b.gone, d)
		}
		if more || len(b.p.writes) >= sweepKeys {
			if err := b.commit(); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
	}
}

// commit writes what is gathered.
func (b *broom) commit() error {
	if len(b.p.writes) == 0 {
		return nil
	}
	for i := range b.p.writes {
		b.p.size += b.p.writes[i].size()
	}
	if err := b.store.submit(context.Background(), b.p); err != nil {
		return err
	}
	b.forget(b.gone)
	b.p, b.gone = &pending{}, nil
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
