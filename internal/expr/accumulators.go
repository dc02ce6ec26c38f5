package expr

import (
	"bytes"

	"github.com/virgadb/virga/document"
)

// kept is the memory that a value an accumulator keeps takes beside its bytes.
const kept = 48

// An extreme is $min or $max. Null counts only where there is nothing else.
type extreme struct {
	sign int
	best document.Value
}

func (x *extreme) Add(v document.Value) error {
	if nullish(v) {
		return nil
	}
	if x.best.Exists() {
		if c := document.Compare(v, x.best) * x.sign; c < 0 || c == 0 && !Simpler(v, x.best) {
			return nil
		}
	}
	x.best = asValue(append(x.best.Raw()[:0], v.Raw()...))
	return nil
}

// Merge takes the better value of two.
func (x *extreme) Merge(other Accumulator) { _ = x.Add(other.(*extreme).best) }

func (x *extreme) Result(*Env) (document.Value, error) { return orNull(x.best), nil }
func (x *extreme) Size() int                           { return kept + len(x.best.Raw()) }

// Simpler reports whether, of two equal values that are not the same bytes, a is the
// one that stands for both: the shorter, such as the integer and not the float, and
// of equally long ones the one with the larger bytes. So it does not matter which
// came first.
func Simpler(a, b document.Value) bool {
	x, y := a.Raw(), b.Raw()
	return len(x) < len(y) || len(x) == len(y) && bytes.Compare(x, y) > 0
}

func orNull(v document.Value) document.Value {
	if v.Exists() {
		return v
	}
	return null
}

// A firstOf is $first.
type firstOf struct {
	seen  bool
	value document.Value
}

func (f *firstOf) Add(v document.Value) error {
	if !f.seen {
		f.seen, f.value = true, v.Clone()
	}
	return nil
}

func (f *firstOf) Result(*Env) (document.Value, error) { return orNull(f.value), nil }
func (f *firstOf) Size() int                           { return kept + len(f.value.Raw()) }

// A lastOf is $last. Its memory is used again.
type lastOf struct{ raw []byte }

func (l *lastOf) Add(v document.Value) error {
	l.raw = append(l.raw[:0], v.Raw()...)
	return nil
}

func (l *lastOf) Result(*Env) (document.Value, error) { return orNull(asValue(l.raw)), nil }
func (l *lastOf) Size() int                           { return kept + cap(l.raw) }

// A pushed is $push.
type pushed struct {
	b    document.Builder
	open bool
}

func (p *pushed) Add(v document.Value) error {
	p.begin()
	if v.Exists() {
		p.b.Value(v)
	}
	return fits(&p.b)
}

func (p *pushed) begin() {
	if !p.open {
		p.b.BeginArray()
		p.open = true
	}
}

func (p *pushed) Result(*Env) (document.Value, error) {
	p.begin()
	p.b.End()
	return asValue(p.b.Bytes()), fits(&p.b)
}

func (p *pushed) Size() int { return kept + cap(p.b.Bytes()) }

// A setOf is $addToSet.
type setOf struct {
	d    distinct
	size int
}

func (s *setOf) Add(v document.Value) error {
	if v.Exists() && s.d.find(v) < 0 {
		s.d.add(v.Clone())
		if s.size += len(v.Raw()); s.size > document.MaxSize {
			return errTooLarge
		}
	}
	return nil
}

func (s *setOf) Result(e *Env) (document.Value, error) { return e.arrayOf(s.d.values) }
func (s *setOf) Size() int                             { return s.size + 2*kept*(1+len(s.d.values)) }

// A merged is $mergeObjects.
type merged struct{ m merging }

func (m *merged) Add(v document.Value) error {
	if nullish(v) {
		return nil
	}
	if v.Kind() != document.Object {
		return failAt("", "$mergeObjects", needs("objects", v))
	}
	if err := m.m.merge(v.Clone()); err != nil {
		return err
	}
	if m.m.size > document.MaxSize {
		return errTooLarge
	}
	return nil
}

func (m *merged) Result(e *Env) (document.Value, error) { return m.m.object(e) }
func (m *merged) Size() int                             { return m.m.size + 2*kept*(1+len(m.m.values)) }
