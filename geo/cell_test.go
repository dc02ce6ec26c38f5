//go:build cgo

package geo

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/golang/geo/r3"
	"github.com/uber/h3-go/v4"

	"github.com/virgadb/virga/internal/fault"
)

// h3Center returns where H3 says that the centre of a cell is.
func h3Center(t testing.TB, c Cell) r3.Vector {
	p, err := h3.CellToLatLng(h3.Cell(c))
	if err != nil {
		t.Fatalf("%s: %v", c, err)
	}
	return Point{p.Lng, p.Lat}.vector().Vector
}

// Every cell of the first five resolutions has the centre that H3 computes, as have
// random ones below.
func TestCentersAgainstH3(t *testing.T) {
	worst, cells := 0.0, 0
	var down func(n node, depth int)
	look := func(n node) {
		c := KeyCell(n.lo())
		worst = max(worst, n.center.Sub(h3Center(t, c)).Norm())
		if !c.Valid() || !h3.Cell(c).IsValid() {
			t.Fatalf("%x is not valid: %v here, %v for H3", uint64(c), c.Valid(), h3.Cell(c).IsValid())
		}
		if c.IsPentagon() != h3.Cell(c).IsPentagon() {
			t.Fatalf("%s: pentagon %v", c, c.IsPentagon())
		}
		cells++
	}
	down = func(n node, depth int) {
		look(n)
		if depth == 0 {
			return
		}
		for digit := range 7 {
			var c node
			if n.child(digit, &c) {
				down(c, depth-1)
			}
		}
	}
	for b := range baseCells {
		down(baseNode(b), 4)
	}
	if cells != 2+120+2+120*7+2+120*49+2+120*343+2+120*2401 {
		t.Errorf("%d cells of resolutions 0 to 4", cells)
	}
	rnd, seed := random(t)
	for range 5000 * effort() {
		n := randomNode(rnd, 5+rnd.IntN(11))
		look(n)
	}
	t.Logf("seed %d: %d cells, worst error %.2g", seed, cells, worst)
	if worst > 1e-13 {
		t.Errorf("worst error %g", worst)
	}
}

// randomNode returns a random cell of a resolution, often a pentagon's descendant.
func randomNode(rnd *rand.Rand, res int) node {
	n := baseNode(rnd.IntN(len(baseCells)))
	if rnd.IntN(3) == 0 {
		for !n.whole {
			n = baseNode(rnd.IntN(len(baseCells)))
		}
	}
	zeroes := rnd.IntN(res + 1)
	for r := range res {
		digit := rnd.IntN(7)
		if r < zeroes && rnd.IntN(2) == 0 {
			digit = 0
		}
		var c node
		for !n.child(digit, &c) {
			digit = rnd.IntN(7)
		}
		n = c
	}
	return n
}

// What H3 puts in a cell lies within its ball, that of each of its ancestors too.
func TestBallsHoldTheirPoints(t *testing.T) {
	rnd, seed := random(t)
	tight := 0.0
	look := func(p Point) {
		c, err := CellOf(p, maxResolution)
		if err != nil {
			t.Fatal(err)
		}
		v := p.vector().Vector
		n := baseNode(c.base())
		for r := 0; ; r++ {
			ratio := n.center.Sub(v).Norm() / n.radius
			if tight = max(tight, ratio); ratio > 1 {
				t.Fatalf("seed %d: [%v, %v] is %v radii from the centre of %s", seed, p.Lng(), p.Lat(), ratio, KeyCell(n.lo()))
			}
			if r == maxResolution {
				break
			}
			var next node
			if !n.child(c.digit(r+1), &next) {
				t.Fatalf("%s descends from what a pentagon lacks", c)
			}
			n = next
		}
	}
	for range 20000 * effort() {
		look(randomPoint(rnd))
	}
	// The corners of cells are the farthest from their ancestors' centres.
	for range 2000 * effort() {
		n := randomNode(rnd, 1+rnd.IntN(15))
		b, err := h3.CellToBoundary(h3.Cell(KeyCell(n.lo())))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range b {
			look(Point{v.Lng, v.Lat})
		}
	}
	t.Logf("seed %d: at most %.4f of the radius", seed, tight)
	if tight < 0.99 {
		t.Errorf("no point is farther than %.4f of the radius: the test does not reach the edges", tight)
	}
}

// Descending always to the child that lies farthest leads to points that are still
// within the balls of all ancestors, and to nowhere far from their edge.
func TestAdversarialDescents(t *testing.T) {
	rnd, seed := random(t)
	tight := 0.0
	for range 3000 * effort() {
		start := randomNode(rnd, rnd.IntN(15))
		n := start
		for n.res < maxResolution {
			var best node
			for digit := range 7 {
				var c node
				if n.child(digit, &c) && (best.radius == 0 || start.center.Sub(c.center).Norm2() > start.center.Sub(best.center).Norm2()) {
					best = c
				}
			}
			n = best
		}
		c := KeyCell(n.lo())
		back, err := CellOf(pointOf(n.center), maxResolution)
		if err != nil {
			t.Fatal(err)
		}
		if back != c {
			t.Fatalf("seed %d: the centre of %s is in %s", seed, c, back)
		}
		ratio := start.center.Sub(n.center).Norm() / start.radius
		if tight = max(tight, ratio); ratio > 1 {
			t.Fatalf("seed %d: %s is %v radii from its ancestor %s", seed, c, ratio, KeyCell(start.lo()))
		}
	}
	t.Logf("seed %d: at most %.4f of the radius", seed, tight)
	if tight < 0.955 {
		t.Errorf("no descent leads farther than %.4f of the radius: a ball 5 %% smaller would pass", tight)
	}
}

// What descends from a cell has keys in one stretch, in the order of the digits.
func TestKeysOfDescendants(t *testing.T) {
	rnd, seed := random(t)
	for range 2000 * effort() {
		n := randomNode(rnd, rnd.IntN(15))
		cell := KeyCell(n.lo())
		lo, hi := cell.Keys()
		if lo != n.lo() || hi != n.hi() || KeyCell(cell.Key()) != cell {
			t.Fatalf("seed %d: %s has keys from %x to %x, its node from %x to %x", seed, cell, lo, hi, n.lo(), n.hi())
		}
		children, err := cell.Children(cell.Resolution() + 1)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := h3.Cell(cell).Children(cell.Resolution() + 1)
		if err != nil || len(theirs) != len(children) {
			t.Fatalf("%s: %d children, H3 has %d, %v", cell, len(children), len(theirs), err)
		}
		at := lo + 1
		for i, c := range children {
			from, to := c.Keys()
			if from < at || to > hi || c != Cell(theirs[i]) {
				t.Fatalf("seed %d: %s: child %d is %s with keys %x to %x, behind %x", seed, cell, i, c, from, to, at)
			}
			if parent, err := c.Parent(cell.Resolution()); err != nil || parent != cell || !cell.Contains(c) || c.Contains(cell) {
				t.Fatalf("%s: child %s has parent %s, %v", cell, c, parent, err)
			}
			at = to
		}
		if res := rnd.IntN(cell.Resolution() + 1); true {
			ours, err := cell.Parent(res)
			if their, _ := h3.Cell(cell).Parent(res); err != nil || ours != Cell(their) {
				t.Fatalf("%s: parent at %d is %s, H3 has %s", cell, res, ours, their)
			}
		}
	}
}

func TestCellsRefuse(t *testing.T) {
	valid, err := CellOf(Point{113.3238, 23.0977}, 9)
	if err != nil || valid.String() != h3.Cell(valid).String() || len(valid.String()) != 15 {
		t.Fatalf("%s, %v", valid, err)
	}
	if back, err := ParseCell(valid.String()); err != nil || back != valid {
		t.Errorf("parsed %s, %v", back, err)
	}
	for name, call := range map[string]func() error{
		"latitude":        func() error { _, err := CellOf(Point{0, 91}, 3); return err },
		"longitude":       func() error { _, err := CellOf(Point{541, 0}, 3); return err },
		"not a number":    func() error { _, err := CellOf(Point{math.NaN(), 0}, 3); return err },
		"infinite":        func() error { _, err := CellOf(Point{0, math.Inf(1)}, 3); return err },
		"resolution 16":   func() error { _, err := CellOf(Point{}, 16); return err },
		"resolution -1":   func() error { _, err := CellOf(Point{}, -1); return err },
		"empty text":      func() error { _, err := ParseCell(""); return err },
		"no digits":       func() error { _, err := ParseCell("8928308280ffffg"); return err },
		"an edge":         func() error { _, err := ParseCell("1928308280fffff"); return err },
		"long text":       func() error { _, err := ParseCell("0000000000000008928308280fffff"); return err },
		"zero parent":     func() error { _, err := Cell(0).Parent(0); return err },
		"finer parent":    func() error { _, err := valid.Parent(10); return err },
		"coarse child":    func() error { _, err := valid.Children(8); return err },
		"zero children":   func() error { _, err := Cell(0).Children(3); return err },
		"children of 16":  func() error { _, err := valid.Children(16); return err },
		"negative disk":   func() error { _, err := valid.Disk(-1); return err },
		"huge disk":       func() error { _, err := valid.Disk(1 << 40); return err },
		"disk of nothing": func() error { _, err := Cell(12345).Disk(1); return err },
		"stored nothing":  func() error { _, err := Cell(0).MarshalValue(); return err },
	} {
		if err := call(); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := valid.Children(15); !errors.Is(err, fault.ErrTooLarge) {
		t.Errorf("117,649 children: %v", err)
	}
	if list, err := valid.Children(9); err != nil || len(list) != 1 || list[0] != valid {
		t.Errorf("itself: %v, %v", list, err)
	}
}

func TestDisksAreNeighbours(t *testing.T) {
	rnd, seed := random(t)
	for range 200 * effort() {
		n := randomNode(rnd, rnd.IntN(16))
		c, k := KeyCell(n.lo()), rnd.IntN(4)
		disk, err := c.Disk(k)
		if err != nil {
			t.Fatal(err)
		}
		most := 3*k*(k+1) + 1
		if len(disk) > most || c.IsPentagon() && k > 0 && len(disk) >= most {
			t.Fatalf("seed %d: %s: %d cells up to %d away", seed, c, len(disk), k)
		}
		found := false
		for i, d := range disk {
			found = found || d == c
			if !d.Valid() || d.Resolution() != c.Resolution() || i > 0 && disk[i-1] >= d {
				t.Fatalf("seed %d: %s: the disk has %s", seed, c, d)
			}
		}
		if !found {
			t.Fatalf("seed %d: %s is not in its disk", seed, c)
		}
	}
}

// A set tells its cells in order, without those that others hold.
func TestCellsOfASet(t *testing.T) {
	parent, err := ParseCell("85411c8bfffffff")
	if err != nil {
		t.Fatal(err)
	}
	kids, err := parent.Children(7)
	if err != nil {
		t.Fatal(err)
	}
	apart, err := CellOf(Point{10, 10}, 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		cells, want []Cell
		max, of     int
	}{
		{append([]Cell{parent, apart}, kids...), []Cell{apart, parent}, 8, 2},
		{kids, kids[:3], 3, 49},
		{nil, nil, 8, 0},
	} {
		s, err := NewCellSet(x.cells...)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.SortedFunc(slices.Values(x.want), func(a, b Cell) int { return cmp.Compare(a.Key(), b.Key()) })
		if got, of := s.Cells(x.max); !slices.Equal(got, want) || of != x.of {
			t.Errorf("%v of %d, want %v of %d", got, of, want, x.of)
		}
	}
}
