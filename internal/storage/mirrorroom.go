package storage

import (
	"math"
	"time"
)

// halfLife is the time after which a read counts half.
const halfLife = 30 * time.Second

// count adds n bytes to what a region counts for, with mu held.
func (m *mirrors) count(r *region, n int64) {
	r.bytes += n
	m.used += n
}

// rescore brings the scores of all regions up to date, with mu held.
func (m *mirrors) rescore() {
	now := m.store.options.Clock.Now()
	fade := math.Exp2(-max(now.Sub(m.scored).Seconds(), 0) / halfLife.Seconds())
	m.scored = now
	for _, r := range *m.known.Load() {
		touches := r.touches.Load()
		r.score = r.score*fade + float64(touches-r.seen)
		r.seen = touches
	}
}

// leastUseful returns the region to drop first, nil when none counts for
// anything: of the lowest priority the one of least use for a byte.
func (m *mirrors) leastUseful() (worst *region) {
	m.rescore()
	for _, r := range *m.known.Load() {
		if r.bytes > 0 && (worst == nil || r.before(worst)) {
			worst = r
		}
	}
	return worst
}

// before reports whether r is to be dropped before other.
func (r *region) before(other *region) bool {
	if r.priority != other.priority {
		return r.priority < other.priority
	}
	if a, b := r.density(r.bytes), other.density(other.bytes); a != b {
		return a < b
	}
	return r.id > other.id
}

// yields reports whether a mirror makes room for r, which needs size bytes. Among
// equals r must be of twice the use, or two regions would take turns.
func (v *region) yields(r *region, size int64) bool {
	if v.phase != ready || v == r || v.priority > r.priority {
		return false
	}
	return v.priority < r.priority || 2*v.density(v.bytes) < r.density(size)
}

// room returns the bytes that r can have, with scores up to date.
func (m *mirrors) room(r *region) int64 {
	room := m.limit
	for _, v := range *m.known.Load() {
		if v != r && !v.yields(r, max(r.need, r.bytes)) {
			room -= v.bytes
		}
	}
	return room
}

// reserve adds n bytes to a region that is being loaded. It returns a mirror to
// drop first where there is no room, and false when r is not to be loaded after all.
func (m *mirrors) reserve(r *region, l *load, n int64) (first *region, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l.ended.Load() || m.stopped {
		return nil, false
	}
	if m.used+n <= m.limit {
		m.count(r, n)
		return nil, true
	}
	m.rescore()
	if n > m.room(r)-r.bytes {
		return nil, false
	}
	for _, v := range *m.known.Load() {
		if v.yields(r, max(r.need, r.bytes)) && (first == nil || v.before(first)) {
			first = v
		}
	}
	return first, first != nil
}

// evict drops a mirror, from the leader's seat.
func (m *mirrors) evict(v *region) error {
	return m.sit(func(e *edit) error {
		if v.phase == ready {
			e.drop(v)
		}
		return nil
	})
}

// sit changes the mirrors from the leader's seat, with mu held, and publishes the
// newest version again with the mirrors that result.
func (m *mirrors) sit(change func(e *edit) error) error {
	s := m.store
	return s.submit(s.ctx, &pending{alone: true, seat: func() error {
		if cause := s.failure.Load(); cause != nil {
			return *cause // the engine may hold a batch that no version has
		}
		now := s.current.Load()
		e := edit{mirrors: m, now: now.mirrors, list: now.mirrors}
		err := m.locked(func() error { return change(&e) })
		if e.owned {
			s.publish(s.again(now.meta, e.list))
		}
		return err
	}})
}

func (m *mirrors) locked(f func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return f()
}

// again returns a state of the version that the engine has, for the leader.
func (s *Store) again(meta any, list []mirrored) *published {
	return &published{version: s.engine.Version(), meta: meta, view: s.engine.View(), mirrors: list}
}
