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

	cells []reach     // a heap
	nodes []node      // behind the base nodes, which are shared
	fresh []candidate // the points of the cell that is being opened
	found []Hit       // a heap
	first *firsts     // takes the place of found when it is known how many are wanted; nil otherwise
	slab  []byte
	seen  map[string]struct{} // ids that have been returned, or measured out of bounds
	asked map[string]struct{} // ids of shapes that have been measured
	later [][]byte            // ids of shapes that wait to be measured
	err   error
}

// A Hit is what a [Nearest] has found.
type Hit struct {
	ID     []byte // what the entry belongs to
	Metres float64

	straight float64 // the straight distance, squared
}

// A reach is a cell that waits to be opened, or a shape that waits to be measured.
type reach struct {
	least float64 // no point of it is nearer, as a straight distance
	node  int32   // the number of a base node, behind these that of a node of the search, or farBase; of a shape its place in later
	kind  reachKind
}

type reachKind uint8

const (
	reachPoints reachKind = iota
	reachShapes
	reachShape // one of them
)

// A NearSearch says what a [Nearest] searches.
type NearSearch struct {
	Points   Entries // nil when there are none
	Shapes   Entries // of the cells of shapes; nil when there are none
	Total    int64   // so many entries are expected in Points
	Min, Max float64 // metres, as far as they bound what is returned
	Repeats  bool    // one id may have several entries: only its nearest counts
	Count    int     // Next is called for at most so many hits; 0 when that is not known

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
		limit: everywhere, measure: s.Measure, told: s.Told, repeats: s.Repeats || s.Shapes != nil,
	}
	if angle := s.Max / EarthRadius; angle < math.Pi-1e-3 {
		n.limit = 2*math.Sin(angle/2) + straightRounding
	}
	if n.repeats {
		n.seen, n.asked = make(map[string]struct{}), make(map[string]struct{})
	} else if s.Count > 0 && s.Count <= maxFirst {
		n.first = newFirsts(s.Count)
	}
	n.nodes = make([]node, 0, 48)
	n.cells = make([]reach, 0, 48)
	if s.Points != nil {
		n.begin(reachPoints)
	}
	if s.Shapes != nil {
		n.begin(reachShapes)
	}
	return n
}

// farBase stands for the base nodes that begin leaves out.
const farBase = -1

// begin lets the base nodes wait: those that may hold the origin for themselves, the
// others together, as few searches come to them.
func (s *Nearest) begin(kind reachKind) {
	far := math.Inf(1)
	for i := range baseNodes {
		if least := s.least(&baseNodes[i]); least == 0 {
			s.wait(reach{0, int32(i), kind})
		} else {
			far = min(far, least)
		}
	}
	s.wait(reach{far, farBase, kind})
}

// openFar lets the base nodes wait that begin has left out.
func (s *Nearest) openFar(kind reachKind) {
	for i := range baseNodes {
		if least := s.least(&baseNodes[i]); least > 0 {
			s.wait(reach{least, int32(i), kind})
		}
	}
}

// least returns a straight distance that no point of n is nearer than.
func (s *Nearest) least(n *node) float64 {
	return max(0, n.center.Sub(s.origin.vector.Vector).Norm()-n.radius)
}

// wait lets a cell wait to be opened, and reports false when it is out of bounds.
func (s *Nearest) wait(r reach) bool {
	if r.least > s.limit {
		return false
	}
	s.cells = push(s.cells, r, reach.before)
	return true
}

// node returns the node of that number.
func (s *Nearest) node(number int32) node {
	if number < int32(len(baseNodes)) {
		return baseNodes[number]
	}
	return s.nodes[number-int32(len(baseNodes))]
}

// Next returns the nearest of what has not been returned, and whether there is one.
// Of two at the same distance that with the lesser id comes first.
func (s *Nearest) Next() (Hit, bool, error) {
	for s.err == nil {
		if s.first == nil && len(s.found) > 0 && (len(s.cells) == 0 || s.found[0].straight < s.cells[0].least*s.cells[0].least) {
			var h Hit
			h, s.found = pop(s.found, Hit.before)
			if s.wanted(h) {
				return h, true, nil
			}
			continue
		}
		if len(s.cells) > 0 {
			s.openNext()
			continue
		}
		if s.first == nil {
			return Hit{}, false, nil
		}
		h, ok := s.first.next(s.origin)
		return h, ok, nil
	}
	return Hit{}, false, s.err
}

// openNext opens the cell that may hold the nearest.
func (s *Nearest) openNext() {
	var r reach
	r, s.cells = pop(s.cells, reach.before)
	switch {
	case r.least > s.limit:
		s.cells = s.cells[:0] // nor is anything wanted of the others
	case r.node == farBase:
		s.openFar(r.kind)
	case r.kind == reachShape:
		s.ask(s.later[r.node])
	default:
		n := s.node(r.node)
		if r.kind == reachPoints {
			s.open(&n)
		} else {
			s.openShapes(&n, r.least)
		}
	}
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
func (s *Nearest) open(n *node) {
	if s.total > manyPoints*float64(cellCount[n.res]) {
		s.divide(n, 0, reachPoints)
		return
	}
	most, hi := s.most(n), n.hi()
	digit, whole := 0, 0 // the child that the walk is in, and how many were found before it
	count := 0
	for ok := s.points.Seek(n.lo()); ok && s.points.Key() < hi; ok = s.points.Next() {
		if d := n.digitOf(s.points.Key()); d != digit {
			digit, whole = d, len(s.fresh)
		}
		if count++; count > most {
			s.fresh = s.fresh[:whole]
			s.divide(n, digit, reachPoints)
			break
		}
		s.find()
	}
	s.settle()
}

// find takes note of the current point, unless it is out of bounds.
func (s *Nearest) find() {
	p := s.points.Point()
	if least, _ := s.origin.chord2(p); least > s.limit*s.limit {
		return
	}
	v := p.vector()
	if straight := v.Sub(s.origin.vector.Vector).Norm2(); straight <= s.limit*s.limit {
		s.fresh = append(s.fresh, candidate{straight, v, s.keep(s.points.ID())})
	}
}

// settle adds the points of the cell that has been opened to what is found.
func (s *Nearest) settle() {
	for _, c := range s.fresh {
		switch {
		case s.first == nil:
			s.found = push(s.found, Hit{ID: c.id, Metres: s.origin.metres(c.at), straight: c.straight}, Hit.before)
		case s.span.surely(c.straight) || s.span.hold(s.origin.metres(c.at)):
			s.first.add(c)
		}
	}
	s.fresh = s.fresh[:0]
	if s.first != nil {
		s.limit = min(s.limit, s.first.limit())
	}
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

// openShapes measures the shapes that have exactly this cell, unless they are known to be
// farther than the least distance of the cell, and divides it for the others.
func (s *Nearest) openShapes(n *node, least float64) {
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
	straight := 2*math.Sin(min(metres/EarthRadius, math.Pi)/2) + 1e-13
	s.found = push(s.found, Hit{ID: s.keep(id), Metres: metres, straight: straight * straight}, Hit.before)
}

// divide lets the children of n wait, from that digit on.
func (s *Nearest) divide(n *node, from int, kind reachKind) {
	for digit := from; digit < 7; digit++ {
		last := len(s.nodes)
		s.nodes = append(s.nodes, node{})
		child := &s.nodes[last]
		if !n.child(digit, child) || !s.wait(reach{s.least(child), int32(len(baseNodes) + last), kind}) {
			s.nodes = s.nodes[:last]
		}
	}
}

func (r reach) before(t reach) bool { return r.least < t.least }

func (h Hit) before(t Hit) bool {
	if h.Metres != t.Metres {
		return h.Metres < t.Metres
	}
	return bytes.Compare(h.ID, t.ID) < 0
}

// push adds x to a heap.
func push[T any](heap []T, x T, before func(T, T) bool) []T {
	heap = append(heap, x)
	up(heap, len(heap)-1, before)
	return heap
}

// up brings element i of a heap to its place towards the top.
func up[T any](heap []T, i int, before func(T, T) bool) {
	x := heap[i]
	for i > 0 {
		parent := (i - 1) / 2
		if !before(x, heap[parent]) {
			break
		}
		heap[i] = heap[parent]
		i = parent
	}
	heap[i] = x
}

// pop removes the top of a heap. The last element goes down from there to its place.
func pop[T any](heap []T, before func(T, T) bool) (T, []T) {
	top, last := heap[0], len(heap)-1
	x := heap[last]
	heap = heap[:last]
	i := 0
	for child := 1; child < last; child = 2*i + 1 {
		if child+1 < last && before(heap[child+1], heap[child]) {
			child++
		}
		if !before(heap[child], x) {
			break
		}
		heap[i] = heap[child]
		i = child
	}
	if last > 0 {
		heap[i] = x
	}
	return top, heap
}
