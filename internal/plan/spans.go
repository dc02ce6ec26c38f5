package plan

import (
	"github.com/virgadb/virga/index"
)

// maxSpans bounds the number of spans that several fields multiply to. One field
// may have more.
const maxSpans = 1000

// indexAccess returns the way through x, or nil when x does not lead to every
// document. The order is still open.
func (p *planner) indexAccess(x *index.Index) *access {
	if !p.holdsAll(x) {
		return nil
	}
	bounds, done := p.fieldBounds(x)
	if bounds == nil {
		bounds = unknown[:len(x.Spec().Fields)]
	}
	a := &access{kind: byIndex, index: x, bounds: bounds, exact: done.all(len(p.conjuncts))}
	p.makeSpans(a)
	for i := a.leading; i < len(bounds); i++ {
		if bounds[i].known && (i > a.leading || !a.ranged) {
			a.checks = append(a.checks, i)
		}
	}
	if len(a.checks) > 0 && x.Traits().Cut {
		a.checks, a.exact = nil, false // the fields of a key cannot be told apart
	}
	return a
}

// unknown are the bounds of fields that no condition speaks of.
var unknown [index.MaxFields]bound

// makeSpans sets the spans of a and says in how many fields and whether in a
// further one they follow the bounds.
func (p *planner) makeSpans(a *access) {
	lo := a.index.Span().Lo
	prefixes := [][]byte{lo}
	for a.leading < len(a.bounds) {
		b := &a.bounds[a.leading]
		if !b.known || !points(b.set) || len(prefixes) > 1 && len(prefixes)*len(b.set) > maxSpans {
			break
		}
		prefixes = p.multiply(prefixes, b.set)
		a.leading++
	}
	if a.leading < len(a.bounds) {
		b := &a.bounds[a.leading]
		if a.ranged = b.known && len(prefixes)*len(b.set) <= max(maxSpans, len(b.set)); a.ranged {
			a.spans = p.ranges(prefixes, b.set)
			return
		}
	}
	a.spans = p.ranges(prefixes, whole)
}

// multiply returns each prefix followed by each point of set.
func (p *planner) multiply(prefixes [][]byte, set []interval) [][]byte {
	product := make([][]byte, 0, len(prefixes)*len(set))
	reserve(&p.arena, sizeOf(set, prefixes...))
	for _, prefix := range prefixes {
		for i := range set {
			product = append(product, p.joined(prefix, set[i].lo))
		}
	}
	return product
}

// ranges returns the spans of the intervals of set behind each prefix.
func (p *planner) ranges(prefixes [][]byte, set []interval) []index.Span {
	spans := make([]index.Span, 0, len(prefixes)*len(set))
	reserve(&p.arena, sizeOf(set, prefixes...))
	for _, prefix := range prefixes {
		for i := range set {
			s := index.Span{Lo: prefix}
			if len(set[i].lo) > 0 {
				s.Lo = p.joined(prefix, set[i].lo)
			}
			if set[i].hi != nil {
				s.Hi = p.joined(prefix, set[i].hi)
			} else {
				s.Hi = p.bound.after(prefix)
			}
			spans = append(spans, s)
		}
	}
	return spans
}

// sizeOf returns how many bytes the ends of the intervals of set take, behind each of
// prefixes.
func sizeOf(set []interval, prefixes ...[]byte) int {
	ends, before := 0, 0
	for i := range set {
		ends += len(set[i].lo) + len(set[i].hi)
	}
	for _, prefix := range prefixes {
		before += len(prefix)
	}
	return ends*len(prefixes) + 2*before*len(set)
}

// joined returns a followed by b.
func (p *planner) joined(a, b []byte) []byte {
	start := len(p.arena)
	p.arena = append(append(p.arena, a...), b...)
	end := len(p.arena)
	return p.arena[start:end:end]
}

// pinned reports whether every entry that a yields has the same value in field i.
func (a *access) pinned(i int) bool {
	b := &a.bounds[i]
	return b.known && len(b.set) == 1 && b.set[0].point && (i < a.leading || !a.index.Traits().Cut)
}

// constant reports whether all documents that a finds have the same value at path,
// so that an order by it orders nothing.
func (a *access) constant(path string) bool {
	for i, f := range a.index.Spec().Fields {
		if f.Path == path {
			return !a.index.Multikey(i) && a.pinned(i)
		}
	}
	return false
}

// inOrder returns how to walk the entries of a so that documents come as the
// request orders them, and whether there is such a way.
func (p *planner) inOrder(a *access) (entryOrder, bool) {
	fields := p.by
	o := entryOrder{mode: streamed, from: -1, desc: p.desc}
	spec := a.index.Spec().Fields
	at := 0
	for s := 0; s < len(fields); {
		path := fields[s].Path.String()
		switch {
		case a.constant(path):
			if !p.agrees(a, s) {
				return o, false
			}
			s++
		case at == len(spec):
			return o, false
		case spec[at].Path == path && !a.index.Multikey(at):
			reverse := fields[s].Desc != spec[at].Desc
			if o.from < 0 {
				o.from, o.reverse = at, reverse
			} else if o.reverse != reverse {
				return o, false
			}
			at++
			s++
		case a.pinned(at) || o.from < 0 && at < a.leading:
			at++
		default:
			return o, false
		}
	}
	if o.from < 0 { // nothing to order by but the ids
		at, o.from, o.reverse = a.leading, a.leading, p.desc
		for i := at; i < len(spec); i++ {
			if !a.pinned(i) {
				return o, false
			}
		}
	}
	o.to = at
	return p.finishOrder(a, o)
}

// finishOrder sets the streams of o, and whether entries with the same values have
// to be put in order.
func (p *planner) finishOrder(a *access, o entryOrder) (entryOrder, bool) {
	if a.index.Traits().Cut && o.to > o.from {
		return o, false // long values are in no order
	}
	o.streams = 1
	for i := range o.from {
		o.streams *= len(a.bounds[i].set)
	}
	if o.streams > maxStreams {
		return o, false
	}
	rest := false // fields behind the order that spread its ties
	for i := o.to; i < len(a.bounds); i++ {
		rest = rest || !a.pinned(i)
	}
	switch {
	case p.loose && len(p.by) > 0:
	case !rest && o.reverse == o.desc:
	case !rest && o.streams == 1:
		o.mode = turning
	default:
		o.mode = grouped
	}
	return o, true
}

// maxStreams is the most streams that are merged, each of which has a cursor.
const maxStreams = 64
