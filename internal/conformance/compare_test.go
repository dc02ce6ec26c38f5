package conformance

import (
	"math"
	"slices"
	"testing"

	"github.com/virgadb/virga/document"
)

// A comparison says when a result counts as the expected one. The zero value is
// strict: numbers are equal by value, and only the order of the fields of an
// object is free.
type comparison struct {
	tolerance float64  // relative, for numbers
	anyOrder  []string // arrays under fields of these names are multisets
}

func comparisonOf(v document.Value) comparison {
	c := comparison{}
	c.tolerance, _ = v.Field("tol").Float64()
	for _, name := range elements(v.Field("anyOrder")) {
		s, _ := name.Text()
		c.anyOrder = append(c.anyOrder, s)
	}
	return c
}

// lists compares two lists, as multisets when the order is free.
func (c comparison) lists(got, want []document.Value, ordered bool) bool {
	if len(got) != len(want) {
		return false
	}
	if ordered {
		return slices.EqualFunc(got, want, c.equal)
	}
	open := slices.Clone(want)
	for _, g := range got {
		at := slices.IndexFunc(open, func(w document.Value) bool { return c.equal(g, w) })
		if at < 0 {
			return false
		}
		open = slices.Delete(open, at, at+1)
	}
	return true
}

func (c comparison) equal(got, want document.Value) bool {
	if got.Kind() != want.Kind() {
		return false
	}
	switch got.Kind() {
	case document.Number:
		return document.Equal(got, want) || c.near(got, want)
	case document.Array:
		return c.lists(elements(got), elements(want), true)
	case document.Object:
		return c.objects(got, want)
	}
	return document.Equal(got, want)
}

func (c comparison) near(got, want document.Value) bool {
	g, _ := got.Float64()
	w, _ := want.Float64()
	return math.Abs(g-w) <= c.tolerance*max(math.Abs(g), math.Abs(w))
}

func (c comparison) objects(got, want document.Value) bool {
	if got.Len() != want.Len() {
		return false
	}
	for f := want.Fields(); f.Next(); {
		name := string(f.Key())
		g, w := got.Field(name), f.Value()
		if g.Kind() == document.Array && w.Kind() == document.Array && slices.Contains(c.anyOrder, name) {
			if !c.lists(elements(g), elements(w), false) {
				return false
			}
		} else if !c.equal(g, w) {
			return false
		}
	}
	return true
}

func TestComparison(t *testing.T) {
	for _, row := range []struct {
		flags, got, want string
		equal            bool
	}{
		{`{}`, `{"a":1,"b":2}`, `{"b":2,"a":1.0}`, true},
		{`{}`, `{"a":1}`, `{"a":1,"b":null}`, false},
		{`{}`, `{"a":1,"b":null}`, `{"a":1}`, false},
		{`{}`, `{"a":1,"c":2}`, `{"a":1,"b":2}`, false},
		{`{}`, `1.0000000001`, `1`, false},
		{`{"tol":1e-9}`, `1.0000000001`, `1`, true},
		{`{"tol":1e-9}`, `1.00000001`, `1`, false},
		{`{}`, `{"$numberDouble":"NaN"}`, `{"$numberDouble":"NaN"}`, true},
		{`{"tol":1e-9}`, `{"$numberDouble":"NaN"}`, `0`, false},
		{`{}`, `{"$numberDouble":"-0.0"}`, `0`, true},
		{`{}`, `{"a":[1,2]}`, `{"a":[2,1]}`, false},
		{`{"anyOrder":["a"]}`, `{"b":{"a":[1,2,1]}}`, `{"b":{"a":[2,1,1]}}`, true},
		{`{"anyOrder":["a"]}`, `{"a":[1,2,2]}`, `{"a":[2,1,1]}`, false},
		{`{}`, `"1"`, `1`, false},
		{`{}`, `null`, `false`, false},
	} {
		c := comparisonOf(parse(t, row.flags))
		if got := c.equal(parse(t, row.got), parse(t, row.want)); got != row.equal {
			t.Errorf("%s: %s against %s: equal %v", row.flags, row.got, row.want, got)
		}
	}
}

func parse(t *testing.T, text string) document.Value {
	t.Helper()
	v, err := document.ParseJSON([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}
