package aggregate

import (
	"math"

	"github.com/virgadb/virga/query"
)

// optimise moves work to where it costs least: conditions towards the collection,
// the first steps into the question that is asked of it, limits into sorts, and lets
// nothing be held that is not needed. What
// the program yields stays the same; only errors of documents that are let through
// no further may not be met. Without pushed, nothing is moved into the question.
func (p *Program) optimise(pushed bool) {
	p.sinkMatches()
	if pushed {
		p.pushDown()
	}
	p.joinMatches()
	p.boundSorts()
	p.access.asked(p.steps)
	p.narrowSteps()
}

// sinkMatches moves every condition in front of the steps that have no part in it.
func (p *Program) sinkMatches() {
	for i := range p.steps {
		m, ok := p.steps[i].(*match)
		if !ok || m.cond.cond != nil && randomCond(m.cond.cond) {
			continue
		}
		for at := i; at > 0 && passes(p.steps[at-1], &m.cond.reads); at-- {
			if _, ok := p.steps[at-1].(*measure); ok && m.cond.cond != nil {
				break // an expression stays a step, and what is measured comes straight from the collection
			}
			p.steps[at], p.steps[at-1] = p.steps[at-1], p.steps[at]
		}
	}
}

func randomCond(c cond) bool {
	switch c := c.(type) {
	case exprCond:
		return c.x.Random()
	case *alternatives:
		for _, kid := range c.kids {
			for _, one := range kid {
				if one.cond != nil && randomCond(one.cond) {
					return true
				}
			}
		}
	}
	return false
}

// passes reports whether a condition that reads what reads says may come before a
// step instead of after it.
func passes(s step, reads *paths) bool {
	if reads.whole || len(reads.list) == 0 {
		return false
	}
	switch s := s.(type) {
	case *sorting:
		return true
	case *reshape:
		for _, path := range reads.list {
			if !s.leaves(path) {
				return false
			}
		}
		return true
	case *measure:
		return s.leaves(reads)
	case *unwind:
		if names := s.index.Segments(); len(names) > 0 && reads.touches(names[0]) {
			return false
		}
		return !reads.touches(s.path.String())
	case *lookup:
		return !reads.touches(s.as.Segments()[0])
	case *graphLookup:
		return !reads.touches(s.as.Segments()[0])
	}
	return false
}

// pushDown moves the first steps into the access.
func (p *Program) pushDown() {
	a := &p.access
	var left []step
	var filters []*query.Filter
	conds := 0
	for ; conds < len(p.steps); conds++ {
		m, ok := p.steps[conds].(*match)
		if !ok {
			break
		}
		if m.cond.cond != nil {
			if x, ok := m.cond.cond.(exprCond); ok {
				a.pins = append(a.pins, x.pins...)
			}
			left = append(left, m)
		}
		filters = append(filters, m.cond.filter)
	}
	a.filter = a.filter.And(filters...)
	rest := p.steps[conds:]
	if a.near != nil {
		// The measure comes first, and the order is taken: nothing but a window is left.
		rest = append([]step{rest[0]}, a.bound(rest[1:])...)
	} else if len(left) == 0 {
		rest = a.window(rest)
	}
	p.steps = append(left, rest...)
}

// joinMatches makes one filter of those that follow one another, which walks over a
// document once.
func (p *Program) joinMatches() {
	var list []step
	for i := 0; i < len(p.steps); {
		var run []*match
		for ; i < len(p.steps); i++ {
			m, ok := p.steps[i].(*match)
			if !ok || m.cond.cond != nil {
				break
			}
			run = append(run, m)
		}
		switch {
		case len(run) > 1:
			list = append(list, joined(run))
		case len(run) == 1:
			list = append(list, run[0])
		default:
			list = append(list, p.steps[i])
			i++
		}
	}
	p.steps = list
}

// joined returns a match that asks for what all of list do.
func joined(list []*match) *match {
	m := &match{}
	filters := make([]*query.Filter, len(list))
	for i, one := range list {
		filters[i] = one.cond.filter
		m.cond.reads.join(&one.cond.reads)
	}
	m.cond.filter = filters[0].And(filters[1:]...)
	return m
}

// window takes a leading sort, skips and limits, or count, and returns what is left.
func (a *access) window(steps []step) []step {
	if len(steps) > 0 {
		switch s := steps[0].(type) {
		case *sorting:
			a.sort, steps = s.by, steps[1:]
		case *count:
			a.count = s.name
			return steps[1:]
		}
	}
	return a.bound(steps)
}

// bound takes leading skips and limits, and returns what is left.
func (a *access) bound(steps []step) []step {
	for len(steps) > 0 && !a.nothing {
		switch s := steps[0].(type) {
		case *skip:
			if a.limit > 0 && s.n >= a.limit {
				a.nothing = true
				break
			}
			if s.n > math.MaxInt-a.skip {
				a.nothing = true
				break
			}
			a.skip += s.n
			if a.limit > 0 {
				a.limit -= s.n
			}
		case *limit:
			if s.n > math.MaxInt-a.skip {
				break // there are not as many documents
			}
			if a.limit == 0 || s.n < a.limit {
				a.limit = s.n
			}
		default:
			return steps
		}
		steps = steps[1:]
	}
	return steps
}

// boundSorts tells every sort how many of its documents are wanted.
func (p *Program) boundSorts() {
	for i, s := range p.steps {
		by, ok := s.(*sorting)
		if !ok {
			continue
		}
		if top := topOf(p.steps[i+1:]); top > 0 {
			p.steps[i] = &sorting{by: by.by, top: top}
		}
	}
}

// topOf returns how many documents steps look at, 0 for all.
func topOf(steps []step) int {
	skipped := 0
	for _, s := range steps {
		switch s := s.(type) {
		case *reshape, *replaceRoot:
		case *skip:
			if s.n > math.MaxInt-skipped {
				return 0
			}
			skipped += s.n
		case *limit:
			if s.n > math.MaxInt-skipped {
				return 0
			}
			return skipped + s.n
		default:
			return 0
		}
	}
	return 0
}
