package query

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/trial"
)

// TestSetsHoldTheirMembers compares sets, few and many, with lists that are searched
// from end to end.
func TestSetsHoldTheirMembers(t *testing.T) {
	n, rnd := trial.Cases(t, 2000)
	pool := []any{nil, true, false, 0, math.Copysign(0, -1), 1, 1.0, 1.5, -3, 1 << 53, 1<<53 + 1, float64(1 << 53), 1e300, math.NaN(), math.Inf(-1), int64(math.MaxInt64),
		float64(math.MaxInt64), "", "a", "b", "ab", "é", strings.Repeat("x", 300), noon, []byte("a"), M{}, M{"a": 1}, []any{}, []any{1}, document.Regex{Pattern: "a"}}
	for range 40 {
		pool = append(pool, rnd.IntN(100), float64(rnd.IntN(50))/4, string(rune('a'+rnd.IntN(26))))
	}
	value := func() document.Value {
		v, err := document.Of(pool[rnd.IntN(len(pool))])
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for range n {
		members := make([]document.Value, rnd.IntN(60))
		for i := range members {
			members[i] = value()
		}
		s := newSet(slices.Clone(members), nil)
		for range 20 {
			v := value()
			if want := slices.ContainsFunc(members, func(m document.Value) bool { return document.Equal(m, v) }); s.has(v) != want {
				t.Fatalf("%v has %v: %v", members, v, !want)
			}
		}
		var listed []document.Value
		for v := range (Term{&node{op: opLeaf, test: test{op: testIn, set: s}}}).Each {
			if len(listed) > 0 && document.Compare(listed[len(listed)-1], v) >= 0 {
				t.Fatalf("%v come as %v, then %v", members, listed, v)
			}
			listed = append(listed, v)
		}
		for _, m := range members {
			if !slices.ContainsFunc(listed, func(v document.Value) bool { return document.Equal(m, v) }) {
				t.Fatalf("%v come as %v, without %v", members, listed, m)
			}
		}
	}
}

// TestListsOfPlainValues compares lists that are encoded in one piece with the same
// lists, value by value.
func TestListsOfPlainValues(t *testing.T) {
	for _, list := range []any{[]int{3, 1, 3, 300, -7}, []int32{5, 2}, []int64{math.MaxInt64, math.MinInt64}, []float64{1, 2.5, math.NaN()}, []string{"b", "a", ""}, []int{}, []int(nil), []string{"a"}} {
		boxed, _ := document.List(list)
		if boxed == nil {
			boxed = []any{}
		}
		fast, slow := mustCompile(t, M{"a": In(list)}), mustCompile(t, M{"a": In(boxed)})
		for _, v := range []any{nil, 1, 2, 2.5, 3, -7, 300, 5, math.NaN(), int64(math.MaxInt64), "", "a", "b", []any{3}, []any{"b", 1}} {
			doc := mustEncode(t, M{"a": v})
			x, err := fast.Match(doc)
			y, other := slow.Match(doc)
			if x != y || err != nil || other != nil {
				t.Errorf("%v of %v: %v and %v, %v, %v", v, list, x, y, err, other)
			}
		}
	}
	if _, err := CompileFilter(M{"a": In([]string{"a", "\xff"})}, noon); err == nil {
		t.Error("a text that is no UTF-8")
	}
	if _, err := CompileFilter(M{"a": In([]string{strings.Repeat("x", maxOperands*3/4)})}, noon); err != nil {
		t.Errorf("one large text: %v", err)
	}
	large := make([]string, 3)
	for i := range large {
		large[i] = strings.Repeat("x", maxOperands/3+1)
	}
	_, err := CompileFilter(M{"a": In(large)}, noon)
	_, other := CompileFilter(M{"a": In([]any{large[0], large[1], large[2]})}, noon)
	if err == nil || other == nil || err.Error() != other.Error() {
		t.Errorf("too large: %v and %v", err, other)
	}
}

// TestLongListsAreCompiledInFewPieces counts what a list of many members allocates.
func TestLongListsAreCompiledInFewPieces(t *testing.T) {
	integers, texts := make([]int, 50_000), make([]string, 50_000)
	for i := range integers {
		integers[i] = i * 7919 % 1_000_003
		texts[i] = string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
	}
	for name, list := range map[string]any{"integers": integers, "texts": texts} {
		pieces := testing.AllocsPerRun(3, func() { mustCompile(t, M{"a": In(list)}) })
		if pieces > 200 {
			t.Errorf("%s: %.0f allocations", name, pieces)
		}
	}
}
