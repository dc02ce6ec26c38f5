package geo

import (
	"math"
	"testing"
)

// What is asked of a stored geometry that keeps no rules, or only some, gets the
// answer of one that is checked first: no.
func TestJudgedAsChecked(t *testing.T) {
	cases, m := lawCases(t, 1500)
	invalid, held := 0, 0
	for range cases {
		center, radius := m.place(), m.tiny()
		g := m.spoiled(center, radius)
		v := stored(t, g)
		checked, err := Read(v)
		if err != nil {
			invalid++
		}
		other, _ := m.polygon(m.near(center, radius), radius)
		area, wide := areaOf(t, other), areaOf(t, Circle{center, 5 * radius * EarthRadius})
		shape := shapeOf(t, other)
		for name, pair := range map[string][2]bool{
			"within":     {area.Holds(v), err == nil && area.Contains(checked)},
			"in circle":  {wide.Holds(v), err == nil && wide.Contains(checked)},
			"intersects": {shape.Touches(v), err == nil && shape.Intersects(checked)},
		} {
			if pair[0] != pair[1] {
				t.Fatalf("%s: %v of %v and %v, %v of what is checked (%v)", name, pair[0], g, other, pair[1], err)
			}
			if pair[0] {
				held++
			}
		}
	}
	t.Logf("%d geometries break a rule, %d answers are yes", invalid, held)
	if invalid < cases/10 || held < cases/10 {
		t.Errorf("of %d geometries %d break a rule, and %d answers are yes", cases, invalid, held)
	}
}

func areaOf(t *testing.T, g any) *Area {
	t.Helper()
	a, err := NewArea(g)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// spoiled returns a polygon, or two, of which often a ring crosses itself, comes twice
// by a point, or is no hole.
func (m maker) spoiled(center Point, radius float64) Geometry {
	g, _ := m.polygon(center, radius)
	ring := g[m.IntN(len(g))]
	i, j := 1+m.IntN(len(ring)-2), 1+m.IntN(len(ring)-2)
	switch m.IntN(5) {
	case 0:
		ring[i], ring[j] = ring[j], ring[i]
	case 1:
		ring[i] = ring[j]
	case 2:
		hole, _ := m.polygon(m.near(center, radius), radius*m.Float64())
		g = append(g, hole[0])
	case 3:
		more, _ := m.polygon(m.near(center, radius), radius)
		return MultiPolygon{g, more}
	}
	return g
}

// The side of a ring that is the smaller is told alike by its area on a plane, where
// that is sure, and by its turns.
func TestFlatAreaTurnsAsTheRing(t *testing.T) {
	cases, m := lawCases(t, 3000)
	flat := 0
	for range cases {
		g, _ := m.polygon(m.place(), math.Pow(10, -9*m.Float64()))
		v := vectors(g[0])
		if m.IntN(2) == 0 {
			thin := math.Pow(10, -12*m.Float64())
			for i := range v { // towards the first point: thinner and thinner
				if i%2 == 0 {
					v[i].Vector = v[i].Add(v[0].Sub(v[i].Vector).Mul(1 - thin)).Normalize()
				}
			}
		}
		r := &ring{chain: newChain(v)}
		if _, _, crosses := r.crossing(); crosses || !distinct(v[1:]) || r.bound.radius >= 1 {
			continue
		}
		flat++
		if a, b := r.turning(), turning(v); (a < 0) != (b < 0) {
			t.Fatalf("%v: %v flat, %v by its turns", g, a, b)
		}
	}
	if flat < cases/4 {
		t.Errorf("%d of %d rings were tried", flat, cases)
	}
}
