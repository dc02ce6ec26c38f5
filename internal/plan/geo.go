package plan

import (
	"fmt"
	"math"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// A search is what an access through a geo index looks for in its geo field. The
// fields before it are single values, and each prefix that they make is searched.
type search struct {
	term     query.Term
	area     *geo.Area  // of within, and of near where the order is another one
	shape    *geo.Shape // of intersects
	cells    *geo.CellSet
	near     *query.Near // the nearest come first
	prefixes [][]byte    // of the keys, up to the geo field
}

// geoAccesses adds the ways through a geo index, one for each condition on its geo
// field.
func (p *planner) geoAccesses(list []*access, x *index.Index) []*access {
	at := x.GeoField()
	if at < 0 {
		return list
	}
	for c, t := range p.conjuncts {
		if !asksWhere(t) || t.Path() != x.Spec().Fields[at].Path {
			continue
		}
		if a := p.geoAccess(x, c); a != nil {
			list = append(list, a)
		}
	}
	return list
}

// asksWhere reports whether t asks where a geometry is.
func asksWhere(t query.Term) bool {
	switch t.Kind() {
	case query.TermWithin, query.TermIntersects, query.TermCells, query.TermNear:
		return true
	}
	return false
}

// geoAccess returns the way through x by conjunct c, or nil when the fields before
// the geo field are not known.
func (p *planner) geoAccess(x *index.Index, c int) *access {
	s, decides := p.searchOf(p.conjuncts[c])
	if s == nil {
		return nil
	}
	bounds, done := p.fieldBounds(x)
	if bounds == nil {
		bounds = unknown[:len(x.Spec().Fields)]
	}
	a := &access{kind: byIndex, index: x, bounds: bounds, search: s, ranged: true}
	s.prefixes = [][]byte{x.Span().Lo}
	for ; a.leading < x.GeoField(); a.leading++ {
		b := &bounds[a.leading]
		if !b.known || !points(b.set) || len(s.prefixes)*len(b.set) > maxStreams {
			return nil
		}
		s.prefixes = p.multiply(s.prefixes, b.set)
	}
	a.spans = p.ranges(s.prefixes, whole)
	for i := a.leading + 1; i < len(bounds); i++ {
		if bounds[i].known {
			a.checks = append(a.checks, i)
		}
	}
	t := p.conjuncts[c]
	answers := s.near == nil && t.Kind() != query.TermNear && !(x.Multikey(x.GeoField()) && positional(t))
	if decides || answers && (!x.Traits().Shapes || s.cells != nil) {
		done.add(c)
	}
	a.exact = done.all(len(p.conjuncts))
	if answers {
		done.add(c)
	}
	a.certain = done.all(len(p.conjuncts))
	if len(a.checks) > 0 && x.Traits().Cut {
		a.checks, a.exact, a.certain = nil, false, false // the fields of a key cannot be told apart
	}
	a.served = len(p.by) == 0
	if s.near != nil {
		a.served, a.order.mode = true, nearest
	}
	a.cover = p.covering(a)
	return a
}

// judge tells from the bounds of a shape whether it meets the condition.
func (s *search) judge(b *geo.Bounds) geo.Verdict {
	switch {
	case s.shape != nil:
		return s.shape.Judge(b)
	case s.term.Kind() == query.TermWithin:
		return s.area.Judge(b)
	case s.area.Misses(b): // of near: what is too far
		return geo.Never
	}
	return geo.Undecided
}

// searchOf returns what to look for, and whether all that t asks is known of what is
// found. It is nil when looking would lead to everything.
func (p *planner) searchOf(t query.Term) (s *search, decides bool) {
	s = &search{term: t}
	switch t.Kind() {
	case query.TermWithin:
		s.area = t.Area()
	case query.TermCells:
		s.cells = t.Cells()
	case query.TermIntersects:
		s.shape = t.Shape()
	case query.TermNear:
		if p.near != nil {
			s.near = p.near
			return s, len(p.by) == 1
		}
		var err error
		if s.area, err = t.Near().Area(); err != nil {
			return nil, false
		}
	}
	return s, false
}

// guessSearch estimates by the part of the Earth that is searched. What is stored
// crowds where it is asked for, so it counts several times.
func (p *planner) guessSearch(a *access, prefixed float64) {
	const crowded = 5
	e := &a.estimate
	e.entries = prefixed
	switch s := a.search; {
	case s.area != nil:
		e.entries *= min(1, crowded*s.area.Share())
	case s.cells != nil:
		e.entries *= min(1, crowded*s.cells.Share())
	case s.shape != nil:
		e.entries *= min(1, crowded*s.shape.Share())
	default:
		if _, most := s.near.Bounds(); most < math.Pi*geo.EarthRadius {
			e.entries *= min(1, crowded*(1-math.Cos(most/geo.EarthRadius))/2)
		}
	}
	e.entries = max(e.entries, min(prefixed, 1))
}

// What a search costs in microseconds: cells on the way to what is found, and seeks.
const (
	searchCost  = 60.0 // before the first entry
	nearCost    = 0.8  // for each of the nearest, with the entries near to it
	measureCost = 8.0  // of a shape, whose document is read to know its distance
)

// priceSearch returns the cost of a search of which part is gone.
func (p *planner) priceSearch(a *access, part float64) float64 {
	e := a.estimate
	entries := part * e.entries
	each := fetchCost
	switch {
	case p.purpose == toCount && a.exact:
		each = 0
	case a.cover != nil && !a.judges():
		each = makeCost
	}
	if a.index.Traits().Shapes {
		each += measureCost
	}
	cost := float64(len(a.search.prefixes)) * searchCost
	if a.search.near != nil {
		return cost + entries*nearCost + part*e.found*each
	}
	return cost + e.entries*(entryCost+idCost) + e.found*each
}

// String says what is searched, as "near [113.3, 23.1] up to 5000 m".
func (s *search) String() string {
	switch {
	case s.near != nil:
		return s.term.Path() + " near " + nearText(s.near)
	case s.term.Kind() == query.TermNear:
		return s.term.Path() + " within " + nearText(s.term.Near())
	case s.area != nil:
		return s.term.Path() + " within " + s.area.String()
	case s.cells != nil:
		return s.term.Path() + " in " + s.cells.String()
	}
	return s.term.Path() + " intersects " + s.shape.String()
}

// covering returns a few H3 cells that hold all that is looked for, as text, or the first
// of very many. There are none of a search for the nearest without a bound.
func (s *search) covering() []string {
	var cells []geo.Cell
	of := 0
	switch {
	case s.cells != nil:
		cells, of = s.cells.Cells(maxShown)
	case s.shape != nil:
		cells = s.shape.Covering(maxShown)
	case s.area != nil:
		cells = s.area.Covering(maxShown)
	default:
		area, err := s.near.Area()
		if err != nil {
			return nil
		}
		cells = area.Covering(maxShown)
	}
	var list []string
	for _, c := range cells {
		list = append(list, c.String())
	}
	if of > len(cells) {
		list = append(list, fmt.Sprintf("%d more", of-len(cells)))
	}
	return list
}

func nearText(n *query.Near) string {
	p := n.Origin.Point()
	text := fmt.Sprintf("[%v, %v]", p.Lng(), p.Lat())
	switch least, most := n.Bounds(); {
	case !math.IsInf(most, 1) && least > 0:
		text += fmt.Sprintf(" from %v to %v m", least, most)
	case !math.IsInf(most, 1):
		text += fmt.Sprintf(" up to %v m", most)
	case least > 0:
		text += fmt.Sprintf(" from %v m", least)
	}
	return text
}
