package virga

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// TestGeoIndexes asks on both engines, of points alone and of everything, while
// documents come, move and go, in transactions and outside, and after a reopening.
func TestGeoIndexes(t *testing.T) {
	for _, engine := range []string{"memory", "badger"} {
		for _, shapes := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s shapes=%v", engine, shapes), func(t *testing.T) {
				path := Memory
				if engine == "badger" {
					path = t.TempDir()
				}
				r := newGeoRig(t, openWith(t, path, Fast), "places")
				for round := range effort() {
					r.round(fmt.Sprintf("places%d", round), shapes)
				}
				t.Logf("seed %d: %d queries, %d documents found", r.seed, r.cases, r.found)
			})
		}
	}
}

// round fills a collection, indexes it on the way, and asks.
func (r *geoRig) round(name string, shapes bool) {
	r.coll, r.next, r.spots, r.hints = r.db.Collection(name), 0, nil, nil
	for range 60 + r.rnd.IntN(60) {
		r.write(r.coll, shapes)
	}
	r.indexes()
	for range 40 + r.rnd.IntN(40) {
		r.write(r.coll, shapes)
	}
	for range 160 {
		r.ask(r.coll)
		if r.rnd.IntN(4) == 0 {
			r.write(r.coll, shapes)
		}
	}
	for range 4 { // what a transaction has written it finds
		err := r.db.RunTransaction(ctx(), func(_ context.Context, tx *Tx) error {
			c := tx.Collection(name)
			for range 1 + r.rnd.IntN(20) {
				r.write(c, shapes)
			}
			for range 25 {
				r.ask(c)
			}
			return errors.New("undone")
		})
		if err == nil {
			r.t.Fatal("committed")
		}
	}
	r.ask(r.coll)
	r.must(r.coll.DropIndex(ctx(), r.hints[0]))
	r.hints = r.hints[1:]
	r.ask(r.coll)
}

// What is no geometry cannot be written under a geo index, nor a geo index be built
// over it; what has none is not in it.
func TestGeoIndexRefuses(t *testing.T) {
	c := openTest(t).Collection("p")
	if !geo.HasCells {
		if err := c.CreateIndex(ctx(), index.Spec{Geo: "at"}); !errors.Is(err, ErrNotImplemented) || !strings.Contains(err.Error(), "cgo") {
			t.Errorf("without cgo: %v", err)
		}
		return
	}
	if _, err := c.Add(ctx(), M{"_id": 1, "at": "here"}); err != nil {
		t.Fatal(err)
	}
	err := c.CreateIndex(ctx(), index.Spec{Geo: "at"})
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "document 1") || !strings.Contains(err.Error(), "at") {
		t.Errorf("built over no geometry: %v", err)
	}
	if list, err := c.Indexes(ctx()); len(list) != 0 || err != nil {
		t.Errorf("left: %v, %v", list, err)
	}
	if _, err := c.Doc(1).Remove(ctx()); err != nil {
		t.Fatal(err)
	}
	if err := c.CreateIndex(ctx(), index.Spec{Geo: "at"}); err != nil {
		t.Fatal(err)
	}
	for text, v := range map[string]any{
		"element 1: latitude 95 is outside": []any{geo.Point{1, 2}, M{"type": "Point", "coordinates": []int{1, 95}}},
		"element 2: GeoJSON is an object":   []any{geo.Point{1, 2}, nil, 7},
		"a pair of numbers is no GeoJSON":   []float64{1, 2},
		"ring 0, point 1: a position needs": M{"type": "Polygon", "coordinates": [][][]int{{{0, 0}, {1}}}},
	} {
		if _, err := c.Add(ctx(), M{"at": v}); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "index at_geo: at: "+text) {
			t.Errorf("%v: error %v, want %q", v, err, text)
		}
	}
	for name, v := range map[string]any{
		"text": "x", "number": 7, "pair": []float64{1, 2}, "no type": M{"coordinates": []int{1, 2}}, "far": geo.Point{181, 0},
		"open ring": geo.Polygon{{{0, 0}, {1, 0}, {1, 1}}}, "crossed": geo.Polygon{{{0, 0}, {1, 1}, {1, 0}, {0, 1}, {0, 0}}}, "one of two": []any{geo.Point{1, 1}, 3},
	} {
		value := v
		if g, ok := v.(geo.Geometry); ok { // as JSON would bring it, unchecked
			value = M{"type": g.Type(), "coordinates": g}
		}
		if _, err := c.Add(ctx(), M{"at": value}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, doc := range map[string]M{"missing": {}, "null": {"at": nil}, "empty": {"at": []any{}}} {
		if _, err := c.Add(ctx(), doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Add(ctx(), M{"at": []geo.Point{{1, 1}, {1, 1.0000001}, {40, 40}}}); err != nil {
		t.Fatal(err)
	}
	list, err := c.Indexes(ctx())
	if err != nil || len(list) != 1 || list[0].Entries != 3 || !list[0].Multikey || list[0].Geo != "at" || list[0].Keys() != "geo at" {
		t.Errorf("%+v, %v", list, err)
	}
	if err := c.CreateIndex(ctx(), index.Spec{Fields: index.By("at"), Geo: "at", Name: "again"}); !errors.Is(err, ErrExists) {
		t.Errorf("a second one of the same fields: %v", err)
	}
}

// A serializable transaction that asks for what is near conflicts with a write there,
// and with none elsewhere.
func TestGeoIndexSerializable(t *testing.T) {
	needCells(t)
	db := openTest(t)
	c := db.Collection("p")
	for i := range 200 {
		if _, err := c.Add(ctx(), M{"_id": i, "at": geo.Point{float64(i) - 100, float64(i%50) - 25}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.CreateIndex(ctx(), index.Spec{Geo: "at"}); err != nil {
		t.Fatal(err)
	}
	for name, cond := range map[string]query.Condition{
		"near":   query.GeoNear(geo.Point{10, 10}, query.NearOptions{Max: 50_000}),
		"within": query.GeoWithin(geo.Circle{Center: geo.Point{10, 10}, Radius: 50_000}),
	} {
		for _, other := range []struct {
			at       geo.Point
			conflict bool
		}{{geo.Point{10.1, 10.1}, true}, {geo.Point{-90, -60}, false}} {
			tx, err := db.StartTransaction(ctx(), txn.Options{Isolation: txn.Serializable})
			if err != nil {
				t.Fatal(err)
			}
			if docs, err := tx.Collection("p").Where(M{"at": cond}).Get(ctx()); err != nil || len(docs) != 0 {
				t.Fatalf("%d documents, %v", len(docs), err)
			}
			if _, err := tx.Collection("q").Add(ctx(), M{"none": "near"}); err != nil {
				t.Fatal(err)
			}
			id, err := c.Add(ctx(), M{"at": other.at})
			if err != nil {
				t.Fatal(err)
			}
			if err := tx.Commit(ctx()); errors.Is(err, ErrConflict) != other.conflict || err != nil && !other.conflict {
				t.Errorf("%s, beside a write at %v: %v", name, other.at, err)
			}
			if _, err := c.Doc(id).Remove(ctx()); err != nil {
				t.Fatal(err)
			}
		}
	}
}
