package plan

import (
	"fmt"
	"slices"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// A purpose is what is wanted of the documents.
type purpose uint8

const (
	toFind  purpose = iota // the documents, in order
	toCount                // how many there are, each once
	toVisit                // the documents, in any order
)

// A planner chooses how to run one request on one snapshot.
type planner struct {
	snap      txn.Snapshot
	coll      *txn.Collection
	r         *query.Request
	purpose   purpose
	options   Options
	conjuncts []query.Term
	filter    *query.Filter  // what documents are asked; nil takes all
	near      *query.Near    // what the order measures; nil for any other order
	documents float64        // in the collection
	all       []*index.Index // but for those of geo
	geo       []*index.Index

	// The order wanted: by these fields, then by _id.
	by     []query.SortField
	desc   bool
	window int  // documents wanted from the beginning of the order; 0 means all
	loose  bool // what the order leaves open may come in any order

	arena []byte
	bound bounder
}

func newPlanner(snap txn.Snapshot, coll *txn.Collection, r *query.Request, purpose purpose, o Options) *planner {
	p := &planner{snap: snap, coll: coll, r: r, purpose: purpose, options: o, documents: float64(snap.Size(coll))}
	p.arena = make([]byte, 0, 256)
	p.bound.arena = &p.arena
	p.conjuncts = conjuncts(r.Filter)
	if r.Limit > 0 {
		p.window = r.Skip + r.Limit
	}
	p.filter = r.Filter
	if r.Sort != nil && purpose == toFind {
		p.by = r.Sort.Fields
		if p.near = r.Sort.Near(); p.near != nil {
			p.filter = r.Filter.Beside() // the order looks at the distance
		}
		for i, f := range p.by {
			if f.Path.String() == "_id" { // behind it there are no ties
				p.by, p.desc = p.by[:i], f.Desc
				break
			}
		}
	}
	p.loose = r.Loose && r.After.IsZero() && (r.Sort == nil || len(p.by) == len(r.Sort.Fields))
	return p
}

// choose returns the cheapest access, and the others that were weighed.
func (p *planner) choose() (best *access, others []*access, err error) {
	if p.r.Hint != "" {
		a, err := p.hinted()
		return a, nil, err
	}
	list := make([]*access, 0, 4)
	list = append(list, p.scanAccess())
	if a := p.idAccess(); a != nil {
		list = append(list, a)
	}
	for _, x := range p.indexes() {
		list = p.indexAccesses(list, x)
	}
	for _, x := range p.geo {
		list = p.geoAccesses(list, x)
	}
	for _, a := range []*access{p.mergedAccess(), p.unionAccess()} { // the simpler of equals comes first
		if a != nil {
			list = append(list, a)
		}
	}
	p.price(list)
	best = cheapest(list)
	if n := p.options.Candidate; n > 0 {
		best = list[(n-1)%len(list)]
	}
	return best, slices.DeleteFunc(list, func(a *access) bool { return a == best }), nil
}

// indexes returns the indexes there are, which the planner asks for once. Geo indexes,
// which lead to no other documents than those with geometries, are in p.geo then.
func (p *planner) indexes() []*index.Index {
	if p.all == nil && p.geo == nil {
		p.all = p.snap.Indexes(p.coll)
		if slices.ContainsFunc(p.all, isGeo) {
			for _, x := range p.all {
				if isGeo(x) {
					p.geo = append(p.geo, x)
				}
			}
			p.all = slices.DeleteFunc(p.all, isGeo)
		}
	}
	return p.all
}

func isGeo(x *index.Index) bool { return x.GeoField() >= 0 }

// hinted returns the access that the request insists on.
func (p *planner) hinted() (*access, error) {
	var list []*access
	switch name := p.r.Hint; name {
	case query.NoIndex:
		list = append(list, p.scanAccess())
	case query.IDIndex:
		list = append(list, p.scanAccess())
		if a := p.idAccess(); a != nil {
			list[0] = a
		}
	default:
		all := append(slices.Clone(p.indexes()), p.geo...)
		at := slices.IndexFunc(all, func(x *index.Index) bool { return x.Name() == name })
		if at < 0 {
			return nil, fmt.Errorf("hint: index %s: %w", name, fault.ErrNotFound)
		}
		if x := all[at]; isGeo(x) {
			if list = p.geoAccesses(list, x); len(list) == 0 {
				return nil, fmt.Errorf("hint: index %s serves conditions on where %s is, with single values of the fields before it: %w", name, x.Spec().Geo, fault.ErrInvalid)
			}
			break
		}
		list = p.fullIndexAccesses(list, all[at])
		if len(list) == 0 {
			return nil, fmt.Errorf("hint: index %s is sparse and lacks documents that may match: %w", name, fault.ErrInvalid)
		}
	}
	p.price(list)
	return slices.MinFunc(list, compareCosts), nil
}

// scanAccess returns the walk over the whole collection.
func (p *planner) scanAccess() *access {
	return &access{kind: byScan, exact: len(p.conjuncts) == 0, served: len(p.by) == 0}
}

// idAccess returns the way by _id, nil when the conditions do not narrow it.
func (p *planner) idAccess() *access {
	b := bounder{arena: &p.arena}
	done := decided(0)
	joined := b.conjuncts(p.conjuncts, 0, "_id", &done)
	if !joined.known {
		return nil
	}
	a := &access{kind: byID, ids: joined.set, exact: done.all(len(p.conjuncts)), served: len(p.by) == 0}
	lo, hi := keys.Documents(p.coll.ID)
	a.ranges = make([]storage.Range, 0, len(joined.set))
	reserve(&p.arena, sizeOf(joined.set, lo))
	for _, v := range joined.set {
		r := storage.Range{Lo: p.joined(lo, v.lo), Hi: hi}
		if v.hi != nil {
			r.Hi = p.joined(lo, v.hi)
		}
		a.ranges = append(a.ranges, r)
	}
	return a
}

// indexAccesses adds the ways through x that can be worth while: those narrowed by
// a condition, those that come in the order wanted, and those that need no
// documents.
func (p *planner) indexAccesses(list []*access, x *index.Index) []*access {
	if !p.relevant(x) {
		return list
	}
	a := p.indexAccess(x)
	if a == nil {
		return list
	}
	return p.orders(list, a, a.leading > 0 || a.ranged)
}

// relevant reports whether a condition or the order is about a field of x that it
// begins with, or all that is asked for is in x.
func (p *planner) relevant(x *index.Index) bool {
	return p.mentioned(x.Spec().Fields[0].Path) || p.purpose != toFind || p.r.Projection != nil || p.r.Needs != nil
}

// mentioned reports whether a condition or the order may be about path.
func (p *planner) mentioned(path string) bool {
	for _, t := range p.conjuncts {
		if t.Kind() != query.TermNot && t.Len() == 0 && t.Path() != path {
			continue // a test of another field
		}
		return true
	}
	return len(p.by) > 0 && p.by[0].Path.String() == path
}

// fullIndexAccesses is indexAccesses for an index that is asked for.
func (p *planner) fullIndexAccesses(list []*access, x *index.Index) []*access {
	a := p.indexAccess(x)
	if a == nil {
		return list
	}
	return p.orders(list, a, true)
}

// orders adds a in the ways it can be walked. narrowed says that a is worth while
// without serving an order.
func (p *planner) orders(list []*access, a *access, narrowed bool) []*access {
	a.cover = p.covering(a)
	if p.purpose != toFind {
		if narrowed || a.exact || a.cover != nil {
			list = append(list, a)
		}
		return list
	}
	if p.anyOrder(a) {
		a.served = true
		return append(list, a)
	}
	if o, ok := p.inOrder(a); ok && (narrowed || len(p.by) > 0) {
		ordered := *a
		ordered.order, ordered.served = o, true
		list = append(list, &ordered)
		if o.mode == streamed && len(p.by) == 0 {
			return list
		}
	}
	if narrowed || a.cover != nil {
		a.served = len(p.by) == 0
		list = append(list, a)
	}
	return list
}

// anyOrder reports whether documents made from the entries of a may come as the
// entries do.
func (p *planner) anyOrder(a *access) bool {
	return p.loose && len(p.by) == 0 && a.cover != nil
}
