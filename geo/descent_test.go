//go:build cgo

package geo

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
)

// A heldEntry is an entry of the index in memory that searches are tried on.
type heldEntry struct {
	key   uint64
	point Point
	id    []byte
}

// held walks entries in memory.
type held struct {
	list []heldEntry
	at   int
}

func (h *held) Seek(key uint64) bool {
	h.at = sort.Search(len(h.list), func(i int) bool { return h.list[i].key >= key })
	return h.at < len(h.list)
}
func (h *held) Next() bool { h.at++; return h.at < len(h.list) }
func (h *held) Pass(key uint64) (passed int64, ok bool) {
	for ok = h.Next(); ok && h.Key() < key; ok = h.Next() {
		passed++
	}
	return passed, ok
}
func (h *held) Key() uint64  { return h.list[h.at].key }
func (h *held) Point() Point { return h.list[h.at].point }
func (h *held) ID() []byte   { return h.list[h.at].id }

func (h *held) add(t testing.TB, p Point) {
	c, err := CellOf(p, maxResolution)
	if err != nil {
		t.Fatal(err)
	}
	h.list = append(h.list, heldEntry{c.Key(), p, fmt.Appendf(nil, "%06d", len(h.list))})
}

func (h *held) sort() {
	slices.SortFunc(h.list, func(a, b heldEntry) int {
		return cmp.Or(cmp.Compare(a.key, b.key), bytes.Compare(a.id, b.id))
	})
}

// heldPoints returns n points: some all over, some where the sphere is special, some
// in clusters, the last of which lies within one cell, some where another is or next to it.
func heldPoints(t testing.TB, rnd *rand.Rand, n int) *held {
	h := &held{}
	center, spread := Point{}, 0.0
	for i := range n {
		if i%100 == 0 {
			center, spread = randomPoint(rnd), math.Pow(10, 1-7*rnd.Float64())
			if i > n*9/10 {
				spread = 1e-6
			}
		}
		switch {
		case i%3 == 0:
			h.add(t, randomPoint(rnd))
		case i > 0 && i%10 == 1:
			p := h.list[rnd.IntN(len(h.list))].point
			h.add(t, []Point{p, {p.Lng(), math.Nextafter(p.Lat(), 0)}}[rnd.IntN(2)])
		default:
			lng := math.Remainder(center.Lng()+spread*rnd.NormFloat64(), 360)
			h.add(t, Point{lng, min(90, max(-90, center.Lat()+spread*rnd.NormFloat64()))})
		}
	}
	h.sort()
	return h
}

// randomCenter returns one of the points, a place near to one, or any place.
func (h *held) randomCenter(rnd *rand.Rand) Point {
	p := h.list[rnd.IntN(len(h.list))].point
	switch rnd.IntN(3) {
	case 0:
		return p
	case 1:
		d := math.Pow(10, 1-7*rnd.Float64())
		return Point{math.Remainder(p.Lng()+d*rnd.NormFloat64(), 360), min(90, max(-90, p.Lat()+d*rnd.NormFloat64()))}
	}
	return randomPoint(rnd)
}

// randomRing returns the corners of an area round center, of up to spread degrees.
func randomRing(rnd *rand.Rand, center Point, spread float64) LineString {
	n := 3 + rnd.IntN(12)
	if rnd.IntN(8) == 0 {
		n = 40 + rnd.IntN(80)
	}
	v := center.vector()
	east := v.Ortho()
	north := v.Cross(east).Normalize()
	var ring LineString
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * (float64(i) + 0.8*rnd.Float64()) / float64(n))
		r := math.Tan(spread * (0.2 + 0.8*rnd.Float64()) * math.Pi / 180)
		ring = append(ring, pointOf(v.Add(east.Mul(r*cos)).Add(north.Mul(r*sin)).Normalize()))
	}
	return append(ring, ring[0])
}

// randomArea returns a polygon, polygons or a circle.
func (h *held) randomArea(rnd *rand.Rand) (any, *Area) {
	for {
		center := h.randomCenter(rnd)
		spread := min(70, math.Pow(10, 2-8*rnd.Float64()))
		var g any = Polygon{randomRing(rnd, center, spread)}
		switch rnd.IntN(6) {
		case 0, 1:
			g = Circle{center, spread * math.Pi / 180 * EarthRadius}
			if rnd.IntN(10) == 0 {
				g = Circle{center, 2.2e7 * rnd.Float64()}
			}
			if rnd.IntN(10) == 0 {
				g = Circle{center, 0}
			}
		case 2:
			g = Polygon{randomRing(rnd, center, spread), randomRing(rnd, center, spread/8)}
		case 3:
			g = MultiPolygon{{randomRing(rnd, center, spread)}, {randomRing(rnd, h.randomCenter(rnd), spread)}}
		}
		if a, err := NewArea(g); err == nil {
			return g, a
		}
	}
}

// A descent finds the points that lie in an area, each once, as a look at all of them
// does.
func TestDescentsAgainstAll(t *testing.T) {
	rnd, seed := random(t)
	queries, found := 0, 0
	for queries < 700*effort() {
		h := heldPoints(t, rnd, 1+rnd.IntN(3000))
		for range 150 {
			queries++
			g, a := h.randomArea(rnd)
			var got []string
			total := int64(len(h.list)) * []int64{1, 1, 1000, 0}[rnd.IntN(4)] // an expectation decides nothing
			for d := a.Descend(&held{list: h.list}, total); d.Next(); {
				got = append(got, string(d.entries.ID()))
			}
			var want []string
			covering := a.Covering(1 + rnd.IntN(12))
			for _, e := range h.list {
				if a.hasPoint(e.point.vector()) {
					want = append(want, string(e.id))
					if !slices.ContainsFunc(covering, func(c Cell) bool { return c.Contains(KeyCell(e.key)) }) {
						t.Fatalf("seed %d: %+v: %v is in none of %v", seed, g, e.point, covering)
					}
				}
			}
			found += len(want)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: %+v: %d found, %d are in it", seed, g, len(got), len(want))
			}
			for _, limit := range []int{0, 1 + rnd.IntN(len(h.list)+1)} {
				n := len(want)
				if limit > 0 {
					n = min(n, limit)
				}
				if got := a.Descend(&held{list: h.list}, total).Count(int64(limit)); got != int64(n) {
					t.Fatalf("seed %d: %+v: counted %d up to %d, %d are in it", seed, g, got, limit, len(want))
				}
			}
		}
	}
	t.Logf("seed %d: %d queries, %d points found", seed, queries, found)
}

// A search for the nearest yields what sorting all points by their distances does.
func TestNearestAgainstAll(t *testing.T) {
	rnd, seed := random(t)
	queries, found := 0, 0
	for queries < 700*effort() {
		h := heldPoints(t, rnd, 1+rnd.IntN(3000))
		for range 150 {
			queries++
			p := h.randomCenter(rnd)
			o, err := NewOrigin(p)
			if err != nil {
				t.Fatal(err)
			}
			s := NearSearch{Points: &held{list: h.list}, Total: int64(len(h.list)), Max: math.Inf(1)}
			k := 1 + rnd.IntN(120)
			if rnd.IntN(3) == 0 {
				s.Max = math.Pow(10, 8*rnd.Float64())
			}
			if rnd.IntN(3) == 0 {
				s.Min = math.Pow(10, 7*rnd.Float64())
			}
			if rnd.IntN(2) == 0 {
				s.Count, s.Ranking = k, rnd.IntN(2) == 0
			}
			want := nearestOfAll(h, o, s.Min, s.Max)
			search := o.Search(s)
			for i := range min(k, len(want)+1) {
				hit, ok, err := search.Next()
				if err != nil {
					t.Fatal(err)
				}
				if ok != (i < len(want)) || ok && (string(hit.ID) != string(want[i].ID) || !s.Ranking && hit.Metres != want[i].Metres) {
					t.Fatalf("seed %d: near %v, %v to %v m: of %d, hit %d is %s at %v m, %v", seed, p, s.Min, s.Max, s.Count, i, hit.ID, hit.Metres, ok)
				}
				found++
			}
		}
	}
	t.Logf("seed %d: %d queries, %d points found", seed, queries, found)
}

// What a search has found is its own, also where other searches begin and end meanwhile.
func TestSearchesSideBySide(t *testing.T) {
	rnd, seed := random(t)
	h := heldPoints(t, rnd, 2000)
	type side struct {
		search *Nearest
		want   []Hit
		got    []Hit
	}
	var sides []*side
	for range 200 * effort() {
		o, err := NewOrigin(h.randomCenter(rnd))
		if err != nil {
			t.Fatal(err)
		}
		k := 1 + rnd.IntN(60)
		s := &side{want: nearestOfAll(h, o, 0, math.Inf(1))[:k]}
		s.search = o.Search(NearSearch{Points: &held{list: h.list}, Total: int64(len(h.list)), Max: math.Inf(1), Count: k})
		sides = append(sides, s)
		for range rnd.IntN(60) {
			if len(sides) == 0 {
				break
			}
			i := rnd.IntN(len(sides))
			s := sides[i]
			hit, ok, err := s.search.Next()
			if err != nil || ok != (len(s.got) < len(s.want)) {
				t.Fatalf("seed %d: hit %d of %d is %v, %v", seed, len(s.got), len(s.want), ok, err)
			}
			if ok {
				s.got = append(s.got, hit)
				continue
			}
			for i, w := range s.want {
				if g := s.got[i]; string(g.ID) != string(w.ID) || g.Metres != w.Metres {
					t.Fatalf("seed %d: hit %d is %s at %v m, not %s at %v m", seed, i, g.ID, g.Metres, w.ID, w.Metres)
				}
			}
			sides = slices.Delete(sides, i, i+1)
		}
	}
}

func nearestOfAll(h *held, o *Origin, least, most float64) []Hit {
	var all []Hit
	for _, e := range h.list {
		m := angle(o.vector, e.point.vector()) * EarthRadius
		if m >= least-boundRounding && m <= most+boundRounding {
			all = append(all, Hit{ID: e.id, Metres: m})
		}
	}
	slices.SortFunc(all, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.Metres, b.Metres), bytes.Compare(a.ID, b.ID))
	})
	return all
}

// randomShape returns a geometry and its shape.
func (h *held) randomShape(rnd *rand.Rand) (Geometry, *Shape) {
	for {
		spread := min(60, math.Pow(10, 2-7*rnd.Float64()))
		ring := randomRing(rnd, h.randomCenter(rnd), spread)
		var g Geometry
		switch rnd.IntN(7) {
		case 0:
			g = h.randomCenter(rnd)
		case 1:
			g = ring[:2+rnd.IntN(len(ring)-2)]
		case 2:
			g = MultiPoint(ring)
		case 3:
			g = MultiLineString{ring[:3], randomRing(rnd, h.randomCenter(rnd), spread)[:2]}
		case 4:
			g = MultiPolygon{{ring}, {randomRing(rnd, h.randomCenter(rnd), spread)}}
		default:
			g = Polygon{ring}
		}
		if s, err := NewShape(g); err == nil {
			return g, s
		}
	}
}

// Among the shapes that a descent through coverings leads to are all that a query
// has something in common with, and the nearest come in their order.
func TestShapesAgainstAll(t *testing.T) {
	rnd, seed := random(t)
	queries, candidates, found := 0, 0, 0
	measured := [2]int{}
	for queries < 250*effort() {
		places := heldPoints(t, rnd, 100)
		var shapes []*Shape
		cells := &held{}
		for i := range 1 + rnd.IntN(150) {
			_, s := places.randomShape(rnd)
			shapes = append(shapes, s)
			covering := s.Covering(MaxCovering)
			if len(covering) == 0 || len(covering) > MaxCovering && covering[len(covering)-1].Resolution() > 0 {
				t.Fatalf("seed %d: %v", seed, covering)
			}
			for _, c := range covering {
				cells.list = append(cells.list, heldEntry{key: c.Key(), id: fmt.Appendf(nil, "%04d", i)})
			}
		}
		cells.sort()
		for range 50 {
			queries++
			q, s := places.randomShape(rnd)
			c, f := shapesMatch(t, seed, q, s.DescendShapes(&held{list: cells.list}, int64(len(cells.list))), shapes, s.Intersects)
			candidates, found = candidates+c, found+f
			onShapes(t, rnd, seed, cells, shapes)
			g, a := places.randomArea(rnd)
			c, f = shapesMatch(t, seed, g, a.DescendShapes(&held{list: cells.list}, int64(len(cells.list))), shapes, a.Contains)
			candidates, found = candidates+c, found+f
			m := nearShapes(t, seed, places.randomCenter(rnd), cells, shapes)
			measured[0], measured[1] = measured[0]+m[0], measured[1]+m[1]
		}
	}
	t.Logf("seed %d: %d queries, %d candidates for %d shapes, %d measured to find the nearest", seed, queries, candidates, found, measured)
	if measured[1] >= measured[0] {
		t.Error("bounds spare nothing")
	}
}

func shapesMatch(t *testing.T, seed uint64, query any, d *Descent, shapes []*Shape, match func(*Shape) bool) (candidates, found int) {
	t.Helper()
	led := map[string]bool{}
	for d.Next() {
		led[string(d.entries.ID())] = true
	}
	for i, s := range shapes {
		if match(s) {
			found++
			if !led[fmt.Sprintf("%04d", i)] {
				t.Fatalf("seed %d: %T %+v: shape %d %+v is not found", seed, query, query, i, s)
			}
		}
	}
	return len(led), found
}

// onShapes asks for points on a shape: corners, what lies on edges, and others, one or
// several. Their lineages lead to all that holds them, for each point at most once.
func onShapes(t *testing.T, rnd *rand.Rand, seed uint64, cells *held, shapes []*Shape) {
	t.Helper()
	query := &Shape{}
	for range 1 + rnd.IntN(3) {
		query.points = append(query.points, shapes[rnd.IntN(len(shapes))].randomPlace(rnd))
	}
	levels := uint16(rnd.Uint32()) // there may be less than they say
	for _, e := range cells.list {
		levels |= 1 << KeyCell(e.key).Resolution()
	}
	walk, ok := query.LineageWalk(&held{list: cells.list}, levels)
	if !ok {
		t.Fatalf("seed %d: points have no lineage", seed)
	}
	led := map[string]int{}
	for last := uint64(0); walk.Next(); last = walk.entries.Key() {
		if walk.entries.Key() < last {
			t.Fatalf("seed %d: cell %x comes after %x", seed, walk.entries.Key(), last)
		}
		led[string(walk.entries.ID())]++
	}
	for i, s := range shapes {
		switch n := led[fmt.Sprintf("%04d", i)]; {
		case n == 0 && query.Intersects(s):
			t.Fatalf("seed %d: %v: shape %d %+v is not found", seed, query.points, i, s)
		case n > len(query.points):
			t.Fatalf("seed %d: %v: shape %d %+v is found %d times", seed, query.points, i, s, n)
		}
	}
}

// Only points have a lineage.
func TestLineageOfPointsOnly(t *testing.T) {
	for _, g := range []Geometry{LineString{{0, 0}, {1, 1}}, Polygon{coast(10)}} {
		if _, ok := shapeOf(t, g).LineageWalk(&held{}, 0); ok {
			t.Errorf("a %s has one", g.Type())
		}
	}
}

// nearShapes asks for the nearest shapes, while nothing is told of them and while their
// bounds are, and returns how many are measured.
func nearShapes(t *testing.T, seed uint64, p Point, cells *held, shapes []*Shape) [2]int {
	t.Helper()
	o, err := NewOrigin(p)
	if err != nil {
		t.Fatal(err)
	}
	var want []Hit
	for i, s := range shapes {
		want = append(want, Hit{ID: fmt.Appendf(nil, "%04d", i), Metres: s.Distance(p)})
	}
	slices.SortFunc(want, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.Metres, b.Metres), bytes.Compare(a.ID, b.ID))
	})
	number := func(id []byte) (i int) {
		if _, err := fmt.Sscanf(string(id), "%04d", &i); err != nil {
			t.Fatal(err)
		}
		return i
	}
	measured := [2]int{}
	for told := range measured {
		entries := &held{list: cells.list}
		search := NearSearch{Shapes: entries, Max: math.Inf(1), Measure: func(id []byte) (float64, bool, error) {
			measured[told]++
			return shapes[number(id)].Distance(p), true, nil
		}}
		if told == 1 {
			search.Told = func() (Bounds, bool) {
				i := number(entries.ID())
				return shapes[i].Bounds(), i%7 > 0
			}
		}
		nearest := o.Search(search)
		for i := range min(len(want), 20) {
			if h, ok, err := nearest.Next(); !ok || err != nil || string(h.ID) != string(want[i].ID) {
				t.Fatalf("seed %d: near %v: shape %d is %s at %v m, want %s at %v m, %v", seed, p, i, h.ID, h.Metres, want[i].ID, want[i].Metres, err)
			}
		}
	}
	return measured
}

// A covering keeps to the cells that it is allowed, in order, of which none holds another.
func TestCoveringsKeepToTheirCells(t *testing.T) {
	rnd, seed := random(t)
	places := heldPoints(t, rnd, 100)
	for range 200 * effort() {
		g, s := places.randomShape(rnd)
		most := 1 + rnd.IntN(20)
		covering := s.Covering(most)
		if len(covering) > most && covering[len(covering)-1].Resolution() > 0 {
			t.Fatalf("seed %d: %d cells for %+v, %d were allowed", seed, len(covering), g, most)
		}
		for i := 1; i < len(covering); i++ {
			if before, c := covering[i-1], covering[i]; before.Key() >= c.Key() || before.Contains(c) {
				t.Fatalf("seed %d: %v for %+v", seed, covering, g)
			}
		}
	}
}

// Indexes on disk were made with these coverings. If they change, the format has.
func TestCoveringsStayAsTheyAre(t *testing.T) {
	h := fnv.New64a()
	rnd := rand.New(rand.NewPCG(42, 42))
	for range 300 {
		center := Point{float64(rnd.IntN(3600))/10 - 180, float64(rnd.IntN(1800))/10 - 90}
		ring := randomRing(rnd, center, math.Pow(10, 1-4*rnd.Float64()))
		for i, p := range ring { // the last digits may depend on the processor
			ring[i] = Point{math.Round(p.Lng()*1e7) / 1e7, math.Round(p.Lat()*1e7) / 1e7}
		}
		for _, c := range shapeOf(t, Polygon{ring}).Covering(MaxCovering) {
			fmt.Fprintln(h, c)
		}
	}
	if got, want := h.Sum64(), uint64(0xbb474add888ff5eb); got != want {
		t.Errorf("the hash of the coverings is %#x, it was %#x", got, want)
	}
}
