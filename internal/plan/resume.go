package plan

import (
	"bytes"
	"context"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
)

// A resume is the place of a document in the order of an index, behind which a walk
// begins. A nil resume is the beginning.
type resume struct {
	layout layout
	desc   bool   // documents with the same values by _id descending
	order  []byte // the document's values in the order
	id     []byte // its encoded _id
	tail   []byte // what follows its values in a key of the same stream; nil when that is not known
	back   bool   // streams are walked backwards
}

// resume returns the place in a of the document to go on behind.
func (x *exec) resume(a *access) *resume {
	if x.after == nil {
		return nil
	}
	o := a.order
	r := &resume{layout: layout{index: a.index, from: o.from, to: o.to}, desc: o.desc, id: x.after, back: o.reverse}
	for i := o.from; i < o.to; i++ {
		r.order = x.planner.appendAfter(r.order, a, i)
	}
	if o.mode == streamed && !a.index.Spec().Unique {
		for i := o.to; i < len(a.bounds); i++ {
			r.tail = append(r.tail, a.bounds[i].set[0].lo...)
		}
		r.tail = append(r.tail, x.after...)
	}
	return r
}

// appendAfter appends the key of field i of a as the document to go on behind has it.
func (p *planner) appendAfter(dst []byte, a *access, i int) []byte {
	f := a.index.Spec().Fields[i]
	for s := range p.by {
		if p.by[s].Path.String() != f.Path || a.pinned(i) {
			continue
		}
		v := p.r.Sort.Key(p.r.After, s)
		if !v.Exists() {
			return keys.AppendEmpty(dst, f.Desc)
		}
		dst, _ = a.index.AppendValue(dst, i, v)
		return dst
	}
	return append(dst, a.bounds[i].set[0].lo...)
}

// agrees reports whether the document to go on behind has the value at path that
// all documents found have. If not, its place is not within them.
func (p *planner) agrees(a *access, s int) bool {
	if p.r.After.IsZero() {
		return true
	}
	path := p.by[s].Path.String()
	for i, f := range a.index.Spec().Fields {
		if f.Path == path {
			v := p.r.Sort.Key(p.r.After, s)
			if !v.Exists() {
				return false
			}
			key, _ := a.index.AppendValue(nil, i, v)
			return bytes.Equal(key, a.bounds[i].set[0].lo)
		}
	}
	return false
}

// clip returns what of the spans of one stream may hold entries behind the place.
func (r *resume) clip(spans []index.Span) []index.Span {
	if r == nil || len(spans) == 0 {
		return spans
	}
	prefix := spans[0].Lo[:r.prefix(spans[0].Lo)]
	at := append(append(bytes.Clone(prefix), r.order...), r.tail...)
	var rest []index.Span
	for _, s := range spans {
		switch {
		case !r.back && bytes.Compare(at, s.Lo) > 0:
			s.Lo = at
		case r.back && r.tail != nil && compareEnds(at, s.Hi) < 0:
			s.Hi = at
		case r.back && r.tail == nil:
			if end := keys.After(at); compareEnds(end, s.Hi) < 0 {
				s.Hi = end
			}
		}
		if !s.Empty() {
			rest = append(rest, s)
		}
	}
	return rest
}

// prefix returns the length of what all keys of a stream start with, of which key
// is one.
func (r *resume) prefix(key []byte) int {
	n := len(r.layout.index.Span().Lo)
	for i := range r.layout.from {
		k, err := keys.Skip(key[n:], r.layout.index.Spec().Fields[i].Desc)
		if err != nil {
			return n
		}
		n += k
	}
	return n
}

// resumed yields the items behind a place.
type resumed struct {
	items
	resume *resume
}

func (r *resumed) next(ctx context.Context) (item, bool, error) {
	for {
		it, ok, err := r.items.next(ctx)
		if !ok || err != nil {
			return it, ok, err
		}
		order, err := r.resume.layout.cut(it.fields)
		if err != nil {
			return item{}, false, err
		}
		if !bytes.Equal(order, r.resume.order) || behind(it.id, r.resume.id, r.resume.desc) {
			return it, true, nil
		}
	}
}
