package aggregate

import (
	"context"
	"fmt"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// flattened marks the conditions of a $match that came through the door where an
// object inside an object speaks of paths.
type flattened struct{ cond any }

// A match lets documents through that meet a condition.
type match struct{ cond conjunct }

// A conjunct is one of several conditions that all must hold.
type conjunct struct {
	spec   any           // what filter was compiled from
	filter *query.Filter // nil asks for nothing
	cond   cond          // when it holds expressions: then filter only is what follows from it
	reads  paths
}

// A cond is a condition that holds expressions.
type cond interface {
	holds(r *run, d document.Doc) (bool, error)
}

func buildMatch(c *compiler, v any) ([]step, error) {
	v, err := c.condition(v)
	if err != nil {
		return nil, err
	}
	c.left = maxConditions
	conjuncts, err := c.conjuncts(v)
	if err != nil {
		return nil, err
	}
	steps := make([]step, len(conjuncts))
	for i, one := range conjuncts {
		steps[i] = &match{one}
	}
	return steps, nil
}

// condition returns the condition v of a stage as it is meant.
func (c *compiler) condition(v any) (any, error) {
	if c.meant == nil {
		return v, nil
	}
	if f, ok := v.(flattened); ok {
		cond, err := c.meant(f.cond)
		return flattened{cond}, err
	}
	return c.meant(v)
}

// filter compiles the condition v of a stage that asks it of a collection.
func (c *compiler) filter(v any) (*query.Filter, error) {
	v, err := c.condition(v)
	if err != nil {
		return nil, err
	}
	f, flat := v.(flattened)
	if flat {
		v = f.cond
	}
	return query.CompileFilterIn(wrapped(v, flat), c.filters)
}

// conjuncts takes a condition apart into what all must hold.
func (c *compiler) conjuncts(v any) ([]conjunct, error) {
	c.level++
	defer func() { c.level-- }()
	if c.level > maxLevels {
		return nil, fmt.Errorf("conditions are nested more than %d levels: %w", maxLevels, fault.ErrTooLarge)
	}
	if c.left--; c.left < 0 {
		return nil, fmt.Errorf("more than %d conditions: %w", maxConditions, fault.ErrTooLarge)
	}
	flat := false
	if f, ok := v.(flattened); ok {
		v, flat = f.cond, true
	}
	fields, ok := document.Pairs(v)
	if _, command := v.(document.Command); command || !ok {
		return c.filterConjunct(v, flat)
	}
	var list []conjunct
	for _, f := range fields {
		more, err := c.conjunct(f, flat)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

// wrapped returns v as filters take it.
func wrapped(v any, flat bool) any {
	if flat {
		return v
	}
	return query.Raw(v)
}

func (c *compiler) filterConjunct(v any, flat bool) ([]conjunct, error) {
	spec := wrapped(v, flat)
	filter, err := query.CompileFilterIn(spec, c.filters)
	if err != nil {
		return nil, err
	}
	if near := filter.Near(); near != nil {
		return nil, invalidAt(near.Path(), "$near orders documents, which $match does not: use $geoNear")
	}
	one := conjunct{spec: spec, filter: filter}
	one.reads.term(filter.Term())
	return []conjunct{one}, nil
}

// conjunct compiles one field of an object of conditions.
func (c *compiler) conjunct(f document.E, flat bool) ([]conjunct, error) {
	list, isList := document.List(f.Value)
	switch {
	case f.Key == "$expr":
		x, err := c.expression(f.Value)
		if err != nil {
			return nil, err
		}
		one := conjunct{cond: exprCond{x, c.pins(f.Value)}}
		one.reads.expr(x)
		return []conjunct{one}, nil
	case f.Key == "$and" && isList && len(list) > 0:
		var all []conjunct
		for _, v := range list {
			more, err := c.conjuncts(again(v, flat))
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	case (f.Key == "$or" || f.Key == "$nor") && isList && len(list) > 0 && hasExpr(f.Value):
		return c.alternatives(f.Key == "$nor", list, flat)
	}
	return c.filterConjunct(document.D{f}, flat)
}

func again(v any, flat bool) any {
	if flat {
		return flattened{v}
	}
	return v
}

// alternatives compiles an $or, or a $nor, that holds expressions.
func (c *compiler) alternatives(nor bool, list []any, flat bool) ([]conjunct, error) {
	a := &alternatives{nor: nor}
	one := conjunct{cond: a}
	for _, v := range list {
		all, err := c.conjuncts(again(v, flat))
		if err != nil {
			return nil, err
		}
		for i := range all {
			one.reads.join(&all[i].reads)
		}
		a.kids = append(a.kids, all)
	}
	if one.spec = a.implied(); one.spec != nil {
		// What is too large to be asked once more is not.
		one.filter, _ = query.CompileFilterIn(one.spec, c.filters)
	}
	return []conjunct{one}, nil
}

// hasExpr reports whether a condition holds an expression at any place where one
// may stand. It reports false for one with more parts than a filter has.
func hasExpr(v any) bool {
	parts := maxConditions
	return exprWithin(v, maxLevels, &parts)
}

func exprWithin(v any, levels int, parts *int) bool {
	if *parts--; *parts < 0 || levels < 0 {
		return false
	}
	if list, ok := document.List(v); ok {
		for _, e := range list {
			if exprWithin(e, levels, parts) {
				return true
			}
		}
		return false
	}
	if _, ok := v.(document.Command); ok {
		return false
	}
	fields, _ := document.Pairs(v)
	for _, f := range fields {
		if f.Key == "$expr" || strings.HasPrefix(f.Key, "$") && exprWithin(f.Value, levels-1, parts) {
			return true
		}
	}
	return false
}

// An exprCond is an $expr.
type exprCond struct {
	x    *expr.Expr
	pins []pin
}

// pins returns the fields that must equal something that does not depend on the
// document, if the expression v is to be true.
func (c *compiler) pins(v any) []pin {
	fields, ok := document.Pairs(plain(v))
	if !ok || len(fields) != 1 {
		return nil
	}
	list, _ := document.List(plain(fields[0].Value))
	var found []pin
	switch {
	case fields[0].Key == "$and":
		for _, one := range list {
			found = append(found, c.pins(one)...)
		}
	case fields[0].Key == "$eq" && len(list) == 2:
		for i := range list {
			field, err := c.expression(list[i])
			if err != nil {
				continue
			}
			path, ok := field.Path()
			if !ok || strings.HasPrefix(path, "$") { // which $getField reads and a filter cannot name
				continue
			}
			x, err := c.expression(list[1-i])
			if err != nil || x.Random() {
				continue
			}
			if paths, whole := x.Paths(); len(paths) == 0 && !whole {
				found = append(found, pin{path, x})
			}
		}
	}
	return found
}

func (e exprCond) holds(r *run, d document.Doc) (bool, error) { return e.x.Truth(r.env, d.Value()) }

// alternatives is an $or, or a $nor.
type alternatives struct {
	nor  bool
	kids [][]conjunct
}

// implied returns a condition without expressions that every document meets that
// meets a, nil when there is none. A collection can be asked for it, and rules can
// take it as proof.
func (a *alternatives) implied() any {
	var list []any
	for _, kid := range a.kids {
		var specs []any
		exact := true
		for i := range kid {
			if kid[i].spec != nil {
				specs = append(specs, kid[i].spec)
			}
			if kid[i].cond != nil {
				exact = false
			}
		}
		switch {
		case a.nor && !exact: // it may be an expression that does not hold
		case len(specs) > 0:
			list = append(list, query.And(specs...))
		case !a.nor:
			return nil
		}
	}
	switch {
	case len(list) == 0:
		return nil
	case a.nor:
		return query.Nor(list...)
	}
	return query.Or(list...)
}

func (a *alternatives) holds(r *run, d document.Doc) (bool, error) {
	for _, kid := range a.kids {
		ok, err := holdAll(r, kid, d)
		if err != nil {
			return false, err
		}
		if ok {
			return !a.nor, nil
		}
	}
	return a.nor, nil
}

func holdAll(r *run, all []conjunct, d document.Doc) (bool, error) {
	for i := range all {
		if ok, err := all[i].holds(r, d); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func (c *conjunct) holds(r *run, d document.Doc) (bool, error) {
	if c.cond != nil {
		return c.cond.holds(r, d)
	}
	return c.filter.Match(d)
}

func (m *match) text() string { return "filter" }

func (m *match) open(r *run, in source) (source, error) { return &matching{m, r, in, 0}, nil }

type matching struct {
	*match
	run    *run
	in     source
	passed int
}

func (m *matching) next(ctx context.Context) (document.Doc, bool, error) {
	for {
		if m.passed++; m.passed%checkEvery == 0 && ctx.Err() != nil {
			return document.Doc{}, false, ctx.Err()
		}
		doc, ok, err := m.in.next(ctx)
		if err != nil || !ok {
			return doc, false, err
		}
		ok, err = m.cond.holds(m.run, doc)
		if err != nil || ok {
			return doc, ok, err
		}
	}
}

func (m *matching) close() { m.in.close() }
