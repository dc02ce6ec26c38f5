package geo

import (
	"math"

	"github.com/golang/geo/r3"
)

// A node is a cell on the way down the tree of cells: it knows where it is.
//
// Of a cell the database means the points whose finest cell descends from it. Those
// sets nest and divide the sphere without gaps, which the hexagons that H3 draws do
// not: one point in fifteen lies outside of the hexagon of its ancestor.
type node struct {
	path   uint64    // the number of the base cell and 15 digits of three bits, unused ones zero
	center r3.Vector // on the sphere
	radius float64   // of a ball around center that holds every point of the cell
	x, y   float64   // the centre, on the plane of face
	face   uint8
	turn   uint8 // of the lattice on that plane, in steps of 60 degrees
	res    uint8
	whole  bool // a pentagon: where its children are depends on the digit
}

// rounding of computed centres and of H3's own arithmetic, far above both.
const ballSlack = 1e-12

// planarRadius is how far from a cell's centre its points can be, on a plane: a step
// at every resolution below and, within the hexagon of the finest, its circumradius.
var planarRadius = func() (b [maxResolution + 1]float64) {
	b[maxResolution] = spacing[maxResolution] / math.Sqrt(3)
	for r := maxResolution - 1; r >= 0; r-- {
		b[r] = b[r+1] + spacing[r+1]
	}
	return b
}()

// ballRadius bounds the straight distance of a cell's points from its centre, whose
// distance from the nearest centre of a face has that cosine: the way from one to the
// other over the planes of faces is no longer than planarRadius, and nothing on a
// plane is longer than on the sphere by less than the cosine at its nearest end.
func ballRadius(res uint8, cos float64) float64 {
	b := planarRadius[res]
	return b*min(1, cos+b) + ballSlack
}

// baseNode returns the cell of resolution 0 with that number, 0 to 121.
func baseNode(number int) (n node) {
	b := baseCells[number]
	n.path = uint64(number) << 45
	if b.face == pentagon {
		n.whole = true
		n.stand(pentagons[b.at][0])
	} else {
		n.face = b.face
		s := &steps[0][0][b.at]
		n.x, n.y = spacing[0]*s[0], spacing[0]*s[1]
	}
	n.place()
	return n
}

// stand puts the centre of a pentagon where the wedge w begins.
func (n *node) stand(w wedge) {
	n.face, n.turn = w.face, w.turn
	n.x, n.y = corner(int(w.corner))
}

// place sets the ball from where the centre lies on its plane.
func (n *node) place() {
	var cos float64
	n.center, cos = project(n.face, n.x, n.y)
	n.radius = ballRadius(n.res, cos)
}

// child sets c to the child with that digit, 0 to 6, and reports false for the one
// that a pentagon does not have.
func (n *node) child(digit int, c *node) bool {
	res := n.res + 1
	if n.whole {
		if digit == 1 {
			return false
		}
		c.whole = digit == 0
	} else {
		c.whole = false
	}
	c.path = n.path | uint64(digit)<<(3*(maxResolution-res))
	c.res, c.face, c.turn, c.x, c.y = res, n.face, n.turn, n.x, n.y
	if n.whole && digit > 1 {
		c.stand(pentagons[baseCells[n.path>>45].at][digit-2])
	}
	s := &steps[res&1][c.turn][digit]
	c.x += spacing[res] * s[0]
	c.y += spacing[res] * s[1]
	c.place()
	return true
}

// lo returns the least key of the cell's own and its descendants', see [Cell.Key].
func (n *node) lo() uint64 { return n.path<<4 | uint64(n.res) }

// hi returns the key behind the greatest of them.
func (n *node) hi() uint64 { return (n.path + n.below() + 1) << 4 }

// below returns a one for each bit of the digits that the cell does not use.
func (n *node) below() uint64 { return 1<<(3*(maxResolution-n.res)) - 1 }

// digitOf returns the digit of the child that a key of one of n's descendants belongs
// to, 0 at the finest resolution.
func (n *node) digitOf(key uint64) int {
	if n.res == maxResolution {
		return 0
	}
	return int(key >> (4 + 3*(maxResolution-1-n.res)) & 7)
}

// nodeOf returns the node of a valid cell.
func nodeOf(c Cell) node {
	n := baseNode(c.base())
	for r := 1; r <= c.Resolution(); r++ {
		var next node
		n.child(c.digit(r), &next)
		n = next
	}
	return n
}
