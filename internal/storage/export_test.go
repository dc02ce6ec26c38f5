package storage

// DropMirror drops one of the mirrors, as for want of room, and has it loaded again
// by the next read. It reports whether there was one.
func DropMirror(s *Store, n int) bool {
	m := s.mirrors
	m.mu.Lock()
	var list []*region
	for _, r := range *m.known.Load() {
		if r.phase == ready {
			list = append(list, r)
		}
	}
	m.mu.Unlock()
	if len(list) == 0 {
		return false
	}
	r := list[n%len(list)]
	if m.evict(r) != nil {
		return false
	}
	r.due.Store(0)
	return true
}
