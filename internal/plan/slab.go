package plan

// A slab cuts small pieces of memory from larger ones.
type slab struct {
	all  []byte // the piece that is being cut
	used int
	most int // length of the largest piece; 0 is lastSlab
}

const firstSlab, lastSlab = 512, 32 << 10

// clone returns a copy of b.
func (s *slab) clone(b []byte) []byte {
	if s.used+len(b) > len(s.all) {
		most := s.most
		if most == 0 {
			most = lastSlab
		}
		s.all = make([]byte, max(len(b), min(max(firstSlab, 2*len(s.all)), most)))
		s.used = 0
	}
	c := s.all[s.used : s.used+len(b) : s.used+len(b)]
	s.used += copy(c, b)
	return c
}

// reset lets the last piece be cut anew; copies made before must not be used.
func (s *slab) reset() { s.used = 0 }
