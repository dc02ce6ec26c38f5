package aggregate

import (
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
)

// A shape says what becomes of the fields of an object: a tree of names, each with
// what happens at it.
type shape struct {
	fields   []shapeField   // in the order of the specification
	places   map[string]int // of fields by name, when they are many
	computes bool           // a field at or below is computed
	keep     bool           // fields that are not named are kept
}

// A shapeField is what happens to one field.
type shapeField struct {
	name  string
	drop  bool
	value *expr.Expr // it is computed
	at    int        // which of the computed ones it is
	sub   *shape     // something happens below
	// Neither: it is kept.
}

// add puts f at a dotted path. A path that another one leads through, or to, is
// refused.
func (s *shape) add(path document.Path, f shapeField) error {
	names := path.Segments()
	for i, name := range names {
		s.computes = s.computes || f.value != nil
		at := s.find(name)
		last := i == len(names)-1
		switch {
		case at < 0 && last:
			f.name = name
			s.put(f)
		case at < 0:
			sub := &shape{keep: s.keep}
			s.put(shapeField{name: name, sub: sub})
			s = sub
		case last || s.fields[at].sub == nil:
			return invalidAt(path.String(), "the path collides with another one")
		default:
			s = s.fields[at].sub
		}
	}
	return nil
}

// fewFields is the number of fields up to which to look at each is faster than to look
// one up.
const fewFields = 12

// put puts f, whose name is new, behind the others.
func (s *shape) put(f shapeField) {
	s.fields = append(s.fields, f)
	switch n := len(s.fields); {
	case s.places != nil:
		s.places[f.name] = n - 1
	case n > fewFields:
		s.places = make(map[string]int, n)
		for i := range s.fields {
			s.places[s.fields[i].name] = i
		}
	}
}

// find returns the place of the field called name, -1 when there is none.
func (s *shape) find(name string) int { return s.findBytes([]byte(name)) }

func (s *shape) findBytes(name []byte) int {
	if s.places != nil {
		if i, ok := s.places[string(name)]; ok {
			return i
		}
		return -1
	}
	for i := range s.fields {
		if s.fields[i].name == string(name) {
			return i
		}
	}
	return -1
}

// A shaping applies a shape to documents. It belongs to one goroutine.
type shaping struct {
	env    *expr.Env
	values *expr.Tuple // of the computed fields
	b      document.Builder
}

// apply returns what s makes of doc.
func (w *shaping) apply(s *shape, doc document.Doc) (document.Doc, error) {
	if s.computes {
		if err := w.values.Begin(w.env, doc.Value()); err != nil {
			return document.Doc{}, err
		}
	}
	w.b.Reset()
	if err := w.object(s, doc.Value(), true); err != nil {
		return document.Doc{}, err
	}
	return document.FromRaw(w.b.Built().Raw()), nil
}

// object writes what s makes of an object, or, for any other value, the object of
// what is computed.
func (w *shaping) object(s *shape, v document.Value, top bool) error {
	var room [16]bool
	seen := room[:]
	if len(s.fields) > len(room) {
		seen = make([]bool, len(s.fields))
	}
	w.b.BeginObject()
	if top {
		if err := w.identity(s, seen); err != nil {
			return err
		}
	}
	fields := v.Fields()
	if v.Kind() != document.Object {
		fields = document.Value{}.Fields()
	}
	for fields.Next() {
		i := s.findBytes(fields.Key())
		if i < 0 {
			if s.keep {
				w.b.KeyBytes(fields.Key())
				w.b.Value(fields.Value())
			}
			continue
		}
		if seen[i] {
			continue
		}
		done, err := w.field(s, &s.fields[i], fields.Value())
		if err != nil {
			return err
		}
		seen[i] = done
	}
	if err := fields.Err(); err != nil {
		return err
	}
	if err := w.rest(s, seen); err != nil {
		return err
	}
	w.b.End()
	return nil
}

// identity writes a computed _id of the document, which comes first.
func (w *shaping) identity(s *shape, seen []bool) error {
	i := s.find("_id")
	if i < 0 || s.fields[i].value == nil {
		return nil
	}
	seen[i] = true
	return w.compute(&s.fields[i])
}

// field writes what f makes of the value that stands there. It reports false when
// a computed value is still to come.
func (w *shaping) field(s *shape, f *shapeField, v document.Value) (bool, error) {
	switch {
	case f.drop:
		return true, nil
	case f.value != nil && !s.keep:
		return false, nil // chosen fields come first
	case f.value != nil:
		return true, w.compute(f)
	case f.sub == nil:
		w.b.Key(f.name)
		w.b.Value(v)
		return true, nil
	}
	return true, w.nested(f, v)
}

func (w *shaping) compute(f *shapeField) error {
	v, err := w.values.At(w.env, f.at)
	if err == nil && v.Exists() {
		w.b.Key(f.name)
		w.b.Value(v)
	}
	return err
}

// nested writes what f, which says something of what is below, makes of v.
func (w *shaping) nested(f *shapeField, v document.Value) error {
	switch v.Kind() {
	case document.Object, document.Array:
	default:
		if !f.sub.computes {
			if f.sub.keep {
				w.b.Key(f.name)
				w.b.Value(v)
			}
			return nil
		}
	}
	w.b.Key(f.name)
	return w.value(f.sub, v)
}

// value writes what s makes of a value: of an array, what it makes of its elements.
func (w *shaping) value(s *shape, v document.Value) error {
	if v.Kind() != document.Array {
		return w.object(s, v, false)
	}
	w.b.BeginArray()
	elements := v.Elements()
	for elements.Next() {
		e := elements.Value()
		switch k := e.Kind(); {
		case k == document.Object || k == document.Array || s.computes:
			if err := w.value(s, e); err != nil {
				return err
			}
		case s.keep:
			w.b.Value(e)
		}
	}
	w.b.End()
	return elements.Err()
}

// rest writes the computed fields that the object did not have.
func (w *shaping) rest(s *shape, seen []bool) error {
	for i := range s.fields {
		f := &s.fields[i]
		if seen[i] {
			continue
		}
		if f.value != nil {
			if err := w.compute(f); err != nil {
				return err
			}
		}
		if f.sub != nil && f.sub.computes {
			w.b.Key(f.name)
			if err := w.object(f.sub, document.Value{}, false); err != nil {
				return err
			}
		}
	}
	return nil
}
