package virga

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/hook"
	"github.com/virgadb/virga/query"
)

// island returns a polygon of 200 corners around a place, so large that what queries
// make of it is kept.
func island(lng, lat float64) geo.Polygon {
	var ring geo.LineString
	for i := range 200 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / 200)
		ring = append(ring, geo.Point{lng + cos, lat + sin})
	}
	return geo.Polygon{append(ring, ring[0])}
}

// islands expects that so many islands of a collection hold (10, 10), and so many (50, 10).
func islands(t *testing.T, what string, c *Collection, at10, at50 int) {
	t.Helper()
	for range 2 { // made, then kept
		for lng, want := range map[float64]int{10: at10, 50: at50} {
			docs, err := c.Where(M{"area": query.GeoIntersects(geo.Point{lng, 10})}).Get(ctx())
			if err != nil || len(docs) != want {
				t.Errorf("%s: %d at %v, want %d: %v", what, len(docs), lng, want, err)
			}
		}
	}
}

// withIslands calls f with two collections, one with an island at (10, 10), the other
// with one of the same _id at (50, 10): without indexes, then with them.
func withIslands(t *testing.T, f func(t *testing.T, db *DB, a, b *Collection)) {
	for _, indexed := range []bool{false, true} {
		if indexed && !geo.HasCells {
			continue
		}
		t.Run(fmt.Sprint("indexed ", indexed), func(t *testing.T) {
			db := openTest(t)
			for name, lng := range map[string]float64{"a": 10, "b": 50} {
				if indexed {
					done(t, db.Collection(name).CreateIndex(ctx(), index.Spec{Geo: "area"}))
				}
				_, err := db.Collection(name).Add(ctx(), M{"_id": 1, "area": island(lng, 10)})
				done(t, err)
			}
			f(t, db, db.Collection("a"), db.Collection("b"))
		})
	}
}

// What is kept of large polygons never answers for what a document held before, or for
// one of the same _id in another collection or another database.
func TestKeptShapesFollowWrites(t *testing.T) {
	withIslands(t, func(t *testing.T, db *DB, a, b *Collection) {
		islands(t, "a", a, 1, 0)
		islands(t, "b", b, 0, 1)
		fork, err := Fork(db, hook.Hooks{})
		done(t, err)
		defer fork.Close()
		_, err = a.Doc(1).Update(ctx(), M{"area": island(50, 10)})
		done(t, err)
		islands(t, "moved", a, 0, 1)
		islands(t, "in the copy", fork.Collection("a"), 1, 0)
		if report, err := fork.Check(ctx()); err != nil || len(report.Problems) > 0 {
			t.Errorf("the copy: %v %v", report.Problems, err)
		}
		_, err = a.Doc(1).Remove(ctx())
		done(t, err)
		islands(t, "removed", a, 0, 0)
		_, err = a.Add(ctx(), M{"_id": 1, "area": island(10, 10)})
		done(t, err)
		islands(t, "added again", a, 1, 0)
		_, err = b.Aggregate().Out("a").All(ctx())
		done(t, err)
		islands(t, "replaced", a, 0, 1)
	})
}

// Nor does it for another moment: not in an older snapshot, not in a transaction that has
// written, and not after its end.
func TestKeptShapesAreThoseOfTheMoment(t *testing.T) {
	withIslands(t, func(t *testing.T, db *DB, a, _ *Collection) {
		done(t, db.View(ctx(), func(_ context.Context, earlier *Tx) error {
			_, err := a.Doc(1).Update(ctx(), M{"area": island(50, 10)})
			done(t, err)
			islands(t, "moved", a, 0, 1)
			islands(t, "before it moved", earlier.Collection("a"), 1, 0)
			return nil
		}))
		tx, err := db.StartTransaction(ctx())
		done(t, err)
		_, err = tx.Collection("a").Doc(1).Update(ctx(), M{"area": island(10, 10)})
		done(t, err)
		islands(t, "in the transaction", tx.Collection("a"), 1, 0)
		islands(t, "beside the transaction", a, 0, 1)
		done(t, tx.Rollback(nil))
		islands(t, "rolled back", a, 0, 1)
	})
}

// done ends the test unless a step went well.
func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
