package document

import (
	"bytes"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestOrder states the order of values by a list that is in it.
func TestOrder(t *testing.T) {
	list := []any{
		Value{}, nil, math.NaN(), math.Inf(-1), -1e300, int64(math.MinInt64), -1.5, -1, 0, 5e-324, 1, 1.5, 2,
		float64(1 << 53), int64(1<<53 + 1), float64(1<<53 + 2), int64(math.MaxInt64), float64(1 << 63), math.Inf(1),
		"", "\x00", "A", "a", "aa", "b", "é",
		D{}, D{{"b", nil}}, D{{"a", 1}}, D{{"a", 1}, {"b", 1}}, D{{"a", 2}}, D{{"b", 0}}, D{{"a", "x"}}, D{{"a", D{}}},
		[]any{}, []any{nil}, []any{1}, []any{1, 1}, []any{2}, []any{"a"}, []any{[]any{}},
		[]byte{}, []byte{0}, []byte{0, 0}, []byte{1},
		false, true,
		DateMillis(math.MinInt64 / 1001), DateMillis(-1), DateMillis(0), DateMillis(1), now,
		Regex{"a", ""}, Regex{"a", "i"}, Regex{"ab", ""}, Regex{"b", ""},
	}
	for i, x := range list {
		for j, y := range list {
			a, b := must(t, must2(Of(x)), nil), must2(Of(y))
			want := 0
			if i != j {
				want = 1 - 2*btoi(i < j)
			}
			if got := Compare(a, b); got != want {
				t.Errorf("Compare(%s, %s) = %d, want %d", a, b, got, want)
			}
			if got := Equal(a, b); got != (want == 0) {
				t.Errorf("Equal(%s, %s) = %v", a, b, got)
			}
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestEqualAcrossForms(t *testing.T) {
	for _, pair := range [][2]any{
		{0, math.Copysign(0, -1)}, {1, 1.0}, {math.NaN(), math.Float64frombits(0xfff8000000000001)}, {int64(math.MinInt64), float64(-1 << 63)},
		{D{{"a", 1}}, M{"a": 1.0}}, {[]any{1, 2.0}, []float64{1, 2}}, {float32(0.5), 0.5}, {uint8(7), int64(7)},
	} {
		a, b := must2(Of(pair[0])), must2(Of(pair[1]))
		if Compare(a, b) != 0 || !Equal(a, b) {
			t.Errorf("%s and %s differ", a, b)
		}
		if x, y := must2(IDOf(D{{"", a}})), must2(IDOf(D{{"", b}})); x != y {
			t.Errorf("the ids %s and %s differ", x, y)
		}
	}
}

// TestNumbersExactly judges the comparison of numbers by exact arithmetic.
func TestNumbersExactly(t *testing.T) {
	number := rapid.OneOf(
		rapid.Map(anyInt(), func(i int64) any { return i }),
		rapid.Map(anyInt(), func(i int64) any { return float64(i) }),
		rapid.Map(anyInt(), func(i int64) any { return math.Nextafter(float64(i), math.Inf(1)) }),
		rapid.Map(rapid.Float64(), func(f float64) any { return f }),
	)
	exact := func(v any) *big.Float {
		if i, ok := v.(int64); ok {
			return new(big.Float).SetInt64(i)
		}
		return big.NewFloat(v.(float64))
	}
	rapid.Check(t, func(t *rapid.T) {
		x, y := number.Draw(t, "x"), number.Draw(t, "y")
		if got, want := Compare(must2(Of(x)), must2(Of(y))), exact(x).Cmp(exact(y)); got != want {
			t.Fatalf("Compare(%v, %v) = %d, want %d", x, y, got, want)
		}
	})
}

// TestTotalOrder holds the laws of an order, and that ids agree with it.
func TestTotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vs := rapid.SliceOfN(rapid.Map(anyValue(2), func(x any) Value { return must2(Of(x)) }), 3, 3).Draw(t, "values")
		orderLaws(t, vs[0], vs[1], vs[2])
	})
}

func orderLaws(t interface{ Fatalf(string, ...any) }, a, b, c Value) {
	if Compare(a, a) != 0 || !Equal(a, a) {
		t.Fatalf("%s is not equal to itself", a)
	}
	if Compare(a, b) != -Compare(b, a) {
		t.Fatalf("%s and %s: not antisymmetric", a, b)
	}
	vs := []Value{a, b, c}
	slices.SortFunc(vs, Compare)
	if Compare(vs[0], vs[1]) > 0 || Compare(vs[1], vs[2]) > 0 || Compare(vs[0], vs[2]) > 0 {
		t.Fatalf("%s, %s, %s: not transitive", vs[0], vs[1], vs[2])
	}
	if Equal(a, b) != (Compare(a, b) == 0) {
		t.Fatalf("%s and %s: Equal and Compare disagree", a, b)
	}
	if (idOf(a) == idOf(b)) != Equal(a, b) {
		t.Fatalf("%s and %s: ids and values disagree", a, b)
	}
}

func FuzzCompare(f *testing.F) {
	for _, v := range []any{1, 1.0, "a", D{{"a", 1}}, []any{1, "a"}, now, Regex{"a", "i"}, nil, []byte{1}, true} {
		f.Add(must2(Of(v)).Raw(), must2(Of(2.5)).Raw(), must2(Of([]any{v})).Raw())
	}
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		var vs [3]Value
		whole := true
		for i, raw := range [][]byte{a, b, c} {
			e := encoder{}
			if e.canonical(raw) == nil {
				vs[i] = Value{e.buf}
			} else {
				vs[i], whole = Value{raw}, false
			}
		}
		if whole {
			orderLaws(t, vs[0], vs[1], vs[2])
		}
		if Compare(vs[0], vs[1]) != -Compare(vs[1], vs[0]) {
			t.Fatalf("%x and %x: not antisymmetric", a, b)
		}
	})
}

func TestIDForms(t *testing.T) {
	doc := must(t, must2(Encode(M{"_id": 7.0, "a": 1}, now)), nil)
	if doc.ID() != must2(IDOf(7)) || doc.ID().Any() != any(int64(7)) || doc.ID().String() != "7" {
		t.Errorf("id is %s", doc.ID())
	}
	if v := doc.Lookup("_id"); v.IsInt() {
		t.Error("the stored float became an integer")
	}
	if !(Doc{}).ID().IsZero() || (ID{}).Value().Exists() {
		t.Error("the zero document has an id")
	}
	if id := must2(IDOf("x")); !bytes.Equal(id.Value().Raw(), Text("x").Raw()) || id.String() != `"x"` {
		t.Errorf("id is %s", id)
	}
	for _, bad := range []any{[]int{1}, Regex{"a", ""}, Value{}, func() {}} {
		if _, err := IDOf(bad); err == nil {
			t.Errorf("%T: no error", bad)
		}
	}
}
