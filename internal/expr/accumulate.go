package expr

import (
	"github.com/virgadb/virga/document"
)

// An Accumulator makes one value out of many. It serves one goroutine.
type Accumulator interface {
	// Add adds a value, which may be missing. It does not keep v's memory. An
	// accumulator that would need more than 16 MiB is ErrTooLarge.
	Add(v document.Value) error
	// Result returns the value made. The result may share memory with env, as that
	// of [Expr.Eval]. Nothing may be added afterwards.
	Result(env *Env) (document.Value, error)
	// Size returns the memory in use, in bytes, about.
	Size() int
}

// An Accumulation is a compiled accumulator operator, such as {$sum: "$price"}. It
// is immutable and safe for concurrent use.
type Accumulation struct {
	name    string
	operand *Expr
	make    func() Accumulator
}

// Name returns the operator's name, such as "$sum".
func (a *Accumulation) Name() string { return a.name }

// Operand returns the expression whose value, for each document, is what
// [Accumulator.Add] is given.
func (a *Accumulation) Operand() *Expr { return a.operand }

// New returns an accumulator of no values.
func (a *Accumulation) New() Accumulator { return a.make() }

// SumOf returns the path whose values a adds up, be it for their sum or their average. One
// accumulator can stand for those of all that add up the same: see [Accumulation.ResultOf].
func (a *Accumulation) SumOf() (path string, ok bool) {
	if a.name != "$sum" && a.name != "$avg" {
		return "", false
	}
	return a.operand.Path()
}

// ResultOf returns the result of acc, which is an accumulator of a or of one that adds up
// the same. Of a sum it may be asked for again.
func (a *Accumulation) ResultOf(acc Accumulator, env *Env) (document.Value, error) {
	if s, ok := acc.(*sumOf); ok {
		return s.result(env, a.name == "$avg"), nil
	}
	return acc.Result(env)
}

// CompileAccumulation compiles v, an object with the name of an accumulator as its
// only key. Errors are as of [Compile].
func CompileAccumulation(v any, s Scope) (*Accumulation, error) {
	for b, ok := v.(Builder); ok; b, ok = v.(Builder) {
		v = b.Expression()
	}
	fields, ok := document.Pairs(v)
	if !ok || len(fields) != 1 || !isOperator(fields[0].Key) {
		return nil, invalid("needs an object of one accumulator")
	}
	name := fields[0].Key
	row, ok := accumulators[name]
	if !ok {
		if _, known := foreign[name]; known {
			return nil, notImplemented(name)
		}
		return nil, invalid("unknown accumulator %s", name)
	}
	c := newCompiler(s)
	a := &Accumulation{name: name}
	at := place{name: name}
	var root node
	var err error
	if row.build != nil {
		root, a.make, err = row.build(c, at, fields[0].Value)
	} else {
		a.make = row.make
		root, err = c.single(at, fields[0].Value)
	}
	if err != nil {
		if !located(err) {
			err = at.fail(err)
		}
		return nil, err
	}
	a.operand = c.finish(root)
	return a, nil
}

// single compiles the operand of an accumulator: a list of one stands for its element.
func (c *compiler) single(at place, v any) (node, error) {
	if list, ok := document.List(v); ok {
		if len(list) != 1 {
			return nil, counted(len(list), 1, 1)
		}
		v = list[0]
	}
	return c.compile(v, at.under(""))
}

// An accumulator is a row of the table of accumulators.
type accumulator struct {
	make  func() Accumulator
	build func(c *compiler, at place, v any) (node, func() Accumulator, error)
}

// accumulators holds the operators that make one value of many.
var accumulators = map[string]accumulator{
	"$sum":          {make: func() Accumulator { return new(sumOf) }},
	"$avg":          {make: func() Accumulator { return &sumOf{average: true} }},
	"$stdDevPop":    {make: func() Accumulator { return new(deviation) }},
	"$stdDevSamp":   {make: func() Accumulator { return &deviation{sample: true} }},
	"$min":          {make: func() Accumulator { return &extreme{sign: -1} }},
	"$max":          {make: func() Accumulator { return &extreme{sign: 1} }},
	"$first":        {make: func() Accumulator { return new(firstOf) }},
	"$last":         {make: func() Accumulator { return new(lastOf) }},
	"$push":         {make: func() Accumulator { return new(pushed) }},
	"$addToSet":     {make: func() Accumulator { return new(setOf) }},
	"$mergeObjects": {make: func() Accumulator { return new(merged) }},
	"$count":        {build: buildCount},
	"$firstN":       {build: buildSome(func(n int) Accumulator { return &firstSome{n: n} })},
	"$lastN":        {build: buildSome(func(n int) Accumulator { return &lastSome{n: n} })},
	"$minN":         {build: buildSome(func(n int) Accumulator { return &ranked{n: n, by: []sortKey{{}}, least: true} })},
	"$maxN":         {build: buildSome(func(n int) Accumulator { return &ranked{n: n, by: []sortKey{{desc: true}}, least: true} })},
	"$top":          {build: buildTop(false, true)},
	"$topN":         {build: buildTop(false, false)},
	"$bottom":       {build: buildTop(true, true)},
	"$bottomN":      {build: buildTop(true, false)},
}

// reductions holds the accumulators that also stand in expressions, over the
// elements of one array or over several operands.
var reductions = table{
	"$sum":        {max: many, fn: reduceBy(func() Accumulator { return new(sumOf) })},
	"$avg":        {max: many, fn: reduceBy(func() Accumulator { return &sumOf{average: true} })},
	"$stdDevPop":  {max: many, fn: reduceBy(func() Accumulator { return new(deviation) })},
	"$stdDevSamp": {max: many, fn: reduceBy(func() Accumulator { return &deviation{sample: true} })},
	"$min":        {max: many, fn: reduceBy(func() Accumulator { return &extreme{sign: -1} })},
	"$max":        {max: many, fn: reduceBy(func() Accumulator { return &extreme{sign: 1} })},
	"$minN":       {params: []string{"input", "n"}, fn: rankBy(false)},
	"$maxN":       {params: []string{"input", "n"}, fn: rankBy(true)},
}

// reduceBy returns the function of an accumulator as an operator.
func reduceBy(make func() Accumulator) function {
	return func(e *Env, args []document.Value) (document.Value, error) {
		a := make()
		if len(args) != 1 || args[0].Kind() != document.Array {
			for _, v := range args {
				if err := a.Add(v); err != nil {
					return missing, err
				}
			}
			return a.Result(e)
		}
		elements := args[0].Elements()
		for elements.Next() {
			if err := a.Add(elements.Value()); err != nil {
				return missing, err
			}
		}
		if err := elements.Err(); err != nil {
			return missing, err
		}
		return a.Result(e)
	}
}

func rankBy(desc bool) function {
	return func(e *Env, args []document.Value) (document.Value, error) {
		n, err := howMany(args)
		if err != nil {
			return missing, err
		}
		r := &ranked{n: n, by: []sortKey{{desc: desc}}, least: true}
		for elements := args[0].Elements(); elements.Next(); {
			if nullish(elements.Value()) {
				continue
			}
			if err := r.Add(elements.Value()); err != nil {
				return missing, err
			}
		}
		return r.Result(e)
	}
}

// buildCount compiles $count, which takes nothing and counts documents.
func buildCount(_ *compiler, _ place, v any) (node, func() Accumulator, error) {
	if fields, ok := document.Pairs(v); !ok || len(fields) > 0 {
		return nil, nil, invalid("needs an empty object")
	}
	return constant{document.Int(1)}, func() Accumulator { return new(sumOf) }, nil
}

// constantN returns the n of an accumulator, which must be the same for all.
func constantN(c *compiler, at place, v any) (int, error) {
	n, err := c.compile(v, at.under("n"))
	if err != nil {
		return 0, err
	}
	known, ok := n.(constant)
	if !ok {
		return 0, mark(at.under("n"), invalid("needs a constant as n"))
	}
	return positiveInteger(known.value)
}

func buildSome(make func(n int) Accumulator) func(*compiler, place, any) (node, func() Accumulator, error) {
	return func(c *compiler, at place, v any) (node, func() Accumulator, error) {
		given, err := pick(v, []string{"input", "n"})
		if err != nil {
			return nil, nil, err
		}
		n, err := constantN(c, at, given[1].value)
		if err != nil {
			return nil, nil, err
		}
		input, err := c.compile(given[0].value, at.under("input"))
		return input, func() Accumulator { return make(n) }, err
	}
}
