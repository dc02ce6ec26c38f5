package geo

import (
	"encoding/binary"
	"math"

	"github.com/golang/geo/r3"
	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// Bounds are what an index tells of a shape besides its cells: two balls around one
// centre. The outer one holds every point of the shape; what the inner one holds of the
// sphere is in the shape. They decide most questions without the shape itself, see
// [Shape.Judge] and [Area.Judge].
type Bounds struct {
	outer  float64 // a straight distance; everywhere when no smaller ball is sure
	inner  float64 // a straight distance; 0 when the centre is not known to be in the shape
	center s2.Point
	steps  [3]int32 // the coordinates of the centre, before it was put onto the sphere
}

// boundsSlack is what the outer ball has too much and the inner one too little: far more
// than computed distances are off by, and than [tolerance], so that what a ball decides
// is what the shape decides. It is less than a millimetre on the Earth.
const boundsSlack = 1e-10

// Bounds returns balls around a centre that leaves little between them.
//
// Entries of indexes on disk have them, and are held against them: see docs/format.md.
func (s *Shape) Bounds() Bounds {
	var best Bounds
	for i, c := range s.middles() {
		var b Bounds
		b.center, b.steps = snapped(c)
		if b.around(s); i == 0 || b.gap() < best.gap() {
			best = b
		}
	}
	return best
}

// gap returns a number that grows with what lies between the balls.
func (b *Bounds) gap() float64 { return b.outer*b.outer - b.inner*b.inner }

// middles returns points that may be the centre: the middle of the box in space around
// all vertices, which does not lean to where they crowd, and the centroid of a single
// polygon. Where a shape is symmetric both are the same but for rounding.
func (s *Shape) middles() []r3.Vector {
	var lo, hi r3.Vector
	first := true
	s.vertices(func(p s2.Point) {
		if first {
			lo, hi, first = p.Vector, p.Vector, false
			return
		}
		lo = r3.Vector{X: min(lo.X, p.X), Y: min(lo.Y, p.Y), Z: min(lo.Z, p.Z)}
		hi = r3.Vector{X: max(hi.X, p.X), Y: max(hi.Y, p.Y), Z: max(hi.Z, p.Z)}
	})
	list := []r3.Vector{lo.Add(hi)}
	if len(s.polygons) == 1 && len(s.points)+len(s.lines) == 0 {
		if c, ok := s.polygons[0].rings[0].centroid(); ok {
			list = append(list, c)
		}
	}
	return list
}

// centroid returns the direction of the centroid of a ring that is projected as
// [ring.flat] does it, and false for one that is too large for that, or too flat.
func (r *ring) centroid() (r3.Vector, bool) {
	if r.bound.radius >= 1 {
		return r3.Vector{}, false
	}
	c := r.bound.center
	last := r.v[0].Mul(1 / r.v[0].Dot(c)).Sub(c)
	var sum r3.Vector
	area := 0.0
	for _, p := range r.v[1:] {
		next := p.Mul(1 / p.Dot(c)).Sub(c)
		a := last.Cross(next).Dot(c)
		sum, area = sum.Add(last.Add(next).Mul(a)), area+a
		last = next
	}
	if area <= 1e-10*r.bound.radius*r.bound.radius {
		return r3.Vector{}, false
	}
	return c.Add(sum.Mul(1 / (3 * area))), true
}

// around sets the smallest and the largest ball around the centre.
func (b *Bounds) around(s *Shape) {
	far := 0.0
	s.vertices(func(p s2.Point) { far = max(far, p.Sub(b.center.Vector).Norm2()) })
	b.outer = above(math.Sqrt(far) + boundsSlack)
	if b.outer >= 1.41 { // of half the sphere: what holds the ends of an edge need not hold it
		b.outer = everywhere
	}
	for _, g := range s.polygons {
		if g.inside(b.center) {
			b.inner = max(b.inner, below(g.toEdge(b.center)-boundsSlack))
		}
	}
}

// toEdge returns the straight distance from p to the nearest edge.
func (g *polygon) toEdge(p s2.Point) float64 {
	limit := s1.StraightChordAngle
	for _, r := range g.rings {
		limit = r.nearest(p, limit)
	}
	return math.Sqrt(float64(limit))
}

// Radii have the 12 leading bits of a float32: what they are computed from may differ in
// its last digits from one processor to another, and hardly ever moves them.
const radiusTail = 1<<12 - 1

// above returns the least radius that is not less than x, which is positive.
func above(x float64) float64 {
	f := math.Nextafter32(float32(x), math.MaxFloat32) // float32 may have rounded down
	return float64(math.Float32frombits((math.Float32bits(f) + radiusTail) &^ radiusTail))
}

// below returns the greatest radius that is not greater than x, and 0 at least.
func below(x float64) float64 {
	f := math.Nextafter32(float32(max(0, x)), 0)
	return float64(math.Float32frombits(math.Float32bits(f) &^ radiusTail))
}

// BoundsSize is the length of encoded [Bounds].
const BoundsSize = 20

// centerStep is the step of a centre's encoded coordinates: 6 mm on the Earth.
const centerStep = 1.0 / (1 << 30)

// snapped returns the point of the sphere that stands for v, and its encoded coordinates.
// Where v is nearly the middle of the Earth any point will do. For the steps bounds do not
// hang on the last digits of what is computed, which depend on the processor.
func snapped(v r3.Vector) (s2.Point, [3]int32) {
	if v.Norm2() < 1e-6 {
		v = r3.Vector{X: 1}
	}
	v = v.Normalize().Mul(1 / centerStep)
	steps := [3]int32{int32(math.RoundToEven(v.X)), int32(math.RoundToEven(v.Y)), int32(math.RoundToEven(v.Z))}
	return centerAt(steps), steps
}

func centerAt(steps [3]int32) s2.Point {
	return s2.Point{Vector: r3.Vector{X: float64(steps[0]), Y: float64(steps[1]), Z: float64(steps[2])}.Normalize()}
}

// Append appends the encoded bounds, as docs/format.md has them.
func (b *Bounds) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(b.outer)))
	dst = binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(b.inner)))
	for _, x := range b.steps {
		dst = binary.BigEndian.AppendUint32(dst, uint32(x))
	}
	return dst
}

// ReadBounds decodes bounds. It reports false for bytes that are none.
func ReadBounds(raw []byte) (b Bounds, ok bool) {
	if len(raw) != BoundsSize {
		return Bounds{}, false
	}
	word := func(i int) uint32 { return binary.BigEndian.Uint32(raw[4*i:]) }
	b.outer, b.inner = float64(math.Float32frombits(word(0))), float64(math.Float32frombits(word(1)))
	b.steps = [3]int32{int32(word(2)), int32(word(3)), int32(word(4))}
	b.center = centerAt(b.steps)
	return b, b.outer > 0 && b.outer <= everywhere && b.inner >= 0 && b.inner < b.outer && b.snug()
}

// snug reports whether the coordinates of the centre are those of a point next to the
// sphere.
func (b *Bounds) snug() bool {
	x, y, z := float64(b.steps[0]), float64(b.steps[1]), float64(b.steps[2])
	return math.Abs((x*x+y*y+z*z)*centerStep*centerStep-1) < 4*centerStep
}
