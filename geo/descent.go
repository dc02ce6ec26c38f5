package geo

// Entries walk what an index has of points, or of the cells that other shapes are
// covered with, in the order of their keys. When Seek or Next report false because
// of an error, it is the owner's to know.
type Entries interface {
	// Seek moves to the first entry whose key is not less than key, and reports
	// whether there is one.
	Seek(key uint64) bool
	// Next moves to the next entry and reports whether there is one.
	Next() bool
	// Pass moves to the first entry behind the current one whose key is not less than
	// key, and returns how many entries it has moved over, and whether there is one.
	Pass(key uint64) (passed int64, ok bool)
	// Key returns the key of the current entry, see [Cell.Key].
	Key() uint64
	// Point returns the point of the current entry, of an index of points.
	Point() Point
	// ID returns what the current entry belongs to, valid until the next move.
	ID() []byte
}

// A Descent walks the entries of a region: it goes down the tree of cells, past all
// that are outside of the region or have no entries, and through those inside
// without a look at their points. It belongs to one goroutine.
type Descent struct {
	entries Entries
	region  region
	points  bool    // entries are points, not cells of shapes
	total   float64 // so many entries are expected on the whole sphere
	fine    float64 // cells with smaller balls are not divided

	base  int // the number of the next base node
	stack []node
	edges [maxResolution + 1][]int32 // by resolution, those of the node last divided
	known bool                       // the cursor stands at an entry
	key   uint64                     // of that entry; no entry from the last node on has a lower one
	ended bool                       // there are no more entries

	// The walk through the entries of a node.
	node   node
	walks  bool
	hi     uint64 // where it ends
	left   int    // so many entries, then the node is divided; negative for all
	sure   bool   // they are all in the region
	handed bool   // the current entry has been returned
}

const (
	divisions  = 0.6 // of a disc's radius: the ball of a cell that is not divided
	outlineFit = 0.2 // of the radius of an outline
	manyPoints = 40  // expected in a cell that is divided unseen
	fewPoints  = 12  // looked at before a cell is divided
	usualDepth = 6   // of the cells that are divided, with which a descent need not make more room
)

// Descend returns the descent through points, about total of them, to those in a.
func (a *Area) Descend(points Entries, total int64) *Descent {
	return newDescent(a.region(), points, total, true)
}

// DescendShapes returns the descent through the cells of shapes to those that may
// have something in common with a. A shape may come several times.
func (a *Area) DescendShapes(cells Entries, total int64) *Descent {
	return newDescent(a.region(), cells, total, false)
}

// Descend returns the descent through points, about total of them, to those in s.
func (s *Shape) Descend(points Entries, total int64) *Descent {
	return newDescent(s.region(), points, total, true)
}

// DescendShapes returns the descent through the cells of shapes to those that may
// have something in common with s. A shape may come several times.
func (s *Shape) DescendShapes(cells Entries, total int64) *Descent {
	return newDescent(s.region(), cells, total, false)
}

func newDescent(r region, entries Entries, total int64, points bool) *Descent {
	d := &Descent{entries: entries, region: r, points: points, total: float64(total), fine: outlineFit * r.size()}
	if _, ok := r.(*discRegion); ok {
		d.fine = divisions * r.size()
	}
	d.stack = make([]node, 0, 6*usualDepth+1)
	return d
}

// baseNodes are the cells of resolution 0.
var baseNodes = func() (n [122]node) {
	for i := range n {
		n[i] = baseNode(i)
	}
	return n
}()

// Next moves to the next entry and reports whether there is one. Points are in the
// region; shapes are in cells that touch it.
func (d *Descent) Next() bool {
	if d.handed {
		d.handed = false
		d.advance()
	}
	for !d.ended {
		if d.walks {
			if d.walk() {
				return true
			}
			continue
		}
		n := d.pop()
		if n == nil {
			return false
		}
		if !d.known || n.hi() > d.key {
			d.node = *n
			d.visit()
		}
	}
	return false
}

// pop returns the next node, nil when there is none.
func (d *Descent) pop() *node {
	if last := len(d.stack) - 1; last >= 0 {
		n := &d.stack[last]
		d.stack = d.stack[:last]
		return n
	}
	if d.base == len(baseNodes) {
		return nil
	}
	d.base++
	return &baseNodes[d.base-1]
}

// Count moves to the end and returns how many entries there are, or up to limit when
// that is not 0. Those of cells inside the region are counted without a look at each.
func (d *Descent) Count(limit int64) (n int64) {
	for (limit == 0 || n < limit) && d.Next() {
		n++
		if limit == 0 && d.sure {
			passed, ok := d.entries.Pass(d.hi)
			n += passed
			d.handed = false
			d.move(ok)
		}
	}
	return n
}

// walk goes on through the entries of a node and reports whether it stands at one
// that is to be returned.
func (d *Descent) walk() bool {
	for ; !d.ended && d.key < d.hi; d.advance() {
		if d.left == 0 {
			d.walks = false
			d.divide()
			return false
		}
		d.left--
		if d.sure || !d.points || d.region.holds(d.entries.Point()) {
			d.handed = true
			return true
		}
	}
	d.walks = false
	if !d.points && d.left > 0 && !d.ended && d.key < d.node.hi() {
		d.divide() // behind the entries of the cell itself come those of its descendants
	}
	return false
}

// visit decides what to do with the node.
func (d *Descent) visit() {
	n := &d.node
	var from []int32
	if n.res > 0 {
		from = d.edges[n.res-1]
	}
	how, edges := d.region.relate(n, from, d.edges[n.res][:0])
	d.edges[n.res] = edges
	switch {
	case how == outside:
	case how == inside || n.radius <= d.fine || n.res == maxResolution:
		if d.arrive(n) {
			d.begin(n.hi(), -1, how == inside)
		}
	case d.points && d.total > manyPoints*float64(cellCount[n.res]):
		d.divide()
	case !d.arrive(n):
	case d.points:
		d.begin(n.hi(), fewPoints, false)
	default:
		d.begin(n.lo()+1, 1<<62, false)
	}
}

// cellCount is the number of cells by resolution, without those that only pentagons have.
var cellCount = func() (n [maxResolution + 1]int64) {
	n[0] = 122
	for r := 1; r < len(n); r++ {
		n[r] = 7 * n[r-1]
	}
	return n
}()

// begin starts the walk through the entries up to hi.
func (d *Descent) begin(hi uint64, left int, sure bool) {
	d.walks, d.hi, d.left, d.sure = true, hi, left, sure
	if d.points && !sure {
		d.region.enter(&d.node, d.edges[d.node.res])
	}
}

// arrive moves to the first entry of the node, if it is not passed already, and
// reports whether it has one.
func (d *Descent) arrive(n *node) bool {
	if !d.known || d.key < n.lo() {
		d.known = true
		d.move(d.entries.Seek(n.lo()))
	}
	return !d.ended && d.key < n.hi()
}

func (d *Descent) advance() { d.move(d.entries.Next()) }

func (d *Descent) move(ok bool) {
	if d.ended = !ok; ok {
		d.key = d.entries.Key()
	}
}

// divide puts the children of the node on the stack, the first one on top.
func (d *Descent) divide() {
	for digit := 6; digit >= 0; digit-- {
		last := len(d.stack)
		d.stack = append(d.stack, node{})
		if !d.node.child(digit, &d.stack[last]) {
			d.stack = d.stack[:last]
		}
	}
}
