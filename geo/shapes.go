package geo

import (
	"slices"
	"sync"

	"github.com/golang/geo/s2"

	"github.com/virgadb/virga/document"
)

// Shapes keeps what large stored geometries were made into, within a bound of memory: to
// make a coast of 1,000 points ready takes a hundred times as long as to ask it. A geometry
// is known by its bytes, wherever it is stored, and so what is kept cannot be stale. Nil
// Shapes keep nothing. They are safe for concurrent use.
type Shapes struct {
	most int // bytes of a generation

	mu sync.Mutex // guards what follows
	// What was asked for lately is in young. When that is full it becomes old, and what
	// was in old, and has not been asked for since, is forgotten.
	young, old map[string]*prepared
	size       int // bytes of young
}

// NewShapes returns Shapes that take up to about so many bytes.
func NewShapes(bytes int64) *Shapes {
	return &Shapes{most: int(min(max(bytes, 0), 1<<30)) / 2, young: map[string]*prepared{}}
}

// A prepared is a stored geometry made ready for questions, while it is not known
// whether its rings keep their rules: to check that takes longer than most questions do,
// and so only those that have a yes are checked.
type prepared struct {
	shape   *Shape // nil when the geometry breaks a rule for sure
	size    int    // set where it is kept: the bytes that this takes
	once    sync.Once
	crooked bool // set by once
}

func prepare(v document.Value) *prepared {
	g, err := Parse(v)
	if err != nil {
		return &prepared{}
	}
	s := &Shape{}
	if g.shape(s, lenient) != nil {
		return &prepared{}
	}
	return &prepared{shape: s}
}

// straight reports whether all rules are kept.
func (s *prepared) straight() bool {
	s.once.Do(func() { s.crooked = slices.ContainsFunc(s.shape.polygons, (*polygon).crooked) })
	return !s.crooked
}

// Within reports whether v is a stored geometry that lies within a, as [Area.Holds] does.
func (k *Shapes) Within(a *Area, v document.Value) bool {
	if p, ok := quickPoint(v); ok {
		return a.hasPoint(p)
	}
	s := k.prepared(v)
	return s.shape != nil && a.Contains(s.shape) && s.straight()
}

// Touching reports whether v is a stored geometry that has a point in common with s, as
// [Shape.Touches] does.
func (k *Shapes) Touching(s *Shape, v document.Value) bool {
	if len(v.Raw()) < keptFrom {
		switch kind, c := picked(v); string(kind) {
		case "Point":
			p, ok := readPosition(c)
			return ok && s.hasPoint(p.vector())
		case "Polygon":
			if p, ok := s.single(); ok && beside(p, c) {
				return false
			}
		}
	}
	t := k.prepared(v)
	return t.shape != nil && s.Intersects(t.shape) && t.straight()
}

// Distance returns the distance from o to the stored geometry v, as [Origin.Distance] does.
func (k *Shapes) Distance(o *Origin, v document.Value) (float64, bool) {
	if p, ok := quickPoint(v); ok {
		return angle(o.vector, p) * EarthRadius, true
	}
	s := k.prepared(v)
	if s.shape == nil || !s.straight() {
		return 0, false
	}
	return s.shape.angleTo(o.vector) * EarthRadius, true
}

// quickPoint returns the point that v is. What is so large that it may be kept goes the
// way of all others, on which its coordinates are not walked over.
func quickPoint(v document.Value) (s2.Point, bool) {
	if len(v.Raw()) >= keptFrom {
		return s2.Point{}, false
	}
	p, ok := ReadPoint(v)
	if !ok {
		return s2.Point{}, false
	}
	return p.vector(), true
}

// keptFrom is the size of the geometries that are kept: about 30 points. Smaller
// ones are made in 3 µs: where there are more of them than there is room for, to keep each
// for a while costs more than it spares.
const keptFrom = 600

// prepared returns a stored geometry made ready.
func (k *Shapes) prepared(v document.Value) *prepared {
	raw := v.Raw()
	if k == nil || len(raw) < keptFrom || len(raw) > k.most/4 {
		return prepare(v)
	}
	if s := k.find(raw); s != nil {
		return s
	}
	s := prepare(v)
	if s.shape == nil { // what is no geometry is soon refused again
		return s
	}
	if s.size = len(raw) + s.shape.size() + entrySize; s.size <= k.most/4 {
		k.keep(raw, s)
	}
	return s
}

// find returns a geometry made ready, nil when it is not kept.
func (k *Shapes) find(raw []byte) *prepared {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.young[string(raw)]; s != nil {
		return s
	}
	s := k.old[string(raw)]
	if s != nil {
		k.put(string(raw), s)
	}
	return s
}

func (k *Shapes) keep(raw []byte, s *prepared) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.put(string(raw), s)
}

// put puts a prepared geometry among the young. The caller holds mu.
func (k *Shapes) put(raw string, s *prepared) {
	if k.young[raw] != nil {
		return // another one was as fast
	}
	if k.size += s.size; k.size > k.most {
		k.old, k.young, k.size = k.young, map[string]*prepared{}, s.size
	}
	k.young[raw] = s
}

// What things take up, in bytes, with what an allocator adds to them.
const (
	vectorSize = 24
	ballSize   = 32
	ringSize   = 120 // and with the pointer to it; a chain is smaller
	entrySize  = 400 // of a geometry that is kept, besides its bytes and those of its shape
)

// size returns how many bytes s takes up, at most. Coordinates say little about it: those of
// whole degrees are stored in 1 byte, those of most places in 9.
func (s *Shape) size() int {
	n := vectorSize * cap(s.points)
	for _, c := range s.lines {
		n += c.size()
	}
	for _, g := range s.polygons {
		n += ringSize
		for _, r := range g.rings {
			n += r.size()
		}
	}
	return n
}

func (c *chain) size() int { return ringSize + vectorSize*cap(c.v) + ballSize*cap(c.balls) }
