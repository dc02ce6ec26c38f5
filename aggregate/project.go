package aggregate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

// A reshape gives documents another shape.
type reshape struct {
	shape
	name   string
	values *expr.Tuple // of the computed fields
	exprs  []*expr.Expr
	reads  paths    // of the expressions
	writes []string // paths it computes or leaves out
	blocks []string // paths that it may change
	kept   []string // paths it leaves as they are, when it keeps no others

	changes pathSet         // blocks
	chosen  map[string]bool // kept
}

// A choice is what a $project says of one path.
type choice struct {
	path  document.Path
	value *expr.Expr
	keep  bool
}

func buildProject(c *compiler, v any) ([]step, error) {
	fields, ok := document.Pairs(plain(v))
	if !ok || len(fields) == 0 {
		return nil, invalid("needs an object of at least one field")
	}
	var list []choice
	if err := c.choices(&list, "", fields); err != nil {
		return nil, err
	}
	excludes, err := modeOf(list)
	if err != nil {
		return nil, err
	}
	s := &reshape{name: "project"}
	s.keep = excludes
	if !excludes && !slices.ContainsFunc(list, choice.ofID) {
		s.put(shapeField{name: "_id"})
		s.note("_id", shapeField{})
	}
	for _, one := range list {
		f := shapeField{value: one.value, drop: one.value == nil && !one.keep}
		if excludes && one.keep {
			continue // _id, which is kept anyhow
		}
		if err := s.set(one.path, f); err != nil {
			return nil, err
		}
	}
	s.values = expr.Join(s.exprs...)
	return []step{s}, nil
}

// set says what becomes of what is at path.
func (s *reshape) set(path document.Path, f shapeField) error {
	if f.value != nil {
		f.at = len(s.exprs)
		s.exprs = append(s.exprs, f.value)
	}
	if err := s.add(path, f); err != nil {
		return err
	}
	s.note(path.String(), f)
	return nil
}

// ofID reports whether c is about _id, or something in it.
func (c choice) ofID() bool { return c.path.Segments()[0] == "_id" }

// note notes what becomes of what is at path.
func (s *reshape) note(path string, f shapeField) {
	switch {
	case f.value != nil:
		s.reads.expr(f.value)
		s.writes = append(s.writes, path)
		first, _, _ := strings.Cut(path, ".") // what is no object on the way becomes one
		s.blocks = append(s.blocks, first)
		s.changes.add(first)
	case f.drop:
		s.writes = append(s.writes, path)
		s.blocks = append(s.blocks, path)
		s.changes.add(path)
	default:
		if s.chosen == nil {
			s.chosen = map[string]bool{}
		}
		s.kept = append(s.kept, path)
		s.chosen[path] = true
	}
}

// modeOf reports whether the choices leave fields out rather than choose some.
func modeOf(list []choice) (excludes bool, err error) {
	drop, keep := "", ""
	idKept := false
	for _, one := range list {
		path := one.path.String()
		switch {
		case one.value == nil && path == "_id":
			idKept = one.keep
		case one.value == nil && !one.keep:
			drop = path
		default:
			keep = path
		}
	}
	switch {
	case drop != "" && keep != "":
		return false, invalidAt(drop, "a field cannot be left out where others, such as %s, are chosen", keep)
	case drop == "" && keep == "":
		return !idKept, nil // only _id is spoken of
	}
	return drop != "", nil
}

// choices adds what fields, which stand below prefix, say.
func (c *compiler) choices(list *[]choice, prefix string, fields []document.E) error {
	for _, f := range fields {
		name := prefix + f.Key
		path, err := fieldPath(name)
		if err != nil {
			return err
		}
		value := plain(f.Value)
		nested, isObject := document.Pairs(value)
		if isObject && !isExpression(nested) {
			if len(nested) == 0 {
				return invalidAt(name, "an empty object says nothing")
			}
			if err := c.choices(list, name+".", nested); err != nil {
				return err
			}
			continue
		}
		if len(*list) == maxPaths {
			return tooManyPaths()
		}
		one := choice{path: path}
		if keep, ok := flagOf(value); ok {
			one.keep = keep
		} else if one.value, err = c.expression(value); err != nil {
			return err
		}
		*list = append(*list, one)
	}
	return nil
}

// tooManyPaths refuses a stage as of objects in objects that are one and the same, which
// name more paths than can be counted.
func tooManyPaths() error {
	return fmt.Errorf("more than %d paths: %w", maxPaths, fault.ErrTooLarge)
}

// isExpression reports whether an object is an operator.
func isExpression(fields []document.E) bool {
	return len(fields) > 0 && strings.HasPrefix(fields[0].Key, "$")
}

// flagOf reports what a value that chooses a field or leaves it out says.
func flagOf(v any) (keep, ok bool) {
	switch v.(type) {
	case string, document.Command:
		return false, false
	}
	value, err := document.Of(v)
	if err != nil {
		return false, false
	}
	if b, ok := value.Bool(); ok {
		return b, true
	}
	f, ok := value.Float64()
	return f != 0, ok
}

func buildAddFields(c *compiler, v any) ([]step, error) {
	fields, ok := document.Pairs(plain(v))
	if !ok || len(fields) == 0 {
		return nil, invalid("needs an object of at least one field")
	}
	s := &reshape{name: "add"}
	s.keep = true
	if err := c.additions(s, "", fields); err != nil {
		return nil, err
	}
	s.values = expr.Join(s.exprs...)
	return []step{s}, nil
}

func (c *compiler) additions(s *reshape, prefix string, fields []document.E) error {
	for _, f := range fields {
		name := prefix + f.Key
		path, err := fieldPath(name)
		if err != nil {
			return err
		}
		value := plain(f.Value)
		if nested, ok := document.Pairs(value); ok && len(nested) > 0 && !isExpression(nested) {
			if err := c.additions(s, name+".", nested); err != nil {
				return err
			}
			continue
		}
		if len(s.writes) == maxPaths {
			return tooManyPaths()
		}
		x, err := c.expression(value)
		if err != nil {
			return err
		}
		if err := s.set(path, shapeField{value: x}); err != nil {
			return err
		}
	}
	return nil
}

func buildUnset(_ *compiler, v any) ([]step, error) {
	list, ok := document.List(v)
	if !ok {
		list = []any{v}
	}
	if len(list) == 0 {
		return nil, invalid("needs at least one path")
	}
	s := &reshape{name: "unset"}
	s.keep = true
	for _, one := range list {
		text, ok := textOf(one)
		if !ok {
			return nil, invalid("needs a path or a list of paths")
		}
		path, err := fieldPath(text)
		if err != nil {
			return nil, err
		}
		if err := s.set(path, shapeField{drop: true}); err != nil {
			return nil, err
		}
	}
	return []step{s}, nil
}

// leaves reports whether what path leads to is the same before and after.
func (s *reshape) leaves(path string) bool {
	if s.changes.touches(path) {
		return false
	}
	if s.keep {
		return true
	}
	for top := range tops(path) {
		// A number in a path is a name here, and may be a place in an array elsewhere.
		if s.chosen[top] && (!strings.Contains(top, ".") || !strings.ContainsAny(path, "0123456789")) {
			return true
		}
	}
	return false
}

func (s *reshape) text() string {
	switch {
	case len(s.writes) > 0 && s.keep:
		return s.name + " " + strings.Join(s.writes, ", ")
	case s.name == "project":
		return s.name + " " + strings.Join(append(s.kept[:len(s.kept):len(s.kept)], s.writes...), ", ")
	}
	return s.name
}

func (s *reshape) open(r *run, in source) (source, error) {
	return &reshaping{reshape: s, in: in, w: shaping{env: r.env, values: s.values}}, nil
}

type reshaping struct {
	*reshape
	in source
	w  shaping
}

func (s *reshaping) next(ctx context.Context) (document.Doc, bool, error) {
	doc, ok, err := s.in.next(ctx)
	if err != nil || !ok {
		return doc, false, err
	}
	doc, err = s.w.apply(&s.shape, doc)
	return doc, err == nil, err
}

func (s *reshaping) close() { s.in.close() }
