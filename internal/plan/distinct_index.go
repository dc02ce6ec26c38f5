package plan

import (
	"bytes"
	"context"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/query"
)

// distinctAccess returns the way through an index whose last field is path, whose
// other fields are single values, and that decides which documents match: its
// entries hold the different values one after the other. It returns nil when there
// is none.
func (p *planner) distinctAccess(path string) *access {
	if p.r.Hint == query.IDIndex || p.r.Hint == query.NoIndex {
		return nil
	}
	for _, x := range p.indexes() {
		last := len(x.Spec().Fields) - 1
		traits := x.Traits()
		if x.Spec().Fields[last].Path != path || traits.Multikey != 0 || traits.Cut || p.r.Hint != "" && p.r.Hint != x.Name() {
			continue
		}
		a := p.indexAccess(x)
		if a == nil || !a.exact || a.leading < last {
			continue
		}
		single := true
		for i := range last {
			single = single && a.pinned(i)
		}
		if single {
			return a
		}
	}
	return nil
}

// patience is how many entries of one value are passed over before it is cheaper to
// look for the next value.
const patience = 24

// distinctByIndex returns the different values at path among the entries of a.
func (p *planner) distinctByIndex(ctx context.Context, a *access, path document.Path) ([]document.Value, error) {
	r := &running{access: a, exec: newExec(p)}
	if r.watched(&p.options) {
		r.began = p.options.Clock.Now()
	}
	if p.options.Advisor != nil {
		p.options.Advisor.usedBy(a)
	}
	w := r.exec.walk(a, a.spans)
	defer w.close()
	s := skipping{exec: r.exec, walk: w, index: a.index, distinct: distinct{path: path, seen: map[string]struct{}{}}}
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	r.end(int64(len(s.distinct.values)))
	return s.distinct.sorted(), nil
}

// skipping gathers values from a walk and leaps from one to the next.
type skipping struct {
	exec     *exec
	walk     *walk
	index    *index.Index
	distinct distinct
	values   []document.Value
	fields   []byte // the encoded fields of the entries at hand
	done     bool   // their value is known
	passed   int    // entries passed over since
}

func (s *skipping) run(ctx context.Context) error {
	for {
		it, ok, err := s.walk.next(ctx)
		if err != nil || !ok {
			return err
		}
		if !bytes.Equal(it.fields, s.fields) {
			s.fields, s.done, s.passed = append(s.fields[:0], it.fields...), false, 0
		}
		if !s.done {
			if s.done, err = s.look(it); err != nil {
				return err
			}
			continue
		}
		if s.passed++; s.passed == patience {
			key := append(bytes.Clone(s.index.Span().Lo), s.fields...)
			s.walk.moveTo(index.Span{Lo: keys.After(key), Hi: s.walk.span.Hi})
		}
	}
}

// look takes the value of an entry and reports whether there was one: of those that
// look like null some may be of documents that lack the field.
func (s *skipping) look(it item) (bool, error) {
	var ok bool
	if s.values, ok = s.index.Values(it.parts, s.values[:0]); ok {
		v := s.values[len(s.values)-1]
		if v.Exists() {
			s.distinct.add(v)
		}
		return v.Exists(), nil
	}
	s.exec.docs++
	doc, err := s.exec.snap.GetEncoded(s.exec.coll, it.id)
	if err != nil {
		return false, err
	}
	before := len(s.distinct.values)
	s.distinct.walk(doc.Value(), 0)
	return len(s.distinct.values) > before, nil
}
