package geo

import "math"

// manyNear is the number of entries up to which a cell is emptied rather than divided;
// where few are wanted, it is less, down to manyFirst.
const manyNear, manyFirst = 24, 12

// most returns up to how many entries a cell is emptied.
func (s *Nearest) most(n *node) int {
	switch {
	case n.res == maxResolution:
		return math.MaxInt
	case s.first != nil:
		return min(manyNear, manyFirst+s.first.count/8)
	}
	return manyNear
}

// open looks at the points of a cell, or divides it when they are many.
func (s *Nearest) open(n *nearNode) {
	if n.expected > manyPoints && n.res < maxResolution {
		s.divide(n, 0, reachPoints)
		return
	}
	most, hi := s.most(&n.node), n.hi()
	from := len(s.places)
	digit, whole := 0, from // the child that the walk is in, and how many points there were before it
	count := 0
	for ok := s.points.Seek(n.lo()); ok; ok = s.points.Next() {
		key := s.points.Key()
		if key >= hi {
			break
		}
		if d := n.digitOf(key); d != digit {
			digit, whole = d, len(s.places)
		}
		if count++; count > most {
			s.places = s.places[:whole]
			n.expected = s.crowd(n, most)
			s.divide(n, digit, reachPoints)
			break
		}
		s.find()
	}
	s.settle(from)
}

// crowd returns how many points are expected in a cell whose walk has come to the one behind
// that many: as if all of it were as crowded as its beginning. It is not believed so far that
// more than the children of the cell would be divided without a look.
func (s *Nearest) crowd(n *nearNode, points int) float64 {
	part := float64(s.points.Key()-n.lo()) / float64(n.hi()-n.lo())
	return min(float64(points)/part, 2*7*manyPoints)
}

// find takes note of the current point, unless it is out of bounds.
func (s *Nearest) find() {
	p := s.points.Point()
	least, most := s.origin.chord2(p)
	if most-least > narrow*least {
		least, most = s.origin.straight2(p)
	}
	if least <= s.limit*s.limit {
		s.places = append(s.places, candidate{least, most, p, s.keep(s.points.ID())})
	}
}

// narrow is how far apart bounds of a squared distance may be, as a part of it, to do for it.
const narrow = 0.01

// settle takes in the points of the cell that has been opened, which are those behind the
// first so many.
func (s *Nearest) settle(from int) {
	kept := s.places[:from]
	for i := from; i < len(s.places); i++ {
		c := &s.places[i]
		switch {
		case s.first == nil:
			s.found = push(s.found, c.hit(s.origin), hit.before)
		case !s.inBounds(c) || !s.first.add(c):
		case i == len(kept):
			kept = s.places[:i+1] // where it is
		default:
			kept = append(kept, *c)
		}
	}
	s.places = kept
	if s.first != nil {
		s.places = s.first.clear(s.places)
		s.limit = min(s.limit, s.first.limit())
	}
}

// inBounds reports whether c is at a distance that is asked for.
func (s *Nearest) inBounds(c *candidate) bool {
	return s.span.surely(c.least, c.most) || s.span.hold(c.metres(s.origin))
}

// keep returns a copy of id.
func (s *Nearest) keep(id []byte) []byte {
	if len(s.slab)+len(id) > cap(s.slab) {
		s.slab = make([]byte, 0, max(1024, len(id)))
	}
	at := len(s.slab)
	s.slab = append(s.slab, id...)
	return s.slab[at:len(s.slab):len(s.slab)]
}
