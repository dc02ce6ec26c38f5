package geo

import "math"

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

func (r reach) before(t reach) bool { return r.least < t.least }

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

// A nearNode is a node and how crowded it may be.
type nearNode struct {
	node
	expected float64 // about so many points
}

// node returns the node of that number.
func (s *Nearest) node(number int32) nearNode {
	if number < int32(len(baseNodes)) {
		return nearNode{baseNodes[number], s.total / float64(len(baseNodes))}
	}
	return s.nodes[number-int32(len(baseNodes))]
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

// divide lets the children of n wait, from that digit on.
func (s *Nearest) divide(n *nearNode, from int, kind reachKind) {
	for digit := from; digit < 7; digit++ {
		last := len(s.nodes)
		s.nodes = append(s.nodes, nearNode{expected: n.expected / 7})
		child := &s.nodes[last].node
		if !n.child(digit, child) || !s.wait(reach{s.least(child), int32(len(baseNodes) + last), kind}) {
			s.nodes = s.nodes[:last]
		}
	}
}
