package geo

import (
	"bytes"
	"math"
)

// A Nearest yields what an index holds from the nearest to the farthest: it opens
// the cell that may hold the nearest of what has not been looked at, until something
// is known to be nearer than everything behind it. It belongs to one goroutine.
type Nearest struct {
	points, shapes Entries
	total          float64
	origin         *Origin
	span           span
	limit          float64 // a straight distance that nothing wanted is beyond
	measure        func(id []byte) (metres float64, ok bool, err error)
	told           func() (Bounds, bool)
	repeats        bool // one may have several entries
	ranking        bool // hits need not be measured

	*nearRoom
	found  []hit   // a heap
	first  *firsts // takes the place of found when it is known how many are wanted; nil otherwise
	answer []Hit   // of first, what is left of it
	slab   []byte
	seen   map[string]struct{} // ids that have been returned, or measured out of bounds
	asked  map[string]struct{} // ids of shapes that have been measured
	later  [][]byte            // ids of shapes that wait to be measured
	err    error
}

// A Hit is what a [Nearest] has found.
type Hit struct {
	ID     []byte  // what the entry belongs to
	Metres float64 // unless the search is a ranking
}

// A hit is a Hit with the straight distance, squared.
type hit struct {
	Hit
	straight float64
}

// A NearSearch says what a [Nearest] searches.
type NearSearch struct {
	Points   Entries // nil when there are none
	Shapes   Entries // of the cells of shapes; nil when there are none
	Total    int64   // so many entries are expected in Points
	Min, Max float64 // metres, as far as they bound what is returned
	Repeats  bool    // one id may have several entries: only its nearest counts
	Count    int     // Next is called for at most so many hits; 0 when that is not known
	Ranking  bool    // hits need no Metres, their order is all that counts

	// Measure returns the distance in metres of what has shapes.
	Measure func(id []byte) (metres float64, ok bool, err error)
	// Told returns the bounds of the shape of the current entry of Shapes, if there are
	// any: it is measured when it may be the nearest, not before. Nil is none.
	Told func() (Bounds, bool)
}

// maxFirst is the number of hits up to which a search finds all before it yields one.
const maxFirst = 10_000

// Search returns the search for what is near to o.
func (o *Origin) Search(s NearSearch) *Nearest {
	n := &Nearest{
		points: s.Points, shapes: s.Shapes, total: float64(s.Total), origin: o, span: newSpan(s.Min, s.Max),
		limit: everywhere, measure: s.Measure, told: s.Told, repeats: s.Repeats || s.Shapes != nil, ranking: s.Ranking,
	}
	if s.Max < (math.Pi-1e-3)*EarthRadius {
		n.limit = straightOf(s.Max) + straightRounding
	}
	if !n.repeats && s.Count > 0 && s.Count <= maxFirst {
		n.nearRoom = nearRooms.Get().(*nearRoom)
		n.first = &n.firsts
		n.first.begin(s.Count)
	} else {
		n.nearRoom = newNearRoom()
	}
	if n.repeats {
		n.seen, n.asked = make(map[string]struct{}), make(map[string]struct{})
	}
	if s.Points != nil {
		n.begin(reachPoints)
	}
	if s.Shapes != nil {
		n.begin(reachShapes)
	}
	return n
}

// Next returns the nearest of what has not been returned, and whether there is one.
// Of two at the same distance that with the lesser id comes first.
func (s *Nearest) Next() (Hit, bool, error) {
	if s.first != nil {
		return s.nextFirst()
	}
	for s.err == nil {
		if len(s.found) > 0 && (len(s.cells) == 0 || s.found[0].straight < s.cells[0].least*s.cells[0].least) {
			var h hit
			h, s.found = pop(s.found, hit.before)
			if s.wanted(h.Hit) {
				return h.Hit, true, nil
			}
			continue
		}
		if len(s.cells) == 0 {
			return Hit{}, false, nil
		}
		s.openNext()
	}
	return Hit{}, false, s.err
}

// nextFirst is Next when it is known how many are wanted.
func (s *Nearest) nextFirst() (h Hit, ok bool, err error) {
	if s.nearRoom != nil {
		for len(s.cells) > 0 {
			s.openNext()
		}
		s.answer = s.first.rank(s.places, s.origin, !s.ranking)
		s.nearRoom.release()
		s.nearRoom = nil
	}
	if len(s.answer) == 0 {
		return h, false, nil
	}
	h, s.answer = s.answer[0], s.answer[1:]
	return h, true, nil
}

// wanted reports whether h is in bounds and the nearest entry of its id.
func (s *Nearest) wanted(h Hit) bool {
	if s.repeats {
		if _, again := s.seen[string(h.ID)]; again {
			return false
		}
		s.seen[string(h.ID)] = struct{}{}
	}
	return s.span.hold(h.Metres)
}

func (h hit) before(t hit) bool { return h.compare(t.Hit) < 0 }

// compare orders hits by their distance, then by their ids.
func (h Hit) compare(t Hit) int {
	switch {
	case h.Metres < t.Metres:
		return -1
	case h.Metres > t.Metres:
		return 1
	}
	return bytes.Compare(h.ID, t.ID)
}
