package plan

import (
	"bytes"
	"context"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// maxAlternatives is the most alternatives of one union.
const maxAlternatives = 64

// unionAccess returns the union of what the alternatives of an Or find, nil when
// one of them is not narrowed by any index.
func (p *planner) unionAccess() *access {
	kids := p.alternatives((*planner).alternative)
	if kids == nil {
		return nil
	}
	return &access{kind: byUnion, kids: kids, served: len(p.by) == 0}
}

// mergedAccess returns the union of what the alternatives of an Or find, each in
// the order asked for, nil when one of them cannot come so.
func (p *planner) mergedAccess() *access {
	if len(p.by) == 0 || p.near != nil || p.purpose != toFind {
		return nil
	}
	kids := p.alternatives((*planner).alternativeInOrder)
	streams := 0
	for _, k := range kids {
		streams += k.order.streams
	}
	if kids == nil || streams > maxStreams {
		return nil
	}
	return &access{kind: byUnion, kids: kids, served: true, order: entryOrder{mode: streamed}}
}

// alternatives returns an access for each alternative of the first Or of which all
// have one, nil when there is no such Or.
func (p *planner) alternatives(find func(kid *planner) *access) []*access {
	for i, t := range p.conjuncts {
		if t.Kind() != query.TermOr || t.Len() > maxAlternatives {
			continue
		}
		kids := make([]*access, 0, t.Len())
		for j := range t.Len() {
			kid := p.with(i, t.At(j))
			a := find(kid)
			p.arena = kid.arena
			if a == nil {
				break
			}
			kids = append(kids, a)
		}
		if len(kids) == t.Len() {
			return kids
		}
	}
	return nil
}

// with returns a planner for the conditions with conjunct i replaced by t.
func (p *planner) with(i int, t query.Term) *planner {
	kid := *p
	kid.bound.arena = &kid.arena
	kid.conjuncts = append(slices.Clone(p.conjuncts[:i]), p.conjuncts[i+1:]...)
	if t.Kind() == query.TermAnd {
		for j := range t.Len() {
			kid.conjuncts = append(kid.conjuncts, t.At(j))
		}
	} else {
		kid.conjuncts = append(kid.conjuncts, t)
	}
	return &kid
}

// alternative returns the cheapest narrowed access, nil when there is none.
func (p *planner) alternative() *access {
	p.purpose, p.by, p.near, p.window = toVisit, nil, nil, 0
	var list []*access
	if a := p.idAccess(); a != nil {
		list = append(list, a)
	}
	for _, x := range p.indexes() {
		if a := p.indexAccess(x); a != nil && (a.leading > 0 || a.ranged) {
			list = append(list, a)
		}
	}
	for _, x := range p.geo {
		list = p.geoAccesses(list, x)
	}
	return p.leastOf(list)
}

// alternativeInOrder returns the cheapest narrowed access that serves the order,
// nil when there is none.
func (p *planner) alternativeInOrder() *access {
	var list []*access
	for _, x := range p.indexes() {
		a := p.indexAccess(x)
		if a == nil || a.leading == 0 && !a.ranged {
			continue
		}
		if o, ok := p.inOrder(a); ok {
			a.order, a.served = o, true
			list = append(list, a)
		}
	}
	return p.leastOf(list)
}

// leastOf returns the cheapest of accesses that answer one request, nil of none.
func (p *planner) leastOf(list []*access) *access {
	if len(list) == 0 {
		return nil
	}
	p.price(list)
	return slices.MinFunc(list, compareCosts)
}

// merge returns the documents that the parts of a merged union lead to, in order.
func (x *exec) merge(a *access) source {
	m := &mergedSources{order: x.newSorted(empty{}, x.planner.r)}
	for _, k := range a.kids {
		m.heads = append(m.heads, head{src: &fetched{exec: x, filter: x.planner.r.Filter, items: x.items(k)}})
	}
	return m
}

// mergedSources yields the documents of several sources, each of which comes in
// the order asked for, in that order and each once.
type mergedSources struct {
	order   *sorted // makes the keys to compare by
	heads   []head  // of the sources that are not at their end
	started bool
	at      int    // the head whose document was returned last
	last    []byte // its sort key
}

// A head is a source and the document it is at.
type head struct {
	src  source
	doc  document.Doc
	sort []byte // the sort key of doc, which ends in its key
	name int    // length of that
}

func (m *mergedSources) next(ctx context.Context) (document.Doc, bool, error) {
	if err := m.start(ctx); err != nil {
		return document.Doc{}, false, err
	}
	for len(m.heads) > 0 {
		m.at = 0
		for i := range m.heads {
			if bytes.Compare(m.heads[i].sort, m.heads[m.at].sort) < 0 {
				m.at = i
			}
		}
		h := &m.heads[m.at]
		if !bytes.Equal(h.sort, m.last) {
			m.last = append(m.last[:0], h.sort...)
			return h.doc, true, nil
		}
		if err := m.advance(ctx, m.at); err != nil { // another source has had it
			return document.Doc{}, false, err
		}
	}
	return document.Doc{}, false, nil
}

// start moves every source to its first document, once, and later the one whose
// document was returned to its next.
func (m *mergedSources) start(ctx context.Context) error {
	if m.started {
		if m.at < len(m.heads) {
			return m.advance(ctx, m.at)
		}
		return nil
	}
	m.started = true
	for i := len(m.heads) - 1; i >= 0; i-- {
		if err := m.advance(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// advance moves source i to its next document, or takes it out at its end.
func (m *mergedSources) advance(ctx context.Context, i int) error {
	h := &m.heads[i]
	doc, ok, err := h.src.next(ctx)
	if err != nil {
		return err
	}
	if !ok {
		h.src.close()
		m.heads = slices.Delete(m.heads, i, i+1)
		return nil
	}
	if h.doc, err = h.src.keep(); err != nil {
		return err
	}
	key := h.src.key()
	h.name = len(key)
	h.sort, _, err = m.order.appendKey(h.sort[:0], doc, key)
	return err
}

func (m *mergedSources) keep() (document.Doc, error) { return m.heads[m.at].doc, nil }

func (m *mergedSources) key() []byte {
	h := &m.heads[m.at]
	return h.sort[len(h.sort)-h.name:]
}

func (m *mergedSources) close() {
	for _, h := range m.heads {
		h.src.close()
	}
	m.heads = nil
}
