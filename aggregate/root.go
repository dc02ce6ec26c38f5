package aggregate

import (
	"context"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
)

// A replaceRoot puts an object in the place of each document.
type replaceRoot struct{ value *expr.Expr }

func buildReplaceRoot(c *compiler, v any) ([]step, error) {
	given, _, err := pick(v, "newRoot")
	if err != nil {
		return nil, err
	}
	return buildReplaceWith(c, given[0])
}

func buildReplaceWith(c *compiler, v any) ([]step, error) {
	x, err := c.expression(v)
	if err != nil {
		return nil, err
	}
	return []step{&replaceRoot{x}}, nil
}

func (s *replaceRoot) text() string { return "replace root" }

func (s *replaceRoot) open(r *run, in source) (source, error) { return &replacing{s, r, in}, nil }

type replacing struct {
	*replaceRoot
	run *run
	in  source
}

func (s *replacing) next(ctx context.Context) (document.Doc, bool, error) {
	doc, ok, err := s.in.next(ctx)
	if err != nil || !ok {
		return doc, false, err
	}
	v, err := s.value.Eval(s.run.env, doc.Value())
	if err != nil {
		return document.Doc{}, false, err
	}
	if v.Kind() != document.Object {
		return document.Doc{}, false, invalid("the new root must be an object, found %s in document %s", v.Kind(), doc.ID())
	}
	return document.FromRaw(v.Raw()), true, nil
}

func (s *replacing) close() { s.in.close() }

// A redact decides for each document, and for each object inside of it, whether it
// is kept, left out, or looked into.
type redact struct {
	value *expr.Expr
	slot  int // of $$CURRENT
}

func buildRedact(c *compiler, v any) ([]step, error) {
	x, err := expr.Compile(v, expr.Scope{Now: c.filters.Now, Vars: append(c.vars[:len(c.vars):len(c.vars)], "CURRENT")})
	if err != nil {
		return nil, err
	}
	for _, name := range x.Vars() {
		c.used.outer = c.used.outer || name != "CURRENT"
	}
	c.used.random = c.used.random || x.Random()
	return []step{&redact{x, len(c.vars)}}, nil
}

func (s *redact) text() string { return "redact" }

func (s *redact) open(r *run, in source) (source, error) {
	return &redacting{redact: s, run: r, in: in}, nil
}

type redacting struct {
	*redact
	run *run
	in  source
	b   document.Builder
}

func (s *redacting) next(ctx context.Context) (document.Doc, bool, error) {
	for {
		doc, ok, err := s.in.next(ctx)
		if err != nil || !ok {
			return doc, false, err
		}
		verdict, err := s.decide(doc.Value(), doc.Value())
		switch {
		case err != nil:
			return document.Doc{}, false, err
		case verdict == pruned:
			continue
		case verdict == kept:
			return doc, true, nil
		}
		s.b.Reset()
		if err := s.object(doc.Value(), doc.Value()); err != nil {
			return document.Doc{}, false, err
		}
		return document.FromRaw(s.b.Built().Raw()), true, nil
	}
}

type verdict uint8

const (
	descended verdict = iota
	pruned
	kept
)

func (s *redacting) decide(root, v document.Value) (verdict, error) {
	s.run.env.Set(s.slot, v)
	out, err := s.value.Eval(s.run.env, root)
	if err != nil {
		return 0, err
	}
	switch text, _ := out.Text(); text {
	case "$$DESCEND":
		return descended, nil
	case "$$PRUNE":
		return pruned, nil
	case "$$KEEP":
		return kept, nil
	}
	return 0, invalid("the expression must yield $$DESCEND, $$PRUNE or $$KEEP, not %s", out.Kind())
}

// object writes an object that is looked into.
func (s *redacting) object(root, v document.Value) error {
	s.b.BeginObject()
	fields := v.Fields()
	for fields.Next() {
		if err := s.member(root, fields.Key(), fields.Value()); err != nil {
			return err
		}
	}
	s.b.End()
	return fields.Err()
}

// member writes a field, or an element when it has no key.
func (s *redacting) member(root document.Value, key []byte, v document.Value) error {
	name := func() {
		if key != nil {
			s.b.KeyBytes(key)
		}
	}
	switch v.Kind() {
	case document.Array:
		name()
		s.b.BeginArray()
		elements := v.Elements()
		for elements.Next() {
			if err := s.member(root, nil, elements.Value()); err != nil {
				return err
			}
		}
		s.b.End()
		return elements.Err()
	case document.Object:
		verdict, err := s.decide(root, v)
		if err != nil || verdict == pruned {
			return err
		}
		name()
		if verdict == descended {
			return s.object(root, v)
		}
	default:
		name()
	}
	s.b.Value(v)
	return nil
}

func (s *redacting) close() { s.in.close() }
