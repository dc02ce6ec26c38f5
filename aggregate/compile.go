package aggregate

import (
	"fmt"
	"slices"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

// The limits of one pipeline.
const (
	maxStages     = 1000
	maxNesting    = 20
	maxLevels     = 100     // of conditions inside one another, as in a filter
	maxConditions = 1 << 16 // of one $match, as in a filter
	maxPaths      = 1 << 16 // of one stage that gives documents another shape
)

// A Program is a compiled pipeline. It is immutable and safe for concurrent use.
type Program struct {
	access access // what is asked of the collection
	steps  []step // what is done with it
	sink   sink   // where the documents go, nil for the caller
	vars   int    // variables bound from outside
	plain  bool   // stages stay where they stand
	used   uses
}

// A step is a compiled stage. It is immutable.
type step interface {
	// open returns the documents that the step makes of those of in, which it owns
	// from then on, also on an error.
	open(r *run, in source) (source, error)
	// text describes the step in a line.
	text() string
}

// uses is what a pipeline depends on besides its collection.
type uses struct {
	outer  bool // variables of the pipeline around
	random bool
}

// Compile compiles stages: objects of one field, whose name is that of the stage,
// in MongoDB's form, or what the methods of [Pipeline] make. Now is the time of
// the operation. What is malformed is ErrInvalid and names the stage; stages this
// version does not have are ErrNotImplemented.
func Compile(stages []any, now time.Time) (*Program, error) {
	return CompileIn(stages, Scope{Filters: expr.Scope{Now: now}})
}

// CompilePlain is [Compile], but the stages stay where they stand. It is for tests.
func CompilePlain(stages []any, now time.Time) (*Program, error) {
	return CompileIn(stages, Scope{Filters: expr.Scope{Now: now}, Plain: true})
}

// A Scope is what a pipeline is compiled in.
type Scope struct {
	// Filters is what filters are compiled in: the time of the operation, and what
	// compiles the operand of $jsonSchema. It has no variables.
	Filters expr.Scope
	// Meant returns the conditions that those given to a stage stand for, be the stage
	// of the pipeline or of one within it. Nil: those given.
	Meant func(cond any) (any, error)
	// Plain leaves the stages where they stand.
	Plain bool
}

// CompileIn is [Compile] in a scope.
func CompileIn(stages []any, s Scope) (*Program, error) {
	c := &compiler{filters: s.Filters, meant: s.Meant, plain: s.Plain}
	return c.program(stages)
}

// A compiler compiles one pipeline. It belongs to one goroutine.
type compiler struct {
	filters expr.Scope // what filters are compiled in; it has no variables
	meant   func(cond any) (any, error)
	vars    []string // bound from outside, in the order of their slots
	depth   int
	sub     string // the stage that the pipeline is part of, empty for none
	plain   bool   // nothing is moved
	level   int    // of the condition that is being taken apart
	left    int    // how many more conditions the $match may have
	used    uses
}

// within returns the compiler of a pipeline that is part of a stage.
func (c *compiler) within(stage string, vars []string) *compiler {
	return &compiler{filters: c.filters, meant: c.meant, vars: append(slices.Clip(c.vars), vars...), depth: c.depth + 1, sub: stage, plain: c.plain}
}

func (c *compiler) program(stages []any) (*Program, error) {
	if c.depth > maxNesting {
		return nil, fmt.Errorf("pipelines are nested more than %d levels: %w", maxNesting, fault.ErrTooLarge)
	}
	if len(stages) > maxStages {
		return nil, fmt.Errorf("%d stages, the limit is %d: %w", len(stages), maxStages, fault.ErrTooLarge)
	}
	p := &Program{vars: len(c.vars), access: access{filters: c.filters}}
	for i, v := range stages {
		if err := c.stage(p, v, i == 0, i == len(stages)-1); err != nil {
			return nil, at(i, v, err)
		}
	}
	p.used = c.used
	p.plain = c.plain
	if !c.plain {
		p.optimise(c.sub != "$facet")
	}
	return p, nil
}

// at says which stage err is about.
func at(i int, v any, err error) error {
	name := ""
	if fields, ok := document.Pairs(v); ok && len(fields) == 1 {
		name = ", " + fields[0].Key
	}
	return fmt.Errorf("stage %d%s: %w", i+1, name, err)
}

// stage compiles one stage and adds it to p.
func (c *compiler) stage(p *Program, v any, first, last bool) error {
	fields, ok := document.Pairs(v)
	if !ok || len(fields) != 1 {
		return invalid("a stage is an object of one field")
	}
	name := fields[0].Key
	if _, ok := unavailable[name]; ok {
		return fmt.Errorf("%s: %w", name, fault.ErrNotImplemented)
	}
	if build := sinkOf(name); build != nil {
		switch {
		case c.sub != "":
			return invalid("it cannot be part of a %s", c.sub)
		case !last:
			return invalid("it must be the last stage")
		}
		var err error
		p.sink, err = build(c, fields[0].Value)
		return err
	}
	if name == "$geoNear" {
		return c.geoNear(p, fields[0].Value, first)
	}
	build, ok := stageTable()[name]
	if !ok {
		return invalid("unknown stage %q", name)
	}
	steps, err := build(c, fields[0].Value)
	p.steps = append(p.steps, steps...)
	return err
}

// expression compiles v and notes what it depends on.
func (c *compiler) expression(v any) (*expr.Expr, error) {
	x, err := expr.Compile(v, expr.Scope{Now: c.filters.Now, Vars: c.vars})
	if err == nil {
		c.note(x)
	}
	return x, err
}

func (c *compiler) note(x *expr.Expr) {
	c.used.outer = c.used.outer || len(x.Vars()) > 0
	c.used.random = c.used.random || x.Random()
}

func (c *compiler) accumulation(v any) (*expr.Accumulation, error) {
	a, err := expr.CompileAccumulation(v, expr.Scope{Now: c.filters.Now, Vars: c.vars})
	if err == nil {
		c.note(a.Operand())
	}
	return a, err
}

// join notes what a pipeline within this one depends on. own is how many of its
// variables are not this pipeline's.
func (c *compiler) join(p *Program, own bool) {
	c.used.random = c.used.random || p.used.random
	if !own {
		c.used.outer = c.used.outer || p.used.outer
	} else {
		// Which of the variables it reads are outer ones is not kept: it may be any.
		c.used.outer = c.used.outer || p.used.outer && len(c.vars) > 0
	}
}

// invalid returns an ErrInvalid that says what is wrong.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), fault.ErrInvalid)
}

// invalidAt is invalid with the path at fault.
func invalidAt(path, format string, args ...any) error {
	return fault.At(path, invalid(format, args...))
}
