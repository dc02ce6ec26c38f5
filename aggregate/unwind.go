package aggregate

import (
	"context"
	"strings"

	"github.com/virgadb/virga/document"
)

// An unwind makes of each document one for each element of an array.
type unwind struct {
	path     document.Path
	index    document.Path // where the place of the element goes; no segments for nowhere
	preserve bool          // documents without elements are let through
}

func buildUnwind(_ *compiler, v any) ([]step, error) {
	v = plain(v)
	if text, ok := textOf(v); ok {
		v = document.D{{"path", text}}
	}
	given, ok, err := pick(v, "path", "includeArrayIndex?", "preserveNullAndEmptyArrays?")
	if err != nil {
		return nil, err
	}
	s := &unwind{}
	text, err := stringAt("path", given[0])
	if err != nil {
		return nil, err
	}
	dotted, found := strings.CutPrefix(text, "$")
	if !found {
		return nil, invalidAt("path", "%q does not begin with $", text)
	}
	if s.path, err = fieldPath(dotted); err != nil {
		return nil, err
	}
	if ok[1] {
		if s.index, err = pathAt("includeArrayIndex", given[1]); err != nil {
			return nil, err
		}
	}
	if ok[2] {
		s.preserve, err = boolAt("preserveNullAndEmptyArrays", given[2])
	}
	return []step{s}, err
}

func (s *unwind) text() string { return "unwind " + s.path.String() }

func (s *unwind) open(_ *run, in source) (source, error) { return &unwinding{unwind: s, in: in}, nil }

type unwinding struct {
	*unwind
	in       source
	doc      document.Doc // whose elements are handed out
	elements document.Elements
	at       int64
	busy     bool
	passed   int
	b        document.Builder
}

func (s *unwinding) next(ctx context.Context) (document.Doc, bool, error) {
	for {
		if s.passed++; s.passed%checkEvery == 0 && ctx.Err() != nil {
			return document.Doc{}, false, ctx.Err()
		}
		if s.busy {
			if s.elements.Next() {
				s.at++
				return s.with(s.elements.Value(), document.Int(s.at-1)), true, nil
			}
			s.busy = false
			if err := s.elements.Err(); err != nil {
				return document.Doc{}, false, err
			}
		}
		doc, ok, err := s.in.next(ctx)
		if err != nil || !ok {
			return doc, false, err
		}
		if doc, ok = s.begin(doc); ok {
			return doc, true, nil
		}
	}
}

// begin takes a document in hand. It returns what becomes of one that has no
// elements, and reports whether anything does.
func (s *unwinding) begin(doc document.Doc) (document.Doc, bool) {
	v := nested(doc.Value(), s.path.Segments())
	s.doc = doc
	switch {
	case v.Kind() == document.Array && v.Len() > 0:
		s.busy, s.at, s.elements = true, 0, v.Elements()
		return document.Doc{}, false
	case v.Kind() > document.Null && v.Kind() != document.Array:
		return s.with(v, document.NullValue()), true
	case !s.preserve:
		return document.Doc{}, false
	case v.Kind() == document.Array:
		v = document.Value{}
	}
	return s.with(v, document.NullValue()), true
}

// with returns the document in hand with v in the place of the array.
func (s *unwinding) with(v, at document.Value) document.Doc {
	doc := setPath(&s.b, s.doc.Value(), s.path.Segments(), v)
	if names := s.index.Segments(); len(names) > 0 {
		doc = setPath(&s.b, doc, names, at)
	}
	return document.FromRaw(doc.Raw())
}

func (s *unwinding) close() { s.in.close() }

// nested returns what names lead to from v through objects alone.
func nested(v document.Value, names []string) document.Value {
	for _, name := range names {
		v = v.Field(name)
	}
	return v
}

// setPath returns object with v at a path that leads through objects alone. A
// missing v takes the field away. Values on the way that are no objects give way.
func setPath(b *document.Builder, object document.Value, names []string, v document.Value) document.Value {
	if !v.Exists() && !nested(object, names).Exists() {
		return object
	}
	b.Reset()
	writePath(b, object, names, v)
	return b.Built()
}

func writePath(b *document.Builder, object document.Value, names []string, v document.Value) {
	b.BeginObject()
	set := false
	put := func(old document.Value) {
		set = true
		if len(names) == 1 {
			b.Field(names[0], v)
			return
		}
		b.Key(names[0])
		writePath(b, old, names[1:], v)
	}
	if object.Kind() == document.Object {
		for fields := object.Fields(); fields.Next(); {
			if string(fields.Key()) == names[0] {
				put(fields.Value())
				continue
			}
			b.KeyBytes(fields.Key())
			b.Value(fields.Value())
		}
	}
	if !set {
		put(document.Value{})
	}
	b.End()
}
