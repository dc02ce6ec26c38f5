package query

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/trial"
)

func TestSortKey(t *testing.T) {
	tests := []struct {
		doc, path string
		asc, desc string // as JSON; "" is the missing value
	}{
		{`{"a":3}`, "a", `3`, `3`},
		{`{}`, "a", `null`, `null`},
		{`{"a":null}`, "a", `null`, `null`},
		{`{"a":{"b":1}}`, "a", `{"b":1}`, `{"b":1}`},
		{`{"a":[5,1,3]}`, "a", `1`, `5`},
		{`{"a":[]}`, "a", ``, ``},
		{`{"a":[null]}`, "a", `null`, `null`},
		{`{"a":["x",1]}`, "a", `1`, `"x"`},
		{`{"a":[[1,2],[0]]}`, "a", `[0]`, `[1,2]`},
		{`{"a":[[],1]}`, "a", `1`, `[]`},
		{`{"a":{"b":{"c":7}}}`, "a.b.c", `7`, `7`},
		{`{"a":7}`, "a.b", `null`, `null`},
		{`{"a":[{"b":5},{"b":1}]}`, "a.b", `1`, `5`},
		{`{"a":[{"b":5},{}]}`, "a.b", `null`, `5`},
		{`{"a":[{"b":5},7]}`, "a.b", `null`, `5`},
		{`{"a":[{"b":[4,9]},{"b":[2]}]}`, "a.b", `2`, `9`},
		{`{"a":[{"b":[]},{"b":2}]}`, "a.b", ``, `2`},
		{`{"a":[]}`, "a.b", `null`, `null`},
		{`{"a":[[{"b":1}]]}`, "a.b", `null`, `null`},
		{`{"a":[3,8]}`, "a.1", `8`, `8`},
		{`{"a":[3]}`, "a.1", `null`, `null`},
		{`{"a":[{"b":3},{"b":8}]}`, "a.1.b", `8`, `8`},
		{`{"a":[{"1":3}]}`, "a.1", `3`, `3`},
		{`{"a":{"1":3}}`, "a.1", `3`, `3`},
	}
	for _, test := range tests {
		doc := fromJSON(t, test.doc)
		s, err := CompileSort(d{{test.path, 1}})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Key(doc, 0); got.String() != test.asc {
			t.Errorf("%s by %s: key %v, want %s", test.doc, test.path, got, test.asc)
		}
		if s, err = CompileSort(d{{test.path, -1}}); err != nil {
			t.Fatal(err)
		}
		if got := s.Key(doc, 0); got.String() != test.desc {
			t.Errorf("%s by %s, descending: key %v, want %s", test.doc, test.path, got, test.desc)
		}
	}
}

func TestSortOrder(t *testing.T) {
	tests := []struct {
		spec any
		docs []string // in the order wanted
	}{
		{d{{"b", 1}}, []string{`{"b":[]}`, `{}`, `{"b":null}`, `{"b":3}`, `{"b":"x"}`}},
		{d{{"b", -1}}, []string{`{"b":"x"}`, `{"b":3}`, `{}`, `{"b":null}`, `{"b":[]}`}},
		{m{"t": 1}, []string{`{"t":[5,1]}`, `{"t":[3]}`}},
		{m{"t": -1}, []string{`{"t":[5,1]}`, `{"t":[3]}`}},
		{d{{"a", 1}, {"b", -1}}, []string{`{"a":0,"b":1}`, `{"a":1,"b":3}`, `{"a":1,"b":2}`, `{"a":2,"b":9}`}},
		{d{{"a", 1}, {"b", 1}, {"a", -1}}, []string{`{"a":2,"b":9}`, `{"a":1,"b":2}`, `{"a":1,"b":3}`}},
		{nil, []string{`{"a":2}`, `{"a":1}`}},
		{d{}, []string{`{"a":2}`, `{"a":1}`}},
	}
	for _, test := range tests {
		s, err := CompileSort(test.spec)
		if err != nil {
			t.Fatal(err)
		}
		var docs []document.Doc
		for _, text := range test.docs {
			docs = append(docs, fromJSON(t, text))
		}
		if !slices.IsSortedFunc(docs, s.Compare) {
			t.Errorf("%v does not give %v", test.spec, test.docs)
		}
		slices.Reverse(docs)
		if len(s.Fields) > 0 && slices.IsSortedFunc(docs, s.Compare) {
			t.Errorf("%v takes any order", test.spec)
		}
	}
}

func TestSortIsRefused(t *testing.T) {
	many := document.D{}
	for i := range MaxSortFields + 1 {
		many = append(many, document.E{Key: "f" + strconv.Itoa(i), Value: 1})
	}
	if _, err := CompileSort(many[:MaxSortFields]); err != nil {
		t.Errorf("%d fields: %v", MaxSortFields, err)
	}
	tests := []struct {
		spec any
		want string
	}{
		{many, ": too many fields, the limit is 32"},
		{m{"a": 1, "b": 1}, ": use D"},
		{map[string]int{"a": 1, "b": 1}, ": use D"},
		{d{{"a", 2}}, "a: must be 1 or -1, not 2"},
		{d{{"a", 0}}, "a: must be 1 or -1"},
		{d{{"a", "asc"}}, "a: must be 1 or -1"},
		{d{{"a", true}}, "a: must be 1 or -1"},
		{d{{"a", Gt(1)}}, "a: gt"},
		{d{{"a", m{"$meta": "x"}}}, "a: $meta"},
		{d{{"a..b", 1}}, "a..b: empty segment"},
		{d{{"$a", 1}}, "$a: dollar"},
		{5, ": needs an object"},
		{Gt(1), ": gt"},
		{[]SortField{{}}, ": without a path"},
	}
	for _, test := range tests {
		_, err := CompileSort(test.spec)
		checkError(t, err, test.want)
	}
}

// naiveSortValues lists the values that a path finds for sorting.
func naiveSortValues(v any, path []string) []any {
	if len(path) == 0 {
		if list, ok := v.([]any); ok && len(list) > 0 {
			return list
		} else if ok {
			return []any{absent{}}
		}
		if isAbsent(v) {
			return []any{nil}
		}
		return []any{v}
	}
	switch x := v.(type) {
	case document.D:
		return naiveSortValues(naiveGet(x, path[0]), path[1:])
	case []any:
		if i, err := strconv.Atoi(path[0]); err == nil && i < len(x) {
			return naiveSortValues(x[i], path[1:])
		}
		var values []any
		for _, e := range x {
			if _, ok := e.(document.D); !ok {
				e = absent{}
			}
			values = append(values, naiveSortValues(e, path)...)
		}
		if len(x) > 0 {
			return values
		}
	}
	return []any{nil}
}

// Law: the key is the smallest or the largest of all values the path finds.
func TestSortKeyAgreesWithNaiveKey(t *testing.T) {
	cases, random := trial.Cases(t, 3000)
	m := lawMaker{random}
	for range cases {
		path, value := m.path(), m.object(4)
		doc := mustEncode(t, value)
		values := naiveSortValues(decode(doc.Value()), strings.Split(path, "."))
		for _, direction := range []int{1, -1} {
			s, err := CompileSort(document.D{{Key: path, Value: direction}})
			if err != nil {
				t.Fatal(err)
			}
			want := slices.MinFunc(values, func(a, b any) int { return direction * naiveCompare(a, b) })
			if got := decode(s.Key(doc, 0)); naiveCompare(got, want) != 0 {
				t.Fatalf("%v by %s in direction %d: key %v, want %v", doc, path, direction, got, want)
			}
		}
	}
}

func TestSortKeyDoesNotAllocate(t *testing.T) {
	doc := fromJSON(t, `{"x":{"y":[1,2]},"a":[{"b":[4,9]},{"b":[2]},7]}`)
	s, err := CompileSort(d{{"a.b", 1}, {"x.y", -1}, {"x.y.0", 1}, {"nothing.at.all", 1}})
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		for i := range s.Fields {
			s.Key(doc, i)
		}
	}); n != 0 {
		t.Errorf("keys allocate %v times", n)
	}
}

func BenchmarkSortKey(b *testing.B) {
	doc := product(b, 1, lawMakerFor(1).Rand)
	s, err := CompileSort(d{{"qty", 1}, {"spec.size", -1}, {"tags", 1}})
	if err != nil {
		b.Fatal(err)
	}
	for i, f := range s.Fields {
		b.Run(f.Path.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Key(doc, i)
			}
		})
	}
}
