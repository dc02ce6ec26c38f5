package storage

import "bytes"

// apply brings the mirrors of a state to the version that a batch led to. It is
// the leader's, between the engine's Apply and publishing.
func (m *mirrors) apply(now []mirrored, version uint64, batch []Write, requests []*Request) []mirrored {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.applied = version
	known := *m.known.Load()
	if len(known) == 0 {
		return now
	}
	e := edit{mirrors: m, now: now, list: now}
	var r *region
	for i := range batch {
		w := &batch[i]
		id := regionOf(w.Key)
		if r == nil || r.id != id {
			if r = known[id]; r == nil {
				continue
			}
		}
		e.write(r, w, version)
	}
	for _, request := range requests {
		for _, garbage := range request.Garbage {
			e.forget(garbage, version)
		}
	}
	e.shrink()
	return e.list
}

// An edit makes the mirrors of a next state from those of one that is published.
type edit struct {
	mirrors *mirrors
	now     []mirrored // published
	list    []mirrored // now, or a copy that is the edit's own
	owned   bool
}

// own makes list the edit's own.
func (e *edit) own() {
	if !e.owned {
		e.owned = true
		e.list = append(make([]mirrored, 0, len(e.now)+1), e.now...)
	}
}

// write brings one write to where a region's writes go.
func (e *edit) write(r *region, w *Write, version uint64) {
	if !w.Delete {
		r.lower(w.Key)
	}
	switch {
	case r.phase != loading && r.phase != ready:
		if w.Delete && r.need > 0 {
			r.need = max(r.need-r.mean, 1)
		}
	case e.refused(r, w):
	case r.phase == loading:
		e.mirrors.backlog(r, w, version)
	default:
		setOrDelete(e.writable(r, version), w, version)
		e.mirrors.count(r, r.tree.Bytes()-r.bytes)
	}
}

// refused drops a region that a value was written to which must not be in a mirror.
func (e *edit) refused(r *region, w *Write) bool {
	err := e.mirrors.examine(w)
	if err == nil {
		return false
	}
	e.mirrors.complain(r, err)
	e.drop(r)
	r.due.Store(never)
	return true
}

// examine checks a value that is about to enter a mirror.
func (m *mirrors) examine(w *Write) error {
	if m.check == nil || w.Delete || isWrapped(w.Value) {
		return nil
	}
	return m.check(w.Key, w.Value)
}

// setOrDelete makes one write in a tree, which gets a value of its own: that of a
// request may be part of something larger.
func setOrDelete(t *Tree, w *Write, version uint64) {
	if w.Delete {
		t.Delete(w.Key)
		return
	}
	t.Set(w.Key, bytes.Clone(w.Value), version)
}

// writable returns the tree of a region for the writes of a version, a clone of
// the one that is published.
func (e *edit) writable(r *region, version uint64) *Tree {
	if r.cloned == version {
		return r.tree
	}
	e.own()
	r.tree, r.cloned = r.tree.Clone(), version
	for i := range e.list {
		if e.list[i].region == r {
			e.list[i].tree = r.tree
		}
	}
	return r.tree
}

// insert adds a mirror, in the order of the regions.
func (e *edit) insert(r *region) {
	e.own()
	at := 0
	for at < len(e.list) && e.list[at].id < r.id {
		at++
	}
	e.list = append(e.list, mirrored{})
	copy(e.list[at+1:], e.list[at:])
	e.list[at] = mirrored{id: r.id, checked: e.mirrors.check != nil, tree: r.tree, region: r}
}

// drop ends the mirroring of a region, or its loading. It may come back.
func (e *edit) drop(r *region) {
	m := e.mirrors
	switch r.phase {
	case ready:
		e.own()
		for i := range e.list {
			if e.list[i].region == r {
				e.list = append(e.list[:i], e.list[i+1:]...)
				break
			}
		}
		m.drops++
		r.lowest(r.tree, m.applied)
		r.need, r.mean = r.bytes, r.bytes/int64(max(r.tree.Len(), 1))
	case loading:
		r.load.ended.Store(true)
		r.need, r.mean = r.load.needed()
	}
	m.count(r, -r.bytes)
	r.phase, r.tree, r.load = idle, nil, nil
	r.due.Store(r.touches.Load() + waitTouches)
}

// forget drops the regions that lie in a range which nobody will look at again.
func (e *edit) forget(garbage Range, version uint64) {
	m := e.mirrors
	for id, r := range *m.known.Load() {
		if !id.within(garbage) {
			continue
		}
		e.drop(r)
		r.phase = gone
		r.due.Store(never)
		m.replace(*m.known.Load(), nil, id)
		m.dropped[id] = version
	}
	oldest := m.store.history.oldest()
	for id, at := range m.dropped {
		if at <= oldest {
			delete(m.dropped, id)
		}
	}
}

// shrink drops what is of least use until the rest is within the limit.
func (e *edit) shrink() {
	for e.mirrors.used > e.mirrors.limit {
		v := e.mirrors.leastUseful()
		if v == nil {
			return
		}
		e.drop(v)
	}
}
