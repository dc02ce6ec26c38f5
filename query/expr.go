package query

import (
	"errors"
	"fmt"
	"sync"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

// Expr asks that the expression e counts as true for the document: everything does
// but a missing value, null, false and zero. Expressions are those of the
// aggregation language, in Go's values or as the builders of package aggregate
// make them; they compare fields with one another:
//
//	query.Expr(virga.M{"$gt": []any{"$spent", "$budget"}})
//
// It is a whole filter, and joins others by And, Or and Not; it does not stand
// under a field. Indexes do not serve it.
func Expr(e any) Condition { return Condition{"$expr", []any{e}} }

// An expression is a condition that an expression makes. It is safe for concurrent
// use.
type expression struct {
	x    *expr.Expr
	envs sync.Pool // of *evaluation
}

// An evaluation is what the expression is evaluated in for one document.
type evaluation struct {
	env   *expr.Env
	stops int // how often it was asked to go on
}

// maxStops bounds what one expression may do for one document, in turns of loops
// by about 500.
const maxStops = 1 << 13

// expression compiles $expr.
func (c *compiler) expression(v any, s scope) (*node, error) {
	if s.path != "" || s.element {
		return nil, invalidAt(s.path, "$expr does not stand under a field")
	}
	x, err := expr.Compile(v, c.in)
	if err != nil {
		return nil, atExpression(err)
	}
	if value, ok := x.Constant(); ok {
		if expr.True(value) {
			return &node{op: opAlways}, nil
		}
		return &node{op: opNever}, nil
	}
	e := &expression{x: x}
	e.envs.New = func() any {
		run := &evaluation{}
		run.env = expr.NewEnv(expr.Options{Interrupt: run.stop})
		return run
	}
	return &node{op: opExpr, expr: e}, nil
}

// stop ends an evaluation that goes on for too long.
func (r *evaluation) stop() error {
	if r.stops++; r.stops > maxStops {
		return fmt.Errorf("$expr loops for too long: %w", fault.ErrTooLarge)
	}
	return nil
}

// evaluates reports whether the expression counts as true for the document v.
func (m *matcher) evaluates(e *expression, v document.Value) bool {
	if m.env != nil && *m.env != nil {
		ok, err := e.x.Truth(*m.env, v)
		m.fail(atExpression(err))
		return ok
	}
	run := e.envs.Get().(*evaluation)
	ok, err := e.x.Truth(run.env, v)
	run.env.Reset()
	run.stops = 0
	e.envs.Put(run)
	m.fail(atExpression(err))
	return ok
}

// atExpression says that err is of an expression.
func atExpression(err error) error {
	if err == nil {
		return nil
	}
	var at *fault.PathError
	if errors.As(err, &at) && at == err {
		return fault.At(join("$expr", at.Path), at.Err)
	}
	return fault.At("$expr", err)
}
