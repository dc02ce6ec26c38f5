package plan

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// TestLongListsArePlannedInFewPieces counts what planning for a list of many members
// allocates, in an index and by _id.
func TestLongListsArePlannedInFewPieces(t *testing.T) {
	snap, coll := orders(t, 200)
	members := make([]int, 50_000)
	for i := range members {
		members[i] = i * 7919 % 1_000_003
	}
	for _, path := range []string{"_id", "name", "status"} {
		filter, err := query.CompileFilter(document.M{path: query.In(members)}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		pieces := testing.AllocsPerRun(3, func() {
			if _, err := newPlanner(snap, coll, &query.Request{Filter: filter}, toFind, Options{}).plan(); err != nil {
				t.Fatal(err)
			}
		})
		if pieces > 100 {
			t.Errorf("%s: %.0f allocations", path, pieces)
		}
	}
}

// Each array among the members is looked for in two places. To bring these into order
// anew for every member would take this test minutes.
func TestListsOfManyArraysAreOrderedOnce(t *testing.T) {
	snap, coll := orders(t, 10)
	members := make([][]int, 50_000)
	for i := range members {
		n := i * 7919 % 1_000_003
		members[i] = []int{n, n}
	}
	filter, err := query.CompileFilter(document.M{"name": query.In(members)}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	p := newPlanner(snap, coll, &query.Request{Filter: filter}, toFind, Options{})
	for _, x := range snap.Indexes(coll) {
		if x.Spec().Fields[0].Path != "name" {
			continue
		}
		bounds, _ := p.fieldBounds(x)
		if set := bounds[0].set; len(set) != 2*len(members) || !slices.IsSortedFunc(set, func(a, b interval) int { return bytes.Compare(a.lo, b.lo) }) {
			t.Errorf("%d intervals, want %d in order", len(set), 2*len(members))
		}
	}
}
