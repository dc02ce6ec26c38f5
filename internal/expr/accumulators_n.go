package expr

import (
	"slices"

	"github.com/virgadb/virga/document"
)

// A some keeps some of the values it is given.
type some struct {
	values []document.Value
	size   int
}

func (s *some) keep(v document.Value) error {
	s.values = append(s.values, orNull(v).Clone())
	if s.size += len(v.Raw()); s.size > document.MaxSize {
		return errTooLarge
	}
	return nil
}

func (s *some) Result(e *Env) (document.Value, error) { return e.arrayOf(s.values) }
func (s *some) Size() int                             { return s.size + kept*(1+len(s.values)) }

// A firstSome is $firstN.
type firstSome struct {
	some
	n int
}

func (f *firstSome) Add(v document.Value) error {
	if len(f.values) >= f.n {
		return nil
	}
	return f.keep(v)
}

// A lastSome is $lastN, in a ring.
type lastSome struct {
	some
	n, next int
}

func (l *lastSome) Add(v document.Value) error {
	if len(l.values) < l.n {
		return l.keep(v)
	}
	l.size += len(v.Raw()) - len(l.values[l.next].Raw())
	l.values[l.next] = orNull(v).Clone()
	if l.next++; l.next == l.n {
		l.next = 0
	}
	if l.size > document.MaxSize {
		return errTooLarge
	}
	return nil
}

func (l *lastSome) Result(e *Env) (document.Value, error) {
	return e.arrayOf(append(slices.Clone(l.values[l.next:]), l.values[:l.next]...))
}

// A ranked keeps the n rows that come first in an order, or, unless least is set,
// those that come last. Rows of equal keys count in the order in which they came.
type ranked struct {
	n      int
	by     []sortKey
	least  bool
	paired bool // what is added is an array of what it is sorted by and, last, the output
	alone  bool // the result is one value, not an array
	rows   []sortRow
	size   int
}

func (r *ranked) Add(v document.Value) error {
	row := sortRow{value: v, keys: []document.Value{v}}
	if r.paired {
		values, err := list(v)
		if err != nil {
			return err
		}
		row.keys, row.value = values[:len(r.by)], values[len(r.by)]
		for i, k := range r.by {
			row.keys[i] = k.of(row.keys[i])
		}
	} else if nullish(v) {
		return nil
	}
	// Behind all rows of equal keys.
	i, _ := slices.BinarySearchFunc(r.rows, row, func(a, b sortRow) int {
		if c := compareKeys(a.keys, b.keys, r.by); c != 0 {
			return c
		}
		return -1
	})
	full := len(r.rows) == r.n
	if full && (r.least && i == r.n || !r.least && i == 0) {
		return nil
	}
	if full {
		out := 0
		if r.least {
			out = r.n - 1
		} else {
			i--
		}
		r.size -= r.rows[out].bytes()
		r.rows = slices.Delete(r.rows, out, out+1)
	}
	r.rows = slices.Insert(r.rows, i, row.clone())
	if r.size += row.bytes(); r.size > document.MaxSize {
		return errTooLarge
	}
	return nil
}

func (r sortRow) bytes() int {
	n := len(r.value.Raw())
	for _, k := range r.keys {
		n += len(k.Raw())
	}
	return n
}

func (r sortRow) clone() sortRow {
	c := sortRow{value: r.value.Clone(), keys: make([]document.Value, len(r.keys))}
	for i, k := range r.keys {
		c.keys[i] = k.Clone()
	}
	return c
}

func (r *ranked) Result(e *Env) (document.Value, error) {
	if r.alone {
		if len(r.rows) == 0 {
			return null, nil
		}
		return r.rows[0].value, nil
	}
	values := make([]document.Value, len(r.rows))
	for i := range r.rows {
		values[i] = r.rows[i].value
	}
	return e.arrayOf(values)
}

func (r *ranked) Size() int { return r.size + 3*kept*(1+len(r.rows)) }

// buildTop compiles an accumulator of the rows that come first or last by sortBy.
func buildTop(bottom, alone bool) func(*compiler, place, any) (node, func() Accumulator, error) {
	return func(c *compiler, at place, v any) (node, func() Accumulator, error) {
		params := []string{"sortBy", "output", "n"}
		if alone {
			params = params[:2]
		}
		given, err := pick(v, params)
		if err != nil {
			return nil, nil, err
		}
		n := 1
		if !alone {
			if n, err = constantN(c, at, given[2].value); err != nil {
				return nil, nil, err
			}
		}
		fields, ok := document.Pairs(given[0].value)
		if !ok {
			return nil, nil, invalid("needs an object of paths as sortBy")
		}
		by, err := sortKeys(fields)
		if err != nil {
			return nil, nil, err
		}
		row := &arrayNode{}
		for i, k := range by {
			row.parts = append(row.parts, c.documentPath(k.names, fields[i].Key))
		}
		output, err := c.compile(given[1].value, at.under("output"))
		row.parts = append(row.parts, output)
		return row, func() Accumulator { return &ranked{n: n, by: by, least: !bottom, paired: true, alone: alone} }, err
	}
}
