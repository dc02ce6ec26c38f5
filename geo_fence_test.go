package virga

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// TestGeoFences asks which shapes have points in them, on both engines, while shapes of
// every size come and go, in transactions and outside, and after a reopening. What an
// index knows of its shapes, of which sizes there are, or that each stands alone in its
// document, must never hide one.
func TestGeoFences(t *testing.T) {
	needCells(t)
	for _, engine := range []string{"memory", "badger"} {
		t.Run(engine, func(t *testing.T) {
			path := Memory
			if engine == "badger" {
				path = t.TempDir()
			}
			var rigs []*fenceRig
			t.Run("written", func(t *testing.T) {
				db := openWith(t, path, Fast)
				for round := range 3 * effort() {
					r := &fenceRig{geoRig: newGeoRig(t, db, fmt.Sprintf("fences%d", round))}
					rigs = append(rigs, r)
					r.round()
				}
			})
			if engine == "memory" {
				return
			}
			t.Run("opened again", func(t *testing.T) {
				db := openWith(t, path, Fast)
				for _, r := range rigs {
					r.t, r.db, r.coll = t, db, db.Collection(r.coll.name)
					for range 20 {
						r.ask(r.coll)
						r.write(r.coll)
					}
				}
			})
		})
	}
}

// A fenceRig has a collection of its own, whose documents have one geometry each unless
// several is set.
type fenceRig struct {
	*geoRig
	several bool
	bare    bool // no geometry is a point
}

func (r *fenceRig) round() {
	r.several, r.bare = r.rnd.IntN(2) == 0, r.rnd.IntN(2) == 0
	built := r.rnd.IntN(30)
	for step := range 50 {
		if step == built {
			for _, s := range []index.Spec{{Geo: "at"}, {Fields: index.By("kind"), Geo: "at"}} {
				r.must(r.coll.CreateIndex(ctx(), s))
				r.hints = append(r.hints, s.Named().Name)
			}
		}
		r.write(r.coll)
		r.ask(r.coll)
	}
	for range 3 {
		undo := r.rnd.IntN(2) == 0
		err := r.db.RunTransaction(ctx(), func(_ context.Context, tx *Tx) error {
			c := tx.Collection(r.coll.name)
			for range 1 + r.rnd.IntN(8) {
				r.write(c)
				r.ask(c)
			}
			if undo {
				return context.Canceled
			}
			return nil
		})
		if (err != nil) != undo {
			r.t.Fatalf("seed %d: %v", r.seed, err)
		}
		r.ask(r.coll)
	}
	r.t.Logf("seed %d: %d questions, %d fences", r.seed, r.cases, r.found)
}

// write adds, changes or removes a document of c.
func (r *fenceRig) write(c *Collection) {
	id := r.rnd.IntN(r.next + 1)
	if r.rnd.IntN(5) == 0 {
		_, err := c.Doc(id).Remove(ctx())
		r.must(err)
		return
	}
	if id == r.next || r.rnd.IntN(3) > 0 {
		id = r.next
		r.next++
	}
	_, err := c.Doc(id).Set(ctx(), M{"kind": r.rnd.IntN(2), "at": r.fence()})
	r.must(err)
}

// fence returns what a document has.
func (r *fenceRig) fence() any {
	var at any = r.polygon()
	switch {
	case r.several:
		at = r.place(true)
	case r.rnd.IntN(4) == 0:
		at = r.line(r.point())
	case r.rnd.IntN(4) == 0 && !r.bare:
		at = r.point()
	}
	switch g := at.(type) {
	case geo.Polygon:
		r.spots = append(r.spots, g[0][0], geo.Point{(g[0][0].Lng() + g[0][1].Lng()) / 2, (g[0][0].Lat() + g[0][2].Lat()) / 2})
	case geo.LineString:
		r.spots = append(r.spots, g...)
	}
	return at
}

// ask asks by every index and without one, where there are shapes and nearby.
func (r *fenceRig) ask(c *Collection) {
	r.t.Helper()
	var at geo.Geometry = r.point()
	if len(r.spots) > 0 && r.rnd.IntN(3) > 0 {
		at = r.spots[r.rnd.IntN(len(r.spots))]
	}
	if r.rnd.IntN(4) == 0 {
		at = geo.MultiPoint{r.point(), r.point()}
	}
	where := M{"at": query.GeoIntersects(at)}
	if r.rnd.IntN(2) == 0 {
		where["kind"] = []any{r.rnd.IntN(2), query.In([]int{0, 1})}[r.rnd.IntN(2)]
	}
	q := c.Where(where)
	want, err := q.Hint(NoIndex).Get(ctx())
	r.must(err)
	r.cases++
	r.found += len(want)
	for _, hint := range r.hints {
		if _, ok := where["kind"]; !ok && hint != r.hints[0] {
			continue // the index does not serve it
		}
		q := q.Hint(hint)
		n, err := q.Count(ctx())
		r.must(err)
		exists, err := q.Exists(ctx())
		r.must(err)
		got, err := q.Get(ctx())
		r.must(err)
		if n != int64(len(want)) || exists != (n > 0) || !slices.Equal(ids(got), ids(want)) {
			e, _ := q.ExplainCount(ctx())
			r.t.Fatalf("seed %d: %v: %d counted, %v, of %v, by %q %v\n%s", r.seed, where, n, exists, ids(want), hint, ids(got), e.Tree())
		}
	}
}
