package plan

import (
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
