package document

import (
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

type coordinate = [2]float64

// byCursors reads what AppendPositions does, the long way.
func byCursors(v Value) (line []coordinate, ok bool) {
	if v.Kind() != Array {
		return nil, false
	}
	for e := v.Elements(); e.Next(); {
		if e.Value().Kind() != Array || e.Value().Len() < 2 {
			return nil, false
		}
		var p coordinate
		parts := e.Value().Elements()
		for i := range p {
			parts.Next()
			if p[i], ok = parts.Value().Float64(); !ok {
				return nil, false
			}
		}
		line = append(line, p)
	}
	return line, true
}

// Positions and lines of them are read as cursors read them, whatever their numbers
// and whatever else there is.
func TestPositions(t *testing.T) {
	number := rapid.OneOf(
		rapid.Map(rapid.Float64Range(-180, 180), func(f float64) any { return f }),
		rapid.Map(rapid.Int64(), func(i int64) any { return i }),
		rapid.Map(rapid.IntRange(-130, 300), func(i int) any { return i }),
	)
	odd := rapid.SampledFrom([]any{nil, "x", true, []any{}, M{"a": 1}, math.Inf(1)})
	part := rapid.Custom(func(t *rapid.T) any {
		if rapid.IntRange(0, 60).Draw(t, "odd") == 0 {
			return odd.Draw(t, "part")
		}
		return number.Draw(t, "number")
	})
	position := rapid.Custom(func(t *rapid.T) any {
		if rapid.IntRange(0, 60).Draw(t, "odd") == 0 {
			return odd.Draw(t, "position")
		}
		list := rapid.SliceOfN(part, 2, 4).Draw(t, "parts")
		if rapid.IntRange(0, 60).Draw(t, "short") == 0 {
			list = list[:1]
		}
		return append(list, rapid.SliceOfN(odd, 0, 1).Draw(t, "more")...)
	})
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.SliceOfN(position, 0, 40), 0, 4).Draw(t, "lines")
		all, allRead := [][]coordinate{}, true
		var values []any
		for _, line := range lines {
			values = append(values, line)
			v, err := Of(line)
			if err != nil {
				t.Fatal(err)
			}
			want, read := byCursors(v)
			got, ok := AppendPositions([]coordinate{{1, 2}}, v)
			if ok != read || ok && !reflect.DeepEqual(got, append([]coordinate{{1, 2}}, want...)) {
				t.Fatalf("%s: read %v, %v, want %v, %v", v, got, ok, want, read)
			}
			all = append(all, append([]coordinate{}, want...))
			allRead = allRead && read
		}
		v, err := Of(values)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := AppendLines([][]coordinate{}, v)
		if len(values) > 0 && (ok != allRead || ok && !reflect.DeepEqual(got, all)) {
			t.Fatalf("%s: read %v, %v, want %v, %v", v, got, ok, all, allRead)
		}
	})
	for _, v := range []any{nil, 1, "x", M{}, []any{1}} {
		value, err := Of(v)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := AppendPositions([]coordinate(nil), value); ok {
			t.Errorf("%v: positions", v)
		}
		if _, ok := AppendLines([][]coordinate(nil), value); ok {
			t.Errorf("%v: lines", v)
		}
	}
}
