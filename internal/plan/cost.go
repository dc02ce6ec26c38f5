package plan

import (
	"cmp"
	"math"
	"slices"

	"github.com/virgadb/virga/query"
)

// What the steps of a plan cost, in microseconds on the machine of BENCHMARKS.md,
// between what they cost in memory and from disk. Only their ratios matter.
const (
	seekCost  = 8.0  // open a cursor and find its first key
	entryCost = 0.2  // move to the next entry
	makeCost  = 0.4  // make a document from an entry
	briefCost = 0.15 // make it in memory that is used again for the next
	fetchCost = 4.0  // get a document by its _id
	scanCost  = 0.45 // move to the next document and ask the filter
	idCost    = 0.15 // hold and sort an id
	topCost   = 0.3  // pass a document through a heap of first ones
	sortCost  = 1.2  // hold and sort a document
	wideScan  = 0.6  // the part of its time that a scan on two cores takes
)

// scanDoubt is how many times as far a scan is believed to go for a window as its
// guess says: where the guess is wrong it goes through everything.
const scanDoubt = 10

// fewDocs is what the documents of a small collection are counted as, where an index
// might serve: plans should stay the same while a collection grows.
const fewDocs = 500

// An estimate is how many entries, documents and matches a plan meets.
type estimate struct {
	entries float64 // within the spans
	found   float64 // of those, within all bounds
	matches float64 // of those, matching
	depth   float64 // entries that share the values of the order, when they are grouped
}

func compareCosts(a, b *access) int {
	if c := cmp.Compare(a.cost, b.cost); c != 0 {
		return c
	}
	return cmp.Compare(b.kind, a.kind)
}

// cheapest returns the access that costs least. Where that is a scan, one of which
// it costs less to find out whether it is better is preferred to it.
func cheapest(list []*access) *access {
	best := slices.MinFunc(list, compareCosts)
	if best.kind != byScan {
		return best
	}
	for _, a := range list {
		if a.trial < best.cost {
			a.cost = a.trial
			best = a
		}
	}
	return best
}

// price sets the costs of accesses that answer one request.
func (p *planner) price(list []*access) {
	matches, known := p.documents, false // an index knows more than a guess
	for _, a := range list {
		p.guess(a)
		if a.kind != byScan {
			matches, known = min(matches, a.estimate.matches), true
		}
	}
	for _, a := range list {
		if a.kind == byScan && !known {
			matches = a.estimate.matches
		}
	}
	for _, a := range list {
		p.priceOne(a, matches)
	}
}

// guess estimates what a meets.
func (p *planner) guess(a *access) {
	e := &a.estimate
	switch a.kind {
	case byScan:
		e.found = p.documents
		e.matches = p.documents * p.part(func(query.Term) bool { return false })
	case byID:
		for _, v := range a.ids {
			if v.point {
				e.found++
			} else {
				e.found += v.part * p.documents
			}
		}
		e.found = min(e.found, p.documents)
		e.matches = e.found
	case byIndex:
		p.guessIndex(a)
	case byUnion:
		for _, k := range a.kids {
			e.entries += k.estimate.entries
			e.found += k.estimate.found
			e.matches += k.estimate.matches
		}
	}
}

// guessIndex estimates by the number of different values in an index.
func (p *planner) guessIndex(a *access) {
	e := &a.estimate
	stats := p.snap.IndexStats(p.coll, a.index)
	total := float64(stats.Entries)
	distinct := func(fields int) float64 {
		switch {
		case fields == 0:
			return 1
		case stats.Distinct == nil:
			return min(total, math.Pow(20, float64(fields)))
		}
		return max(1, stats.Distinct[fields-1])
	}
	e.entries = total / distinct(a.leading)
	for i := range a.leading {
		e.entries *= float64(len(a.bounds[i].set))
	}
	if a.ranged && a.search == nil {
		e.entries *= partOf(a.bounds[a.leading].set, distinct(a.leading+1)/distinct(a.leading))
	}
	if a.search != nil {
		p.guessSearch(a, min(e.entries, total))
	}
	e.entries = min(e.entries, total)
	e.found = e.entries
	for _, i := range a.checks {
		e.found *= partOf(a.bounds[i].set, distinct(i+1)/distinct(i))
	}
	switch a.order.mode {
	case turning:
		e.depth = min(maxHeld, total/distinct(a.order.to))
	case grouped:
		e.depth = total / distinct(a.order.to)
	}
	e.matches = e.found
	if !a.exact {
		e.matches *= p.part(func(t query.Term) bool { return hasField(a.index, t.Path()) })
	}
}

// partOf guesses which part of a field's values lies in set.
func partOf(set []interval, distinct float64) float64 {
	part := 0.0
	for i := range set {
		if set[i].point {
			part += 1 / max(distinct, 1)
		} else {
			part += set[i].part
		}
	}
	return min(part, 1)
}

// part guesses which part of the documents meets the conjuncts that are not
// counted already.
func (p *planner) part(counted func(query.Term) bool) float64 {
	part := 1.0
	for _, t := range p.conjuncts {
		if !counted(t) {
			part *= partOfTerm(t)
		}
	}
	return part
}

func partOfTerm(t query.Term) float64 {
	switch t.Kind() {
	case query.TermNever:
		return 0
	case query.TermEq, query.TermRegex:
		return equals
	case query.TermIn:
		n, _ := t.Members()
		return min(0.5, equals*float64(n))
	case query.TermGt, query.TermGte, query.TermLt, query.TermLte, query.TermElem:
		return oneSide
	case query.TermOr:
		return min(0.9, oneSide*float64(t.Len()))
	case query.TermWithin, query.TermIntersects, query.TermCells:
		return within
	}
	return mostly
}

// priceOne sets the cost of a, given how many documents match.
func (p *planner) priceOne(a *access, matches float64) {
	e := a.estimate
	streams := a.served && (a.kind != byIndex || a.order.mode != unordered) && a.kind != byUnion
	// The part of the way that has to be gone until the window is full.
	part := 1.0
	if w := float64(p.window); w > 0 && streams {
		if a.kind == byScan && len(p.conjuncts) > 0 {
			w *= scanDoubt
		}
		part = min(1, w/max(matches, 1))
	}
	switch a.kind {
	case byScan:
		found := e.found
		if len(p.conjuncts) > 0 || p.window > 0 {
			found = max(found, fewDocs)
		}
		a.cost = seekCost + part*found*scanCost
		if a.cost > p.options.wideFrom()*scanCost {
			a.cost *= wideScan
		}
	case byID:
		a.cost = float64(len(a.ranges))*fetchCost + part*e.found*scanCost
	case byIndex:
		a.cost = p.priceIndex(a, part)
	case byUnion:
		a.cost = priceUnion(a)
	}
	a.trial = p.priceTrial(a)
	if !a.served && p.purpose == toFind {
		each := sortCost
		if p.window > 0 && p.window <= maxTop {
			each = topCost
		}
		a.cost += e.matches * each
		a.trial += e.matches * each
	}
}

func (p *planner) priceIndex(a *access, part float64) float64 {
	if a.search != nil {
		return p.priceSearch(a, part)
	}
	e := a.estimate
	entries := part * e.entries
	switch a.order.mode {
	case grouped, turning:
		entries = min(e.entries, entries+e.depth)
	case unordered:
		entries = e.entries
	}
	cost := float64(len(a.spans))*seekCost*max(part, 0.1) + entries*entryCost
	if (a.order.mode == unordered || a.order.mode == grouped) && p.purpose != toCount && !p.anyOrder(a) {
		cost += entries * idCost
	}
	each := fetchCost
	switch {
	case p.purpose == toCount && a.exact:
		each = 0
	case a.cover != nil && p.r.Brief:
		each = briefCost
	case a.cover != nil:
		each = makeCost
	}
	fetched := part * e.found
	if w := float64(p.window); w > 0 && a.order.mode == unordered && a.served {
		fetched = min(e.found, w*max(1, e.found/max(e.matches, 1))) // in order of the ids until the window is full
	}
	cost += fetched * each
	if p.spreads(a) {
		cost *= wideScan
	}
	return cost
}

func priceUnion(a *access) float64 {
	cost := 0.0
	if a.order.mode != unordered { // each part may have to yield the whole window
		for _, k := range a.kids {
			cost += k.cost + fetchCost
		}
		return cost
	}
	for _, k := range a.kids {
		cost += float64(len(k.spans)+len(k.ranges))*seekCost + k.estimate.entries*entryCost
	}
	return cost + a.estimate.found*(idCost+fetchCost)
}

// priceTrial returns the cost of a, or less when it rests on how much lies in a range,
// which is a guess, and a gives up where that is too much: to find out costs no more.
func (p *planner) priceTrial(a *access) float64 {
	if a.kind != byIndex && a.kind != byUnion {
		return a.cost
	}
	seeks, ranged := len(a.spans), a.ranged
	for _, k := range a.kids {
		seeks += len(k.spans) + len(k.ranges)
		ranged = ranged || k.ranged || k.kind == byID
	}
	if !ranged || !p.givesUp(a) {
		return a.cost
	}
	return min(a.cost, float64(seeks)*seekCost+p.giveUpAfter()*(entryCost+idCost))
}
