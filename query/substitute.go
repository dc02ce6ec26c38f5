package query

import (
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// Substitute returns v, a filter, the data of an update or a document in any form,
// with each string in it for which replace returns true replaced by what it
// returns. Commands are entered; names of fields and regular expressions are left
// alone. Where nothing is replaced v comes back as it is, otherwise the parts that
// changed are new and v stays untouched. More than twice [document.MaxDepth] levels, and
// more than [document.MaxSize] values, are ErrTooLarge.
func Substitute(v any, replace func(string) (string, bool)) (any, error) {
	s := substitution{replace: replace, left: document.MaxSize}
	out, _ := s.in(v, 0)
	if s.tooDeep {
		return nil, fmt.Errorf("more than %d levels: %w", 2*document.MaxDepth, fault.ErrTooLarge)
	}
	if s.left < 0 {
		return nil, fmt.Errorf("more than %d values: %w", document.MaxSize, fault.ErrTooLarge)
	}
	return out, nil
}

type substitution struct {
	replace func(string) (string, bool)
	tooDeep bool
	left    int // how many more values there may be: a map of maps that are one has many
}

// in returns v with its strings replaced, and whether there was one to replace.
func (s *substitution) in(v any, depth int) (any, bool) {
	if depth++; depth > 2*document.MaxDepth {
		s.tooDeep = true
	}
	s.left--
	if s.tooDeep || s.left < 0 {
		return v, false
	}
	switch x := v.(type) {
	case string:
		if text, ok := s.replace(x); ok {
			return text, true
		}
		return v, false
	case Condition:
		if x.op == "$regex" {
			return v, false
		}
		args, changed := s.list(x.args, depth)
		return Condition{x.op, args}, changed
	case UpdateCommand:
		operand, changed := s.in(x.operand, depth)
		return UpdateCommand{x.operator, operand}, changed
	case document.Value:
		return s.value(x, depth)
	}
	if inner, raw := unwrapRaw(v); raw {
		out, changed := s.in(inner, depth)
		return Raw(out), changed
	}
	return s.container(v, depth)
}

// value is in for a document.Value.
func (s *substitution) value(v document.Value, depth int) (any, bool) {
	if v.Kind() == document.String {
		text, ok := s.replace(string(v.Bytes()))
		if !ok {
			return v, false
		}
		return text, true
	}
	if v.Kind() != document.Object && v.Kind() != document.Array {
		return v, false
	}
	return s.container(v, depth)
}

// container is in for whatever is like an object or like an array.
func (s *substitution) container(v any, depth int) (any, bool) {
	if list, ok := document.List(v); ok {
		out, changed := s.list(list, depth)
		if changed {
			return out, true
		}
		return v, false
	}
	fields, ok := document.Pairs(v)
	if !ok {
		return v, false
	}
	var out document.D
	for i, f := range fields {
		if f.Key == "$regex" || f.Key == "$options" {
			continue
		}
		value, changed := s.in(f.Value, depth)
		if !changed {
			continue
		}
		if out == nil {
			out = append(document.D{}, fields...)
		}
		out[i].Value = value
	}
	if out == nil {
		return v, false
	}
	return out, true
}

func (s *substitution) list(list []any, depth int) ([]any, bool) {
	var out []any
	for i, v := range list {
		value, changed := s.in(v, depth)
		if !changed {
			continue
		}
		if out == nil {
			out = append([]any{}, list...)
		}
		out[i] = value
	}
	if out == nil {
		return list, false
	}
	return out, true
}
