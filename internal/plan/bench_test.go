package plan

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// orders returns a snapshot of a collection of n documents with three indexes.
func orders(tb testing.TB, n int) (txn.Snapshot, *txn.Collection) {
	tb.Helper()
	ctx := context.Background()
	store, err := storage.New(memory.Open(memory.Options{}), storage.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	docs, err := txn.Open(store, clock.System())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { docs.Close(); store.Close() })
	for _, by := range [][]string{{"name"}, {"status", "price"}, {"tags"}} {
		if err := docs.CreateIndex(ctx, "orders", index.Spec{Fields: index.By(by...)}, nil); err != nil {
			tb.Fatal(err)
		}
	}
	for i := range n {
		doc, err := document.Encode(document.D{
			{"_id", int64(i)}, {"name", fmt.Sprint("name ", i%(n/10))}, {"status", fmt.Sprint(i % 5)}, {"price", int64(i % 97)}, {"tags", []string{"a", "b"}},
		}, time.Time{})
		if err != nil {
			tb.Fatal(err)
		}
		err = docs.Apply(ctx, "orders", true, []document.Value{document.Int(int64(i))}, func(int, document.Doc) (txn.Edit, error) {
			return txn.Edit{Op: txn.Insert, Doc: doc}, nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	snap, err := docs.Snapshot()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(snap.Release)
	return snap, snap.Catalog().Collection("orders")
}

// BenchmarkPlan plans and runs nothing.
func BenchmarkPlan(b *testing.B) {
	snap, coll := orders(b, 2000)
	for _, c := range []struct {
		name, plan string
		filter     any
		sort       document.D
		limit      int
	}{
		{"equal", `index name ["name 7"] | fetch`, document.M{"name": "name 7"}, nil, 0},
		{"range", `index status_price reversed ["3", [10, 20]] | fetch | limit 20`, document.M{"status": "3", "price": query.Gte(10).Lte(20)}, document.D{{"price", -1}}, 20},
		{"in", `index status_price reversed ["1" or "2" or "3"] | merge 3 | ties by _id | fetch | limit 20`, document.M{"status": query.In([]string{"1", "2", "3"})}, document.D{{"price", -1}}, 20},
		{"or", `(index name ["name 7"]) + (index status_price ["3", 5]) | by _id | fetch | filter`, query.Or(document.M{"name": "name 7"}, document.M{"status": "3", "price": 5}), nil, 0},
		{"scan", `scan | filter`, document.M{"qty": 5}, nil, 0},
	} {
		r := &query.Request{Limit: c.limit}
		var err error
		if r.Filter, err = query.CompileFilter(c.filter, time.Time{}); err != nil {
			b.Fatal(err)
		}
		if c.sort != nil {
			if r.Sort, err = query.CompileSort(c.sort); err != nil {
				b.Fatal(err)
			}
		}
		p := newPlanner(snap, coll, r, toFind, Options{})
		a, err := p.plan()
		if err != nil {
			b.Fatal(err)
		}
		if got := p.stages(a, "find").String(); got != c.plan {
			b.Fatalf("plan %s, want %s", got, c.plan)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := newPlanner(snap, coll, r, toFind, Options{}).plan(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
