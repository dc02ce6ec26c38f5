package plan

// A slab cuts small pieces of memory from larger ones.
type slab struct {
	all  []byte // the piece that is being cut
	used int
}

const firstSlab, lastSlab = 512, 32 << 10

// clone returns a copy of b.
func (s *slab) clone(b []byte) []byte {
	if s.used+len(b) > len(s.all) {
		s.all = make([]byte, max(len(b), min(max(firstSlab, 2*len(s.all)), lastSlab)))
		s.used = 0
	}
	c := s.all[s.used : s.used+len(b) : s.used+len(b)]
	s.used += copy(c, b)
	return c
}

// reset lets the last piece be cut anew; copies made before must not be used.
func (s *slab) reset() { s.used = 0 }
