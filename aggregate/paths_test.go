package aggregate

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"a", "a", true},
		{"a", "b", false},
		{"a", "ab", false},
		{"a.b", "a", true},
		{"a.b", "a.c", false},
		{"a.0.x", "a.x", true}, // an element of a
		{"a.0", "a.x", true},
		{"a.0.x", "a.y", false},
		{"a.0.x", "a.1.x", true},
		{"0.x", "x", false}, // a document has names
		{"0.x", "0", true},
	} {
		if overlap(c.a, c.b) != c.want || overlap(c.b, c.a) != c.want {
			t.Errorf("%s and %s: want %v", c.a, c.b, c.want)
		}
	}
}

func TestReshapeLeaves(t *testing.T) {
	for _, c := range []struct {
		stage, path string
		want        bool
	}{
		{`{"$addFields": {"a": 1}}`, "b", true},
		{`{"$addFields": {"a": 1}}`, "a.b", false},
		{`{"$addFields": {"a.b": 1}}`, "a.c", false}, // of an a of 5, or [5], an object is made
		{`{"$addFields": {"a.b.c": 1}}`, "a.d", false},
		{`{"$addFields": {"a.b.c": 1}}`, "b", true},
		{`{"$unset": "a.b"}`, "a.c", true},
		{`{"$project": {"a.b": 0}}`, "a.b.c", false},
		{`{"$project": {"a": 1}}`, "a.0.b", true},
		{`{"$project": {"a": 1}}`, "b", false},
		{`{"$project": {"a.b": 1}}`, "a.b.c", true},
		{`{"$project": {"a.b": 1}}`, "a.0.b", false}, // elements that are no objects are left out
		{`{"$project": {"a.b": 1, "a.c.d": {"$add": [1, 1]}}}`, "a.b", false},
	} {
		p, err := CompilePlain(parsed(t, "["+c.stage+"]"), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.steps[0].(*reshape).leaves(c.path); got != c.want {
			t.Errorf("%s leaves %s: %v", c.stage, c.path, got)
		}
	}
}

func TestReshapeNeeds(t *testing.T) {
	for _, c := range []struct {
		stages string
		want   []string
	}{
		{`{"$project": {"a.b": 1, "c": "$d"}}`, []string{"a.b", "d", "_id"}},
		{`{"$project": {"a.b": "$d"}}`, []string{"a", "d", "_id"}}, // a may be an array
		{`{"$project": {"a.b.c": "$d", "_id": 0}}`, []string{"a", "d"}},
		{`{"$addFields": {"a": "$d"}}, {"$group": {"_id": "$a"}}`, []string{"d"}},
		{`{"$addFields": {"a.b": "$d"}}, {"$group": {"_id": "$a.c"}}`, []string{"a", "d"}},
		{`{"$addFields": {"a.b": "$d"}}, {"$group": {"_id": "$c"}}`, []string{"c", "d"}},
	} {
		p, err := CompilePlain(parsed(t, "["+c.stages+"]"), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		n := needOf(p.steps)
		slices.Sort(c.want)
		if got := n.needs(); n.whole || !slices.Equal(got, c.want) {
			t.Errorf("%s needs %v, want %v", c.stages, got, c.want)
		}
	}
}

// To hold each of so many paths against all others would take this test minutes.
func TestNeedsOfManyPaths(t *testing.T) {
	const n = 100_000
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("f%06d.x", i), fmt.Sprintf("f%06d.x.y.z", i))
	}
	got := need{}.withPaths(append(list, "f000007", "f00000")...).needs()
	if len(got) != n+1 || got[0] != "f00000" || !slices.Contains(got, "f000007") || slices.Contains(got, "f000007.x") {
		t.Errorf("%d paths, from %q on, want %d", len(got), got[0], n+1)
	}
}
