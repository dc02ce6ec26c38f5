package geo

// openShapes measures the shapes that have exactly this cell, unless they are known to be
// farther than the least distance of the cell, and divides it for the others.
func (s *Nearest) openShapes(n *nearNode, least float64) {
	ok := s.shapes.Seek(n.lo())
	for ; ok && s.err == nil && s.shapes.Key() == n.lo(); ok = s.shapes.Next() {
		id := s.shapes.ID()
		if away := s.away(); away > least {
			if s.wait(reach{away, int32(len(s.later)), reachShape}) {
				s.later = append(s.later, s.keep(id))
			}
			continue
		}
		s.ask(id)
	}
	if ok && s.err == nil && s.shapes.Key() < n.hi() && n.res < maxResolution {
		s.divide(n, 0, reachShapes)
	}
}

// away returns a straight distance that no point of the current shape is nearer than.
func (s *Nearest) away() float64 {
	if s.told == nil {
		return 0
	}
	b, ok := s.told()
	if !ok {
		return 0
	}
	return b.center.Sub(s.origin.vector.Vector).Norm() - b.outer
}

// ask measures what has that id, once.
func (s *Nearest) ask(id []byte) {
	if _, again := s.asked[string(id)]; again {
		return
	}
	s.asked[string(id)] = struct{}{}
	metres, ok, err := s.measure(id)
	if err != nil {
		s.err = err
		return
	}
	if !ok {
		s.seen[string(id)] = struct{}{} // a point of it that comes later does not count either
		return
	}
	// A little more than the distance: cells that may hold as near a thing come first.
	straight := straightOf(metres) + 1e-13
	s.found = push(s.found, hit{Hit{s.keep(id), metres}, straight * straight}, hit.before)
}
