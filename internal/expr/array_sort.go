package expr

import (
	"slices"

	"github.com/virgadb/virga/document"
)

// A sorting sorts arrays.
type sorting struct {
	place
	input node
	by    []sortKey // none: by the elements themselves
	desc  bool
}

// A sortKey is a path to sort by.
type sortKey struct {
	names []string
	desc  bool
}

func buildSortArray(c *compiler, at place, v any) (node, error) {
	given, err := pick(v, []string{"input", "sortBy"})
	if err != nil {
		return nil, err
	}
	s := &sorting{place: at}
	if s.input, err = c.compile(given[0].value, at.under("input")); err != nil {
		return nil, err
	}
	if fields, ok := document.Pairs(given[1].value); ok {
		s.by, err = sortKeys(fields)
	} else {
		s.desc, err = direction(given[1].value)
	}
	if err != nil {
		return nil, err
	}
	return c.fold(s, []node{s.input}), nil
}

// sortKeys returns the keys of {path: 1 or -1, …}.
func sortKeys(fields []document.E) ([]sortKey, error) {
	if len(fields) == 0 {
		return nil, invalid("needs at least one path to sort by")
	}
	keys := make([]sortKey, len(fields))
	for i, f := range fields {
		path, err := document.ParsePath(f.Key)
		if err != nil {
			return nil, err
		}
		desc, err := direction(f.Value)
		if err != nil {
			return nil, err
		}
		keys[i] = sortKey{path.Segments(), desc}
	}
	return keys, nil
}

// direction reports whether v, 1 or -1, says to sort downwards.
func direction(v any) (desc bool, err error) {
	value, err := document.Of(v)
	if err != nil {
		return false, err
	}
	n, ok := integral(value)
	if !ok || n != 1 && n != -1 {
		return false, invalid("needs 1 or -1 to sort by, found %v", value)
	}
	return n < 0, nil
}

func (s *sorting) eval(e *Env) (document.Value, error) {
	v, err := s.input.eval(e)
	if err != nil {
		return missing, err
	}
	if nullish(v) {
		return null, nil
	}
	values, err := list(v)
	if err != nil {
		return missing, s.fail(err)
	}
	if s.by == nil {
		slices.SortStableFunc(values, func(a, b document.Value) int { return directed(document.Compare(a, b), s.desc) })
		return e.arrayOf(values)
	}
	rows := make([]sortRow, len(values))
	for i, element := range values {
		if rows[i], err = e.sortRow(element, s.by); err != nil {
			return missing, err
		}
	}
	slices.SortStableFunc(rows, func(a, b sortRow) int { return compareKeys(a.keys, b.keys, s.by) })
	for i := range rows {
		values[i] = rows[i].value
	}
	return e.arrayOf(values)
}

func directed(c int, desc bool) int {
	if desc {
		return -c
	}
	return c
}

// A sortRow is a value and what it is sorted by.
type sortRow struct {
	value document.Value
	keys  []document.Value
}

func (e *Env) sortRow(v document.Value, by []sortKey) (sortRow, error) {
	row := sortRow{value: v, keys: make([]document.Value, len(by))}
	for i, k := range by {
		key, err := e.walk(v, k.names)
		if err != nil {
			return sortRow{}, err
		}
		row.keys[i] = k.of(key)
	}
	return row, nil
}

// of returns what v is sorted as: an array as its least or greatest element, an
// empty one before all others, missing as null.
func (k sortKey) of(v document.Value) document.Value {
	if v.Kind() == document.Missing {
		return null
	}
	if v.Kind() != document.Array {
		return v
	}
	best := missing
	for elements := v.Elements(); elements.Next(); {
		if c := document.Compare(elements.Value(), best); !best.Exists() || directed(c, k.desc) < 0 {
			best = elements.Value()
		}
	}
	return best
}

func compareKeys(a, b []document.Value, by []sortKey) int {
	for i := range by {
		if c := directed(document.Compare(a[i], b[i]), by[i].desc); c != 0 {
			return c
		}
	}
	return 0
}
