package virga

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// Buckets of cells are the same by a geo index and by a look at every document, and
// as those of a group by the expressions; with arrays and shapes the index gives way.
func TestH3Buckets(t *testing.T) {
	needCells(t)
	r := newGeoRig(t, openTest(t), "p")
	for _, shapes := range []bool{false, true} {
		for range 300 {
			r.write(r.coll, shapes)
		}
		var before [][]Doc
		for res := range geo.MaxResolution + 1 {
			before = append(before, r.buckets(res))
		}
		r.must(r.coll.CreateIndex(ctx(), index.Spec{Fields: index.By("at.place", "price"), Geo: "at.place"}))
		for res, want := range before {
			if got := r.buckets(res); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("seed %d, resolution %d: %v by an index, %v without", r.seed, res, got, want)
			}
			rows, err := r.coll.Aggregate().Match(M{"at.place.type": "Point"}).
				Group(aggregate.H3Parent(aggregate.H3Cell("$at.place", geo.MaxResolution), res), M{"count": aggregate.Sum(1)}).Sort(D{{"_id", 1}}).All(ctx())
			if !shapes && (err != nil || fmt.Sprint(rows) != fmt.Sprint(want)) {
				t.Fatalf("seed %d, resolution %d: %v by a group, %v, want %v", r.seed, res, rows, err, want)
			}
		}
		r.must(r.coll.DropIndex(ctx(), "at.place_geo_price"))
	}
	for _, res := range []int{-1, 16} {
		if _, err := r.coll.Aggregate().H3Bucket("at.place", res).All(ctx()); !errors.Is(err, ErrInvalid) {
			t.Errorf("resolution %d: %v", res, err)
		}
	}
}

func (r *geoRig) buckets(res int) []Doc { return r.bucketsOf(r.coll, res) }

func (r *geoRig) bucketsOf(c *Collection, res int) []Doc {
	rows, err := c.Aggregate().H3Bucket("at.place", res).All(ctx())
	r.must(err)
	return rows
}

// Buckets count what a transaction has written as well, and have forgotten it after a
// rollback.
func TestH3BucketsOfTransactions(t *testing.T) {
	needCells(t)
	onEngines(t, func(t *testing.T, open func(...Option) *DB) {
		r := newGeoRig(t, open(), "p")
		r.must(r.coll.CreateIndex(ctx(), index.Spec{Geo: "at.place"}))
		for range 400 {
			r.write(r.coll, false)
		}
		for _, shapes := range []bool{false, true} {
			before := r.buckets(5)
			tx, err := r.db.StartTransaction(ctx())
			r.must(err)
			mine := tx.Collection("p")
			for range 60 {
				r.write(mine, shapes)
				if r.rnd.IntN(10) == 0 {
					r.sameBuckets(mine)
				}
			}
			r.sameBuckets(mine)
			if got := r.buckets(5); fmt.Sprint(got) != fmt.Sprint(before) {
				t.Fatalf("seed %d: %v beside a transaction, %v before", r.seed, got, before)
			}
			r.must(tx.Rollback(nil))
			r.sameBuckets(r.coll)
			if got := r.buckets(5); fmt.Sprint(got) != fmt.Sprint(before) {
				t.Fatalf("seed %d: %v after a rollback, %v before", r.seed, got, before)
			}
		}
	})
}

// Buckets of many points are counted on several cores, and are the same: where a cell
// goes over the end of a piece, where all points lie in one cell, and where most of them
// stand at one end.
func TestH3BucketsOfMany(t *testing.T) {
	needCells(t)
	const many = 4000
	for name, spread := range map[string]float64{"everywhere": 180, "a town": 0.1, "a cell": 1e-7} {
		t.Run(name, func(t *testing.T) {
			r := newGeoRig(t, openTest(t), "p")
			r.db.plan.Wide = 1
			docs := make([]M, many)
			for i := range docs {
				at := geo.Point{spread * (2*r.rnd.Float64() - 1), spread / 2 * (2*r.rnd.Float64() - 1)}
				if i == 0 {
					at = geo.Point{179.9, -89}
				}
				docs[i] = M{"_id": i, "at": M{"place": at}}
			}
			_, err := r.coll.AddMany(ctx(), docs)
			r.must(err)
			before := [][]Doc{r.buckets(0), r.buckets(7)}
			r.must(r.coll.CreateIndex(ctx(), index.Spec{Geo: "at.place"}))
			for i, res := range []int{0, 7} {
				if got := r.buckets(res); fmt.Sprint(got) != fmt.Sprint(before[i]) {
					t.Fatalf("seed %d, resolution %d: %d buckets by an index, %d without", r.seed, res, len(got), len(before[i]))
				}
			}
			tx, err := r.db.StartTransaction(ctx())
			r.must(err)
			mine := tx.Collection("p")
			_, err = mine.Where(M{"_id": query.Lt(100)}).Remove(ctx())
			r.must(err)
			r.sameBuckets(mine)
			r.must(tx.Rollback(nil))
			cancelled, cancel := context.WithCancel(ctx())
			cancel()
			if _, err := r.coll.Aggregate().H3Bucket("at.place", 5).All(cancelled); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
		})
	}
}

// sameBuckets compares the buckets of c with those of all its documents, one by one,
// which is what a condition asks for.
func (r *geoRig) sameBuckets(c *Collection) {
	r.t.Helper()
	for _, res := range []int{0, r.rnd.IntN(geo.MaxResolution + 1)} {
		want, err := c.Aggregate().Match(M{"_id": query.Gte(0)}).H3Bucket("at.place", res).All(ctx())
		r.must(err)
		if got := r.bucketsOf(c, res); fmt.Sprint(got) != fmt.Sprint(want) {
			r.t.Fatalf("seed %d, resolution %d: %v, want %v", r.seed, res, got, want)
		}
	}
}

// Buckets count what who asks may read: never more, also where an index knows the
// number of all.
func TestH3BucketsUnderRules(t *testing.T) {
	needCells(t)
	r := newGeoRig(t, openTest(t), "p")
	r.must(r.coll.CreateIndex(ctx(), index.Spec{Geo: "at.place"}))
	for i, owner := range []string{"alice", "bob", "alice", "bob", "bob"} {
		_, err := r.coll.Add(ctx(), M{"_id": i, "_openid": owner, "at": M{"place": geo.Point{113.3238, 23.0977}}})
		r.must(err)
	}
	count := func(a *Aggregation) string {
		rows, err := a.H3Bucket("at.place", 4).All(ctx())
		if errors.Is(err, ErrDenied) {
			return "denied"
		}
		r.must(err)
		var n []string
		for _, row := range rows {
			n = append(n, row.Lookup("count").String())
		}
		return strings.Join(n, " ")
	}
	own := M{"_openid": "{openid}"}
	for _, x := range []struct{ rules, whole, own string }{
		{`{"read": true}`, "5", "2"},
		{"READONLY", "5", "2"},
		{"PRIVATE", "2", "2"},
		{"ADMINONLY", "denied", "denied"},
		{`{"read": "auth.openid == doc._openid"}`, "denied", "2"},
		{`{"read": false}`, "denied", "denied"},
	} {
		setRules(t, r.coll, x.rules)
		mine := r.db.As(alice).Collection("p")
		if got := count(mine.Aggregate()); got != x.whole {
			t.Errorf("under %s alice counts %s, want %s", x.rules, got, x.whole)
		}
		if got := count(mine.Aggregate().Match(own)); got != x.own {
			t.Errorf("under %s alice counts %s of her own, want %s", x.rules, got, x.own)
		}
		if got := count(r.coll.Aggregate()); got != "5" {
			t.Errorf("under %s the program counts %s", x.rules, got)
		}
	}
}

// The operators on cells, null of null, and what they refuse.
func TestH3Operators(t *testing.T) {
	needCells(t)
	c := openTest(t).Collection("p")
	if _, err := c.Add(ctx(), M{"_id": 1, "at": geo.Point{113.3238, 23.0977}, "no": nil}); err != nil {
		t.Fatal(err)
	}
	cell, err := geo.CellOf(geo.Point{113.3238, 23.0977}, 9)
	if err != nil {
		t.Fatal(err)
	}
	parent, err := cell.Parent(4)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		x    any
		want any
	}{
		{aggregate.H3Cell("$at", 9), cell.String()},
		{aggregate.H3Parent(aggregate.H3Cell("$at", 9), 4), parent.String()},
		{aggregate.H3Parent(cell, 9), cell.String()},
		{aggregate.H3Cell("$no", 9), nil},
		{aggregate.H3Cell("$missing", 9), nil},
		{aggregate.H3Parent("$no", 3), nil},
	} {
		docs, err := c.Aggregate().ReplaceRoot(M{"v": row.x}).All(ctx())
		if err != nil || len(docs) != 1 || fmt.Sprint(docs[0].Map()["v"]) != fmt.Sprint(row.want) {
			t.Errorf("%v: %v, %v, want %v", row.x, docs, err, row.want)
		}
	}
	for name, x := range map[string]any{
		"resolution 16": aggregate.H3Cell("$at", 16), "half": aggregate.H3Cell("$at", 1.5), "text": aggregate.H3Cell("$_id", 1),
		"no cell": aggregate.H3Parent("zz", 1), "finer": aggregate.H3Parent(cell, 10), "number": aggregate.H3Parent("$_id", 1),
	} {
		if _, err := c.Aggregate().ReplaceRoot(M{"v": x}).All(ctx()); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, x := range map[string]any{"no list": "8", "no cells": []int{1}, "bad": []string{"8928308280ffff0"}} {
		if _, err := c.Where(M{"at": M{"$h3Within": x}}).Get(ctx()); !errors.Is(err, ErrInvalid) {
			t.Errorf("within %s: %v", name, err)
		}
	}
	if docs, err := c.Where(M{"at": query.H3Within()}).Get(ctx()); err != nil || len(docs) != 0 {
		t.Errorf("within no cells: %v, %v", docs, err)
	}
}

// Explain tells of the walk over the index that counts, and of no other.
func TestH3BucketsExplained(t *testing.T) {
	needCells(t)
	r := newGeoRig(t, openTest(t), "p")
	for i := range 5 {
		_, err := r.coll.Add(ctx(), M{"_id": i, "at": M{"place": geo.Point{113.3238, float64(i)}}})
		r.must(err)
	}
	explain := func(a *Aggregation, want string, keys, docs int64) {
		t.Helper()
		e, err := a.H3Bucket("at.place", 3).Explain(ctx())
		if err != nil || e.Plan.String() != want || e.KeysExamined != keys || e.DocsExamined != docs || e.Returned == 0 {
			t.Errorf("%s, %d keys and %d documents read, %d returned, %v; want %s, %d, %d", e.Plan, e.KeysExamined, e.DocsExamined, e.Returned, err, want, keys, docs)
		}
	}
	explain(r.coll.Aggregate(), "scan | count by cells of resolution 3 at at.place", 0, 5)
	r.must(r.coll.CreateIndex(ctx(), index.Spec{Geo: "at.place"}))
	explain(r.coll.Aggregate(), "index at.place_geo cells of at.place | count by cells of resolution 3 at at.place", 5, 0)
	explain(r.coll.Aggregate().Match(M{"_id": 3}), "_id [3] | count by cells of resolution 3 at at.place", 1, 1)
	_, err := r.coll.Add(ctx(), M{"at": M{"place": []geo.Point{{1, 2}, {3, 4}}}})
	r.must(err)
	explain(r.coll.Aggregate(), "scan | count by cells of resolution 3 at at.place", 0, 6)

	setRules(t, r.coll, `{"read": false}`)
	if _, err := r.db.As(alice).Collection("p").Aggregate().H3Bucket("at.place", 3).Explain(ctx()); !errors.Is(err, ErrDenied) {
		t.Errorf("explained to whom rules deny: %v", err)
	}
}
