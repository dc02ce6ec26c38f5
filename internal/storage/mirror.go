package storage

import (
	"math/rand/v2"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// MirrorOptions say which regions a store keeps copies of in memory, so that
// reads of them need not go to the engine. A region is all keys that share their
// first [RegionLen] bytes. It is loaded in the background once it is read, whole or
// not at all, and dropped when there is no room. Reads give the same answers with
// mirrors and without.
//
// The zero value keeps no mirrors, and neither does a store over a [Resident]
// engine.
type MirrorOptions struct {
	// Limit bounds the mirrors' accounted bytes: keys, values, the trees around
	// them, and what is written beside a load. 0 keeps no mirrors.
	Limit int64
	// Class tells of the regions whose keys begin with a byte whether they may be
	// mirrored, and their priority: those of the lower are dropped first. Nil: none may.
	Class func(first byte) (mirrored bool, priority int)
	// Check, when set, looks at every value that enters a mirror, save for those
	// over [LargeValue]. An error keeps the region from being mirrored; [Entry] tells
	// of a value that has passed.
	Check func(key, value []byte) error
}

// mirrors are all that a store knows of regions. A nil one knows of none.
//
// The trees that a published state carries are never written. The newest ones are
// the leader's alone: it clones a tree once for each group that touches it.
type mirrors struct {
	store   *Store
	limit   int64
	check   func(key, value []byte) error
	classes [256]class
	known   atomic.Pointer[map[regionID]*region] // the map is replaced, never changed

	mu      sync.Mutex // guards everything below, and what regions say it does; readers only try it
	used    int64      // bytes of all regions, never over limit
	loads   uint64     // see Stats
	drops   uint64
	applied uint64              // the newest version that apply has seen
	dropped map[regionID]uint64 // regions that older snapshots may still read, by the version that is rid of them
	queue   []*region           // wanted
	running bool                // a loader is
	stopped bool
	done    sync.WaitGroup
	scored  time.Time // when scores were brought up to date
}

type class struct {
	mirrored bool
	priority int
}

func newMirrors(s *Store) *mirrors {
	o := s.options.Mirror
	if s.trusted || o.Class == nil {
		return nil
	}
	m := &mirrors{
		store:   s,
		limit:   max(o.Limit, 0),
		check:   o.Check,
		applied: s.engine.Version(),
		dropped: map[regionID]uint64{},
		scored:  s.options.Clock.Now(),
	}
	for b := 1; b < len(m.classes); b++ {
		m.classes[b].mirrored, m.classes[b].priority = o.Class(byte(b))
	}
	m.known.Store(&map[regionID]*region{})
	return m
}

// What a read counts for, and when a region is loaded: at its first scan, or
// when some keys have been read.
const (
	getTouches  = 1
	scanTouches = 8
	loadTouches = 8
	walkTouches = 8   // entries walked that count as much as one found by its key
	waitTouches = 256 // before a region that did not fit is thought of again
	exactly     = 64  // touches up to which all reads count, and not just samples
	sampled     = 16  // reads that a sample stands for
)

// touch counts a read of a region that is not mirrored, and returns it, or nil
// when it is none to be mirrored.
func (m *mirrors) touch(id regionID, n int64) *region {
	if m == nil || id == 0 || !m.classes[id>>32].mirrored {
		return nil
	}
	r := (*m.known.Load())[id]
	if r == nil {
		if r = m.meet(id); r == nil {
			return nil
		}
	}
	if m.limit > 0 && r.touch(n) >= r.due.Load() {
		m.want(r)
	}
	return r
}

// touch counts a read, all of them at first and then by samples: many goroutines
// would contend for the count. It returns the new count, or 0.
func (r *region) touch(n int64) int64 {
	if r.touches.Load() > exactly {
		if rand.Uint32()%sampled != 0 {
			return 0
		}
		n *= sampled
	}
	return r.touches.Add(n)
}

// meet makes a region known. It returns nil for one that is on its way out, and
// when that cannot be told without waiting.
func (m *mirrors) meet(id regionID) *region {
	if !m.mu.TryLock() {
		return nil
	}
	defer m.mu.Unlock()
	known := *m.known.Load()
	if r := known[id]; r != nil {
		return r
	}
	if _, is := m.dropped[id]; is || m.stopped {
		return nil
	}
	r := &region{id: id, priority: m.classes[id>>32].priority}
	r.due.Store(loadTouches)
	if m.limit == 0 {
		r.due.Store(never)
	}
	m.replace(known, r, 0)
	return r
}

// replace makes the known regions those of known, with one more or without one.
func (m *mirrors) replace(known map[regionID]*region, more *region, without regionID) {
	next := make(map[regionID]*region, len(known)+1)
	for id, r := range known {
		if id != without {
			next[id] = r
		}
	}
	if more != nil {
		next[more.id] = more
	}
	m.known.Store(&next)
}

// want has a region loaded, if there is hope that it fits.
func (m *mirrors) want(r *region) {
	if !m.mu.TryLock() {
		return
	}
	defer m.mu.Unlock()
	if r.phase != idle || m.stopped {
		return
	}
	m.rescore()
	if r.need > 0 && r.need > m.room(r) {
		r.due.Store(r.touches.Load() + waitTouches)
		return
	}
	r.phase = wanted
	r.due.Store(never)
	m.queue = append(m.queue, r)
	if !m.running {
		m.running = true
		m.done.Add(1)
		go m.run()
	}
}

// stop ends the loader and waits for it. The store's context has ended.
func (m *mirrors) stop() {
	if m == nil {
		return
	}
	m.mu.Lock()
	m.stopped = true
	m.mu.Unlock()
	m.done.Wait()
	m.known.Store(&map[regionID]*region{})
}

// MirrorStats tell of one region that is mirrored, or about to be.
type MirrorStats struct {
	Prefix  []byte // of its keys
	Loading bool   // not there for readers yet
	Bytes   int64  // accounted
	Entries int    // 0 while loading
	Touches int64  // what reads of it count for since Open
}

// Mirrors lists what is mirrored and what is being loaded, in the order of the
// keys. It is empty once the store is closed.
func (s *Store) Mirrors() []MirrorStats {
	m := s.mirrors
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []MirrorStats
	for _, r := range *m.known.Load() {
		if r.phase != ready && r.phase != loading {
			continue
		}
		prefix := r.id.prefix()
		st := MirrorStats{Prefix: prefix[:], Loading: r.phase == loading, Bytes: r.bytes, Touches: r.touches.Load()}
		if r.phase == ready {
			st.Entries = r.tree.Len()
		}
		list = append(list, st)
	}
	sort.Slice(list, func(i, j int) bool { return string(list[i].Prefix) < string(list[j].Prefix) })
	return list
}

// tell adds the numbers of all mirrors to st.
func (m *mirrors) tell(st *Stats) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	st.Mirrors, st.MirrorLoads, st.MirrorDrops = m.used, m.loads, m.drops
}
