package aggregate

import (
	"context"
	"fmt"
	"sort"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
)

// A bucket makes one document of all whose value lies between two boundaries.
type bucket struct {
	value      *expr.Expr
	boundaries []document.Value
	other      document.Value // the _id of what lies nowhere; missing when that is an error
	outputs    outputs
}

func buildBucket(c *compiler, v any) ([]step, error) {
	given, ok, err := pick(v, "groupBy", "boundaries", "default?", "output?")
	if err != nil {
		return nil, err
	}
	s := &bucket{}
	if s.value, err = c.groupBy(given[0]); err != nil {
		return nil, err
	}
	if s.boundaries, err = c.boundaries(given[1]); err != nil {
		return nil, err
	}
	if ok[2] {
		if s.other, err = c.constant("default", given[2]); err != nil {
			return nil, err
		}
		first, last := s.boundaries[0], s.boundaries[len(s.boundaries)-1]
		if document.Compare(s.other, first) >= 0 && document.Compare(s.other, last) < 0 {
			return nil, invalidAt("default", "it lies between the boundaries")
		}
	}
	s.outputs, err = c.outputsOf(given[3], ok[3])
	return []step{s}, err
}

// groupBy compiles the parameter of that name: a path or an operator.
func (c *compiler) groupBy(v any) (*expr.Expr, error) {
	v = plain(v)
	text, isText := textOf(v)
	fields, isObject := document.Pairs(v)
	if !(isText && len(text) > 0 && text[0] == '$') && !(isObject && isExpression(fields)) {
		return nil, invalidAt("groupBy", "needs a path that begins with $, or an operator")
	}
	return c.expression(v)
}

func (c *compiler) boundaries(v any) ([]document.Value, error) {
	list, ok := document.List(plain(v))
	if !ok || len(list) < 2 {
		return nil, invalidAt("boundaries", "needs a list of at least two values")
	}
	values := make([]document.Value, len(list))
	for i, one := range list {
		var err error
		if values[i], err = c.constant("boundaries", one); err != nil {
			return nil, err
		}
		switch {
		case i == 0:
		case values[i].Kind() != values[i-1].Kind():
			return nil, invalidAt("boundaries", "they are of different kinds, %s and %s", values[i-1].Kind(), values[i].Kind())
		case document.Compare(values[i-1], values[i]) >= 0:
			return nil, invalidAt("boundaries", "they must ascend, %s does not come behind %s", values[i], values[i-1])
		}
	}
	return values, nil
}

// constant compiles an expression that must yield the same for all documents.
func (c *compiler) constant(name string, v any) (document.Value, error) {
	x, err := c.expression(v)
	if err != nil {
		return document.Value{}, err
	}
	value, ok := x.Constant()
	if !ok || !value.Exists() {
		return document.Value{}, invalidAt(name, "needs a constant")
	}
	return value, nil
}

func (s *bucket) text() string { return fmt.Sprintf("%d buckets%s", len(s.boundaries)-1, by(s.value)) }

func (s *bucket) open(r *run, in source) (source, error) {
	b := &bucketing{bucket: s, run: r, in: in, accs: make([][]expr.Accumulator, len(s.boundaries))}
	b.gather = b.fill
	return b, nil
}

// bucketing is the source of a $bucket. The last of its lists of accumulators is
// for what lies nowhere.
type bucketing struct {
	*bucket
	gathering
	run  *run
	in   source
	accs [][]expr.Accumulator
}

func (s *bucketing) fill(ctx context.Context) error {
	err := takeAll(ctx, s.in, func(doc document.Doc) error {
		at, err := s.place(doc)
		if err != nil {
			return err
		}
		if s.accs[at] == nil {
			s.accs[at] = s.outputs.begin()
		}
		return s.outputs.add(s.run.env, s.accs[at], doc.Value())
	})
	if err != nil {
		return err
	}
	return s.finish()
}

// place returns the number of the bucket that a document belongs to.
func (s *bucketing) place(doc document.Doc) (int, error) {
	v, err := s.value.Eval(s.run.env, doc.Value())
	if err != nil {
		return 0, err
	}
	last := len(s.boundaries) - 1
	if v.Exists() && document.Compare(v, s.boundaries[0]) >= 0 && document.Compare(v, s.boundaries[last]) < 0 {
		return sort.Search(last, func(i int) bool { return document.Compare(v, s.boundaries[i+1]) < 0 }), nil
	}
	if !s.other.Exists() {
		text := "a missing value"
		if v.Exists() {
			text = v.String()
		}
		return 0, invalid("%s of document %s lies in no bucket and there is no default", text, doc.ID())
	}
	return last, nil
}

// finish makes the documents, in the order of their _id.
func (s *bucketing) finish() error {
	s.in.close()
	var b document.Builder
	last := len(s.boundaries) - 1
	for at, accs := range s.accs {
		if accs == nil {
			continue
		}
		id := s.other
		if at < last {
			id = s.boundaries[at]
		}
		doc, err := s.outputs.finish(s.run.env, &b, id, accs)
		if err != nil {
			return err
		}
		if at == last && document.Compare(id, s.boundaries[0]) < 0 {
			s.docs = append([]document.Doc{doc}, s.docs...)
		} else {
			s.docs = append(s.docs, doc)
		}
	}
	s.accs = nil
	return nil
}

func (s *bucketing) close() { s.in.close() }
