package plan

import (
	"bytes"
	"context"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/txn"
)

// An item is a document on the way from an index: its encoded _id, and the document
// itself when it could be made from the entry. It is valid until the next one.
type item struct {
	id     []byte
	fields []byte // the encoded fields of its entry; nil once they have served
	doc    document.Doc
	parts  index.Parts // the entry, from a walk only
	metres float64     // its distance, from a search for the nearest only
	sure   bool        // it matches, whether or not all that its source yields does
}

// items yields items one after another. It belongs to one goroutine.
type items interface {
	next(ctx context.Context) (item, bool, error)
	close()
}

// A walk yields the entries in a list of spans, one span after the other.
type walk struct {
	exec    *exec
	index   *index.Index
	bounds  []bound
	checks  []int // fields whose bounds an entry has to meet
	cover   *cover
	brief   bool // documents made from entries are not kept
	coverer *coverer
	spans   []index.Span
	reverse bool
	span    index.Span // the one the walk is in
	cursor  *txn.EntryCursor
	passed  int
}

func (w *walk) next(ctx context.Context) (item, bool, error) {
	for w.open() {
		for w.cursor.Next() {
			if w.passed%checkEvery == 0 && ctx.Err() != nil {
				return item{}, false, ctx.Err()
			}
			w.passed++
			w.exec.keys++
			e := w.cursor.Parts()
			if len(w.checks) > 0 {
				if ok, err := w.check(e.Fields); err != nil {
					return item{}, false, err
				} else if !ok {
					continue
				}
			}
			it := item{id: e.ID, fields: e.Fields, parts: e}
			if w.cover != nil {
				if w.coverer == nil {
					w.coverer = w.cover.start(w.brief)
				}
				it.doc, _ = w.coverer.document(e)
			}
			return it, true, nil
		}
		if err := w.leave(); err != nil {
			return item{}, false, err
		}
	}
	return item{}, false, nil
}

// open opens the next span where the walk is in none, and reports false when there is none
// left.
func (w *walk) open() bool {
	if w.cursor == nil {
		if len(w.spans) == 0 {
			return false
		}
		w.span = w.take()
		w.cursor = w.exec.snap.Entries(w.index, w.span, w.reverse)
	}
	return true
}

// leave leaves the span that the walk has come to the end of.
func (w *walk) leave() error {
	err := w.cursor.Err()
	w.cursor.Close()
	w.cursor = nil
	return err
}

// moveTo leaves the span the walk is in and goes on with another one.
func (w *walk) moveTo(s index.Span) {
	if w.cursor != nil {
		w.cursor.Close()
		w.cursor = nil
	}
	switch {
	case s.Empty():
	case w.reverse:
		w.spans = append(slices.Clip(w.spans), s)
	default:
		w.spans = append([]index.Span{s}, w.spans...)
	}
}

// take removes the next span from the list.
func (w *walk) take() index.Span {
	if w.reverse {
		s := w.spans[len(w.spans)-1]
		w.spans = w.spans[:len(w.spans)-1]
		return s
	}
	s := w.spans[0]
	w.spans = w.spans[1:]
	return s
}

// check reports whether encoded fields meet the bounds that the spans leave open.
func (w *walk) check(fields []byte) (bool, error) {
	at := 0
	for _, i := range w.checks {
		for ; at < i; at++ {
			n, err := keys.Skip(fields, w.index.Spec().Fields[at].Desc)
			if err != nil {
				return false, err
			}
			fields = fields[n:]
		}
		if !liesIn(w.bounds[i].set, fields) {
			return false, nil
		}
	}
	return true, nil
}

// liesIn reports whether the encoded value that key starts with lies in set.
func liesIn(set []interval, key []byte) bool {
	lo, hi := 0, len(set)
	for lo < hi { // the first interval that ends behind key
		mid := (lo + hi) / 2
		if set[mid].hi != nil && bytes.Compare(set[mid].hi, key) <= 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(set) && bytes.Compare(set[lo].lo, key) <= 0
}

func (w *walk) close() {
	if w.cursor != nil {
		w.cursor.Close()
		w.cursor = nil
	}
	w.spans = nil
}

// A layout says where in the encoded fields of an entry the order is.
type layout struct {
	index    *index.Index
	from, to int
}

// cut returns the part of fields that the order is about.
func (l *layout) cut(fields []byte) ([]byte, error) {
	if l.from == l.to {
		return nil, nil
	}
	spec := l.index.Spec().Fields
	start, end := 0, 0
	for i := range l.to {
		n, err := keys.Skip(fields[end:], spec[i].Desc)
		if err != nil {
			return nil, err
		}
		end += n
		if i < l.from {
			start = end
		}
	}
	return fields[start:end], nil
}

// merged yields the items of several walks in their common order.
type merged struct {
	layout  layout
	reverse bool
	heads   []stream // a heap, the next item on top
	started bool
	pending bool // the top of the heap has been handed out
}

// A stream is a walk and the item it is at.
type stream struct {
	walk  *walk
	item  item
	order []byte
}

func (m *merged) next(ctx context.Context) (item, bool, error) {
	if !m.started {
		m.started = true
		if err := m.start(ctx); err != nil {
			return item{}, false, err
		}
	}
	if m.pending {
		m.pending = false
		ok, err := m.advance(ctx, &m.heads[0])
		if err != nil {
			return item{}, false, err
		}
		if !ok {
			last := len(m.heads) - 1
			m.heads[0].walk.close()
			m.heads[0] = m.heads[last]
			m.heads = m.heads[:last]
		}
		m.sink(0)
	}
	if len(m.heads) == 0 {
		return item{}, false, nil
	}
	m.pending = true
	return m.heads[0].item, true, nil
}

// start fetches the first item of each stream.
func (m *merged) start(ctx context.Context) error {
	for i := 0; i < len(m.heads); {
		ok, err := m.advance(ctx, &m.heads[i])
		switch {
		case err != nil:
			return err
		case ok:
			i++
		default:
			last := len(m.heads) - 1
			m.heads[i].walk.close()
			m.heads[i] = m.heads[last]
			m.heads = m.heads[:last]
		}
	}
	for i := len(m.heads)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return nil
}

func (m *merged) advance(ctx context.Context, s *stream) (ok bool, err error) {
	if s.item, ok, err = s.walk.next(ctx); ok && err == nil {
		s.order, err = m.layout.cut(s.item.fields)
	}
	return ok, err
}

// before reports whether stream i comes before stream j.
func (m *merged) before(i, j int) bool {
	c := bytes.Compare(m.heads[i].order, m.heads[j].order)
	if c == 0 {
		c = bytes.Compare(m.heads[i].item.id, m.heads[j].item.id)
	}
	return c < 0 && !m.reverse || c > 0 && m.reverse
}

func (m *merged) sink(i int) {
	for {
		first := i
		for k := 2*i + 1; k <= 2*i+2 && k < len(m.heads); k++ {
			if m.before(k, first) {
				first = k
			}
		}
		if first == i {
			return
		}
		m.heads[i], m.heads[first] = m.heads[first], m.heads[i]
		i = first
	}
}

func (m *merged) close() {
	for i := range m.heads {
		m.heads[i].walk.close()
	}
	m.heads = nil
}

// once yields each document of a source in which its items stand together once.
type once struct {
	items
	last []byte
}

func (o *once) next(ctx context.Context) (item, bool, error) {
	for {
		it, ok, err := o.items.next(ctx)
		if !ok || err != nil {
			return it, ok, err
		}
		if !bytes.Equal(it.id, o.last) {
			o.last = append(o.last[:0], it.id...)
			return it, true, nil
		}
	}
}
