package aggregate

import (
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
)

// outputs are the fields of a group that are accumulated. An accumulator may serve
// several of them: of one path the sum and the average come from the same.
type outputs struct {
	fields []output
	accs   []accumulation
	values *expr.Tuple // of operands, where the outputs stand alone

	named map[string]bool // the names of fields
	sums  map[string]int  // by path, the accumulator of its sum
}

// An output is one of the fields.
type output struct {
	name string
	by   *expr.Accumulation
	acc  int // the place of the accumulator that it is the result of
}

// An accumulation is what is accumulated for one field or more.
type accumulation struct {
	by   *expr.Accumulation
	flat bool // it has a fixed size
}

// output compiles the accumulator of one field.
func (c *compiler) output(to *outputs, f document.E) error {
	if !nameable(f.Key) || f.Key == "_id" {
		return invalid("%q cannot name a field here", f.Key)
	}
	if to.named[f.Key] {
		return invalidAt(f.Key, "the field is given twice")
	}
	a, err := c.accumulation(f.Value)
	if err != nil {
		return err
	}
	if to.named == nil {
		to.named, to.sums = map[string]bool{}, map[string]int{}
	}
	to.named[f.Key] = true
	to.fields = append(to.fields, output{f.Key, a, to.accumulator(a)})
	return nil
}

// accumulator returns the place of the accumulator that a has its result of.
func (o *outputs) accumulator(a *expr.Accumulation) int {
	path, isSum := a.SumOf()
	if at, ok := o.sums[path]; ok && isSum {
		return at
	}
	o.accs = append(o.accs, accumulation{a, fixed(a)})
	if isSum {
		o.sums[path] = len(o.accs) - 1
	}
	return len(o.accs) - 1
}

// fixed reports whether an accumulator needs the same memory for any number of
// values.
func fixed(a *expr.Accumulation) bool {
	switch a.Name() {
	case "$count", "$stdDevPop", "$stdDevSamp":
		return true
	case "$sum", "$avg":
		one, ok := a.Operand().Constant()
		return ok && one.IsInt()
	}
	return false
}

// outputsOf compiles the output parameter of $bucket and $bucketAuto, by default
// a count.
func (c *compiler) outputsOf(v any, given bool) (list outputs, err error) {
	if !given {
		v = document.D{{"count", document.D{{"$sum", 1}}}}
	}
	fields, ok := document.Pairs(plain(v))
	if !ok {
		return list, invalidAt("output", "needs an object")
	}
	for _, f := range fields {
		if err := c.output(&list, f); err != nil {
			return list, err
		}
	}
	list.values = expr.Join(list.operands()...)
	return list, nil
}

// operands returns what is accumulated, by accumulator.
func (o *outputs) operands() []*expr.Expr {
	list := make([]*expr.Expr, len(o.accs))
	for i, one := range o.accs {
		list[i] = one.by.Operand()
	}
	return list
}

// begin returns the accumulators of a new group.
func (o *outputs) begin() []expr.Accumulator {
	accs := make([]expr.Accumulator, len(o.accs))
	for i, one := range o.accs {
		accs[i] = one.by.New()
	}
	return accs
}

// add adds a document to a group.
func (o *outputs) add(env *expr.Env, accs []expr.Accumulator, root document.Value) error {
	if err := o.values.Begin(env, root); err != nil {
		return err
	}
	for i := range o.accs {
		v, err := o.values.At(env, i)
		if err == nil {
			err = accs[i].Add(v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// finish returns the document of a group.
func (o *outputs) finish(env *expr.Env, b *document.Builder, id document.Value, accs []expr.Accumulator) (document.Doc, error) {
	b.Reset()
	b.BeginObject()
	b.Field("_id", id)
	for _, one := range o.fields {
		v, err := one.by.ResultOf(accs[one.acc], env)
		if err != nil {
			return document.Doc{}, err
		}
		b.Field(one.name, v)
	}
	b.End()
	return document.FromRaw(b.Built().Raw()), nil
}
