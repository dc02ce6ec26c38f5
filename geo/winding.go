package geo

// Clockwise reports whether a ring goes clockwise round its inside, the smaller side,
// seen from above. That says nothing here, but map viewers want it of holes, and the
// contrary of the rings round them (RFC 7946, 3.1.6). A line that is no ring does not, nor
// does one with no smaller side.
func (l LineString) Clockwise() bool {
	v := vectors(l)
	return len(v) > 3 && v[0] == v[len(v)-1] && (&ring{chain: newChain(v)}).turning() < 0
}
