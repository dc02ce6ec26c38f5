package plan

import (
	"context"
	"slices"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/sorter"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// An exec is one run of a plan. It belongs to one goroutine.
type exec struct {
	planner *planner
	snap    txn.Snapshot
	coll    *txn.Collection
	memory  int64
	after   []byte // the encoded _id of the document to go on behind; nil for none

	keys, docs int64 // index entries and documents looked at
	seeks      int64 // places of geo indexes that searches went to
	switched   bool  // an index led to so many documents that the collection was scanned instead
}

func newExec(p *planner) *exec {
	x := &exec{planner: p, snap: p.snap, coll: p.coll, memory: p.options.Memory}
	if x.memory <= 0 {
		x.memory = defaultMemory
	}
	if !p.r.After.IsZero() {
		x.after = keys.Append(nil, p.r.After.Value().Field("_id"), false)
	}
	return x
}

// source returns the documents that a leads to, in the order asked for.
func (x *exec) source(a *access) source {
	r := x.planner.r
	src := x.unsorted(a)
	if !a.served && x.planner.purpose == toFind {
		return x.newSorted(src, r)
	}
	return src
}

// unsorted returns the documents that a leads to, in the order of a.
func (x *exec) unsorted(a *access) source {
	filter := x.planner.filter
	if a.exact {
		filter = nil
	}
	switch a.kind {
	case byID:
		return x.stretches(a, filter)
	case byScan:
		return x.scan(filter)
	case byUnion:
		if a.order.mode != unordered {
			return x.merge(a)
		}
	}
	f := &fetched{exec: x, filter: filter, blind: x.planner.purpose == toCount, scan: func() source { return x.scan(x.planner.filter) }}
	f.whole = a.cover != nil && a.cover.chosen
	f.items = x.items(a)
	return f
}

// positioned returns the _id to go on behind, when documents come by _id.
func (x *exec) positioned() []byte {
	if len(x.planner.by) > 0 {
		return nil // the sort passes over what comes before
	}
	return x.after
}

// scan returns the documents of the collection that match filter, by _id.
func (x *exec) scan(filter *query.Filter) source {
	lo, hi := keys.Documents(x.coll.ID)
	r, ok := x.behindID(storage.Range{Lo: lo, Hi: hi})
	if !ok {
		return empty{}
	}
	if x.planner.documents >= x.planner.options.wideFrom() && !x.planner.desc && workerCount() > 1 {
		return &growing{exec: x, r: r, filter: filter}
	}
	return &scan{exec: x, cursor: x.snap.ScanRange(r, x.planner.desc), filter: filter}
}

// behindID returns the part of r that lies behind the position, and whether there
// is one.
func (x *exec) behindID(r storage.Range) (storage.Range, bool) {
	after := x.positioned()
	if after == nil {
		return r, true
	}
	key := keys.AppendDocumentOf(nil, x.coll.ID, after)
	if x.planner.desc {
		if r.Hi == nil || string(key) < string(r.Hi) {
			r.Hi = key
		}
	} else if key = keys.After(key); string(key) > string(r.Lo) {
		r.Lo = key
	}
	return r, r.Hi == nil || string(r.Lo) < string(r.Hi)
}

func (x *exec) stretches(a *access, filter *query.Filter) *stretches {
	s := &stretches{exec: x, reverse: x.planner.desc, filter: filter}
	for i, r := range a.ranges {
		if r, ok := x.behindID(r); ok {
			s.ranges = append(s.ranges, r)
			s.single = append(s.single, a.ids[i].point)
		}
	}
	return s
}

// items returns what a finds in indexes, in the order of a.
func (x *exec) items(a *access) items {
	p := x.planner
	if a.kind == byIndex && a.order.mode != unordered {
		return x.ordered(a)
	}
	if (p.purpose != toFind || p.anyOrder(a)) && a.kind == byIndex && !a.repeats() {
		return x.entries(a)
	}
	g := &gathered{desc: p.desc, after: x.positioned(), sorter: sorter.Sorter{Memory: x.memory, Dir: x.planner.options.Temp}}
	if a.kind == byUnion {
		g.items = x.union(a)
		g.judged = slices.ContainsFunc(a.kids, (*access).judges)
	} else {
		g.items = x.entries(a)
		g.judged = a.judges()
	}
	if p.purpose == toFind && a.served && a.exact && a.kind == byIndex && !a.repeats() && p.window <= maxTop {
		g.sorter.Top = p.window
	}
	if p.givesUp(a) {
		g.limit = int(p.giveUpAfter())
	}
	return g
}

// givesUp reports whether a makes way for a scan when it leads to many documents.
func (p *planner) givesUp(a *access) bool {
	return p.r.Hint == "" && !p.options.RequireIndex && a.order.mode == unordered && (a.cover == nil || a.judges()) && !(a.exact && p.purpose == toCount)
}

// giveUpAfter returns the number of entries beyond which fetching their documents
// costs more than a scan.
func (p *planner) giveUpAfter() float64 {
	return max(minSwitch, p.documents*scanCost*wideScan/(fetchCost+entryCost))
}

// minSwitch is the least number of entries after which an index is given up.
const minSwitch = 100

// judges reports whether a may be sure of some of what it finds only.
func (a *access) judges() bool { return a.certain && !a.exact }

// repeats reports whether a may find one document through several entries.
func (a *access) repeats() bool {
	for i := range a.bounds {
		if a.index.Multikey(i) && !a.pinned(i) && !(i == a.index.GeoField() && a.atOnce()) {
			return true
		}
	}
	return false
}

// atOnce reports whether a search leads to a document through one entry of its geo field
// at most: it is for a point whose cells are known, see [geo.Shape.LineageWalk], and there
// are no two geometries in a document.
func (a *access) atOnce() bool {
	return geo.HasCells && a.search != nil && a.search.shape != nil && a.search.shape.IsPoint() && !a.index.Traits().Several
}

func (x *exec) walk(a *access, spans []index.Span) *walk {
	return &walk{exec: x, index: a.index, bounds: a.bounds, checks: a.checks, cover: a.cover, spans: spans, reverse: a.order.reverse}
}

// ordered returns the items of an index in the order of the query.
func (x *exec) ordered(a *access) items {
	if a.search != nil {
		return x.nearest(a)
	}
	o := a.order
	l := layout{index: a.index, from: o.from, to: o.to}
	var src items
	spans := a.spans
	resume := x.resume(a)
	if o.mode == turning {
		src = &turned{walk: x.walk(a, resume.clip(spans)), fields: o.to, resume: resume}
	} else if o.streams <= 1 {
		w := x.walk(a, resume.clip(spans))
		w.brief = x.planner.brief(a.cover) && o.mode == streamed
		src = w
	} else {
		m := &merged{layout: l, reverse: o.reverse}
		each := len(spans) / o.streams
		for ; len(spans) > 0; spans = spans[each:] {
			m.heads = append(m.heads, stream{walk: x.walk(a, resume.clip(spans[:each]))})
		}
		src = m
	}
	if resume != nil {
		src = &resumed{items: src, resume: resume}
	}
	if o.mode == grouped {
		return &inGroups{items: src, layout: l, desc: o.desc, sorter: sorter.Sorter{Memory: x.memory, Dir: x.planner.options.Temp}}
	}
	if a.index.Traits().Multikey != 0 {
		return &once{items: src}
	}
	return src
}

// union returns the items that the parts of a union find, one part after the other.
func (x *exec) union(a *access) items {
	c := &chain{}
	for _, k := range a.kids {
		if k.kind == byIndex {
			c.parts = append(c.parts, x.entries(k))
		} else {
			c.parts = append(c.parts, &read{src: x.stretches(k, nil)})
		}
	}
	return c
}

// chain yields the items of several sources, one after the other.
type chain struct{ parts []items }

func (c *chain) next(ctx context.Context) (item, bool, error) {
	for len(c.parts) > 0 {
		it, ok, err := c.parts[0].next(ctx)
		if ok || err != nil {
			return it, ok, err
		}
		c.parts[0].close()
		c.parts = c.parts[1:]
	}
	return item{}, false, nil
}

// count implements [counter].
func (c *chain) count(ctx context.Context, limit int64) (n int64, err error) {
	for ; len(c.parts) > 0 && (limit == 0 || n < limit) && err == nil; c.parts = c.parts[1:] {
		var more int64
		more, err = countItems(ctx, c.parts[0], max(0, limit-n))
		n += more
	}
	return n, err
}

func (c *chain) close() {
	for _, s := range c.parts {
		s.close()
	}
}

// read yields the documents of a source as items.
type read struct{ src source }

func (r *read) next(ctx context.Context) (item, bool, error) {
	_, ok, err := r.src.next(ctx)
	if !ok || err != nil {
		return item{}, ok, err
	}
	_, id, _ := keys.SplitDocument(r.src.key())
	doc, err := r.src.keep()
	return item{id: id, doc: doc}, true, err
}

func (r *read) close() { r.src.close() }
