package virga

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/query"
)

// sold fills a collection with 600 documents.
func sold(t *testing.T, db *DB) *Collection {
	t.Helper()
	coll := db.Collection("sold")
	var docs []any
	for i := range 600 {
		docs = append(docs, M{"_id": i, "city": i % 20, "total": i % 37, "at": i})
	}
	if _, err := coll.AddMany(context.Background(), docs); err != nil {
		t.Fatal(err)
	}
	return coll
}

func advised(t *testing.T, db *DB) Advice {
	t.Helper()
	a, err := db.Advise(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAdvise(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	coll := sold(t, db)
	if a := advised(t, db); len(a.Missing)+len(a.Unused)+len(a.Redundant) > 0 {
		t.Errorf("at the beginning: %s", a)
	}
	for i := range 5 {
		if _, err := coll.Where(M{"city": i}).OrderBy("total", Desc).Limit(3).Get(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := coll.Where(M{"city": i}).Count(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := coll.Doc(i).Get(ctx); err != nil {
			t.Fatal(err)
		}
	}
	a := advised(t, db)
	if len(a.Missing) != 1 || a.Missing[0].Collection != "sold" || (index.Spec{Fields: a.Missing[0].Fields}).Keys() != "city, -total" || len(a.Missing[0].Queries) != 2 {
		t.Fatalf("missing: %s", a)
	}
	for _, q := range a.Missing[0].Queries {
		if q.Runs != 5 || q.Documents != 3000 || q.Time <= 0 {
			t.Errorf("runs: %+v", q)
		}
	}
	if a.Missing[0].Gain <= 0 || !strings.Contains(a.String(), "5 × city = ? order -total: 3000 documents read for 15 found") {
		t.Errorf("advice:\n%s", a)
	}
	for _, by := range []string{"city -total", "city", "at"} {
		if err := coll.CreateIndex(ctx, index.Spec{Fields: index.By(strings.Fields(by)...)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := coll.Where(M{"city": 3}).OrderBy("total", Desc).Get(ctx); err != nil {
		t.Fatal(err)
	}
	want := "unused: sold.at: no query has used it\nunused: sold.city: no query has used it\nredundant: sold.city: index city_-total begins with its fields"
	if a := advised(t, db); a.String() != want {
		t.Errorf("with indexes:\n%s\nwant\n%s", a, want)
	}
}

// Queries for places that read everything want a geo index, behind what must equal one
// value; with it they want nothing more.
func TestAdviseGeo(t *testing.T) {
	needCells(t)
	db := openTest(t)
	coll := db.Collection("shops")
	var docs []any
	for i := range 600 {
		docs = append(docs, M{"_id": i, "city": i % 3, "total": i, "at": geo.Point{113 + float64(i%30)/10, 22 + float64(i/30)/10}})
	}
	if _, err := coll.AddMany(ctx(), docs); err != nil {
		t.Fatal(err)
	}
	place := geo.Point{114.05, 22.55}
	ask := func() {
		t.Helper()
		for _, cond := range []any{
			M{"at": query.GeoNear(place, query.NearOptions{Max: 20_000})},
			M{"at": query.GeoWithin(geo.Circle{Center: place, Radius: 20_000}), "total": query.Gt(5)},
			M{"at": query.GeoIntersects(geo.Point{113, 22})},
			M{"at": query.GeoNear(place), "city": 1},
		} {
			if _, err := coll.Where(cond).Limit(5).Get(ctx()); err != nil {
				t.Fatal(err)
			}
		}
	}
	ask()
	var want []string
	for _, m := range advised(t, db).Missing {
		spec := index.Spec{Fields: m.Fields, Geo: m.Geo}
		want = append(want, fmt.Sprintf("%s: %s, %d queries", spec.Keys(), m.Reason, len(m.Queries)))
	}
	slices.Sort(want)
	if got := strings.Join(want, "\n"); got != "city, geo at: equality, then place, 1 queries\ngeo at: place, 3 queries" {
		t.Fatalf("missing:\n%s", got)
	}
	e, err := coll.Where(M{"at": query.GeoNear(place), "city": 1}).Limit(5).Explain(ctx())
	if err != nil || e.Advice == nil || e.Advice.String() != "create index (city, geo at) on shops: equality, then place: 600 documents read for 5 found" {
		t.Errorf("explained: %v, %v", e.Advice, err)
	}
	if text, err := json.Marshal(e); err != nil || !strings.Contains(string(text), `"geo":"at"`) {
		t.Errorf("%s, %v", text, err)
	}
	for _, m := range advised(t, db).Missing {
		if err := coll.CreateIndex(ctx(), index.Spec{Fields: m.Fields, Geo: m.Geo}); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	if a := advised(t, db); len(a.Missing) > 0 {
		t.Errorf("with indexes:\n%s", a)
	}
	db.plan.RequireIndex = true
	if _, err := db.Collection("shops").Where(M{"place": query.GeoIntersects(place)}).Get(ctx()); err == nil || !strings.Contains(err.Error(), "create an index on (geo place)") {
		t.Errorf("where indexes are required: %v", err)
	}
}

func TestSlowQuery(t *testing.T) {
	ctx := context.Background()
	var log bytes.Buffer
	db := openWith(t, Memory, WithLogger(slog.New(slog.NewTextHandler(&log, nil))), SlowQuery(20*time.Millisecond))
	tick := clock.NewManual(time.Unix(0, 0), 1)
	db.plan.Clock = tick
	coll := sold(t, db)
	n := 0
	for _, err := range coll.Where(M{"city": query.Gt(3)}).Each(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			tick.Advance(50 * time.Millisecond)
		}
	}
	if strings.Contains(log.String(), "slow query") {
		t.Errorf("the user's time is counted: %s", log.String())
	}
	db.plan.Clock, db.plan.Slow = hasty{tick}, time.Nanosecond
	if _, err := coll.Where(M{"city": 5}).OrderBy("at", Desc).Get(ctx); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"slow query", "collection=sold", `query="city = ? order -at"`, `plan="scan | filter | sort -at"`, "documents=600", "found=30"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the log lacks %s: %s", part, log.String())
		}
	}
}
