package index_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
)

// numbers returns n numbers, of which only so many are different.
func numbers(n, different int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i % different
	}
	return list
}

func TestParallelArrays(t *testing.T) {
	type m = document.M
	list := []any{1, 2}
	for name, c := range map[string]struct {
		fields []string
		data   m
		number int // of entries; 0 when they are refused
	}{
		"two arrays":                        {[]string{"a", "b"}, m{"a": list, "b": list}, 0},
		"an array and an empty one":         {[]string{"a", "b"}, m{"a": list, "b": []any{}}, 0},
		"two empty ones":                    {[]string{"a", "b"}, m{"a": []any{}, "b": []any{}}, 0},
		"arrays in one object":              {[]string{"o.a", "o.b"}, m{"o": m{"a": list, "b": list}}, 0},
		"fields of the objects of one":      {[]string{"a.x", "a.y"}, m{"a": []m{{"x": 1, "y": 1}, {"x": 2}, {}}}, 3},
		"arrays inside objects of one":      {[]string{"a.x", "a.y"}, m{"a": []m{{"x": list, "y": list}}}, 0},
		"one array inside objects of one":   {[]string{"a.x", "a.y"}, m{"a": []m{{"x": list, "y": 1}, {"x": 1, "y": list}}}, 3},
		"an array and its fields":           {[]string{"a", "a.x"}, m{"a": []m{{"x": 1}, {"x": 2}}}, 2},
		"an array and a field beside it":    {[]string{"a", "b"}, m{"a": list, "b": 1}, 2},
		"an array and an array of no index": {[]string{"a", "b"}, m{"a": list, "c": list}, 2},
		"a position and its array":          {[]string{"a.0", "a"}, m{"a": list}, 3},
	} {
		x := compile(t, index.Spec{Fields: index.By(c.fields...)})
		doc := encode(t, append(document.D{{Key: "_id", Value: 1}}, document.E{Key: "z", Value: 0}))
		if c.number == 0 {
			c.data["_id"] = 1
			err := refusal(t, x, c.data)
			at := (*fault.PathError)(nil)
			if !errors.Is(err, fault.ErrInvalid) || !errors.As(err, &at) || !strings.Contains(err.Error(), "cannot index parallel arrays") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		c.data["_id"] = doc.ID()
		if list, _ := entries(t, x, c.data); len(list) != c.number {
			t.Errorf("%s: %d entries, want %d", name, len(list), c.number)
		}
	}
}

// Only different entries count against the limit of their number.
func TestMaxEntries(t *testing.T) {
	x := compile(t, index.Spec{Fields: index.By("b", "a")})
	for _, c := range []struct{ n, different int }{
		{index.MaxEntries, index.MaxEntries}, {3*index.MaxEntries + 1, index.MaxEntries}, {100_000, 256},
	} {
		list, _ := entries(t, x, document.M{"_id": 1, "a": numbers(c.n, c.different)})
		if len(list) != c.different {
			t.Errorf("%d numbers, %d different: %d entries", c.n, c.different, len(list))
		}
	}
	for _, n := range []int{index.MaxEntries + 1, 2*index.MaxEntries + 1, 100_000} {
		if err := refusal(t, x, document.M{"_id": 1, "a": numbers(n, n)}); !errors.Is(err, fault.ErrTooLarge) {
			t.Errorf("%d numbers: %v", n, err)
		}
	}
	x = compile(t, index.Spec{Fields: index.By("0.0.0.0.0.0.0.0.0.0")})
	deep := any(document.M{"0": 1})
	for range 12 {
		deep = document.M{"0": []any{deep, deep}}
	}
	if err := refusal(t, x, document.M{"_id": 1, "0": deep}); err != nil && !errors.Is(err, fault.ErrTooLarge) {
		t.Error(err)
	}
}

// A small document cannot make entries of hundreds of megabytes.
func TestMaxBytes(t *testing.T) {
	paths, data := []string{"list"}, document.M{"_id": 1, "list": numbers(9999, 9999)}
	for i := range index.MaxFields - 1 {
		paths = append(paths, fmt.Sprint("f", i))
		data[paths[i+1]] = strings.Repeat("x", 1000)
	}
	x := compile(t, index.Spec{Name: "wide", Fields: index.By(paths...)})
	if err := refusal(t, x, data); !errors.Is(err, fault.ErrTooLarge) {
		t.Error(err)
	}
	data["list"] = numbers(100, 100)
	if list, _ := entries(t, x, data); len(list) != 100 {
		t.Errorf("%d entries", len(list))
	}
}

func TestSparse(t *testing.T) {
	x := compile(t, index.Spec{Fields: index.By("a", "b.c"), Sparse: true})
	for _, c := range []struct {
		data   document.M
		number int
	}{
		{document.M{}, 0},
		{document.M{"b": 1}, 0},
		{document.M{"b": document.M{"d": 1}}, 0},
		{document.M{"b": []any{}}, 0},
		{document.M{"b": []any{1, document.M{}}}, 0},
		{document.M{"a": nil}, 1},
		{document.M{"a": []any{}}, 1},
		{document.M{"b": document.M{"c": nil}}, 1},
		{document.M{"b": []any{document.M{"c": 1}, document.M{}}}, 2},
	} {
		c.data["_id"] = 1
		list, traits, err := x.Entries(encode(t, c.data), encodedID(encode(t, c.data)))
		if err != nil || len(list) != c.number {
			t.Errorf("%v: %d entries, %v, want %d", c.data, len(list), err, c.number)
		}
		if len(list) == 0 && (traits != index.Traits{}) {
			t.Errorf("%v: no entries, yet %+v", c.data, traits)
		}
	}
}

// A value that is too long for its key has one of a fixed length, which is in
// order with the keys of other values and tells long values apart.
func TestCut(t *testing.T) {
	long := strings.Repeat("m", 5000)
	texts := []string{"", "a", long[:index.MaxValue-10], long, long + "1", long + "2", long[:2000] + "n", "n", strings.Repeat("z", 3000)}
	for _, desc := range []bool{false, true} {
		x := compile(t, index.Spec{Fields: []index.Field{{Path: "a", Desc: desc}, {Path: "b"}}})
		var all [][]byte
		for _, s := range texts {
			list, y := entries(t, x, document.M{"_id": 1, "a": s, "b": 1})
			short := len(s) < index.MaxValue-2
			if y.Traits().Cut == short {
				t.Errorf("a text of %d bytes: cut is %v", len(s), y.Traits().Cut)
			}
			field, cut := x.AppendValue(nil, 0, of(t, s))
			if cut == short || cut && len(field) != index.MaxValue+8 || !bytes.Contains(list[0].Key, field) {
				t.Errorf("a text of %d bytes: key of %d, cut is %v", len(s), len(field), cut)
			}
			all = append(all, field)
		}
		for i, a := range all {
			for j, b := range all {
				c := bytes.Compare(a, b)
				if c == 0 != (i == j) {
					t.Errorf("texts %d and %d have one key", i, j)
				}
				alike := texts[i][:min(index.MaxValue, len(texts[i]))] == texts[j][:min(index.MaxValue, len(texts[j]))]
				if !alike && (c < 0) != (texts[i] < texts[j] != desc) {
					t.Errorf("desc %v: texts %d and %d are out of order", desc, i, j)
				}
			}
		}
	}
	for _, v := range []any{long, []byte(long), []any{[]any{long}}, document.M{"x": long}} {
		x := compile(t, index.Spec{Fields: index.By("a"), Unique: true})
		err := refusal(t, x, document.M{"_id": 1, "a": v})
		at := (*fault.PathError)(nil)
		if !errors.Is(err, fault.ErrTooLarge) || !errors.As(err, &at) || at.Path != "a" {
			t.Errorf("in a unique index: %v", err)
		}
	}
}

func TestEntriesOfNumbers(t *testing.T) {
	x := compile(t, index.Spec{Fields: index.By("a")})
	one, _ := entries(t, x, document.M{"_id": 1, "a": []any{1, 1.0, 2}})
	if len(one) != 2 {
		t.Errorf("1, 1.0 and 2 have %d entries", len(one))
	}
	a, _ := entries(t, x, document.M{"_id": 1, "a": 1})
	b, _ := entries(t, x, document.M{"_id": 1, "a": 1.0})
	if slices.EqualFunc(a, b, func(a, b index.Entry) bool { return bytes.Equal(a.Key, b.Key) }) {
		t.Error("the entries of 1 and 1.0 are alike, so that a covered answer cannot tell them apart")
	}
}
