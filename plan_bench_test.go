package virga

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// benchOrders returns a collection of documents of the shape of the standard
// workload, with its two indexes.
func benchOrders(b *testing.B, n int, path string) *Collection {
	b.Helper()
	ctx := context.Background()
	db, err := Open(path, Fast)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	coll := db.Collection("orders")
	for _, s := range []index.Spec{{Fields: index.By("name")}, {Fields: index.By("status", "price")}} {
		if err := coll.CreateIndex(ctx, s); err != nil {
			b.Fatal(err)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	var batch []any
	for i := range n {
		batch = append(batch, M{
			"_id": fmt.Sprintf("%024x", rnd.Uint64()), "name": fmt.Sprintf("name-%05d", rnd.IntN(n/10)), "status": fmt.Sprintf("state-%d", i%5),
			"price": rnd.Float64() * 1000, "qty": rnd.IntN(100), "tags": []string{"a", "b", "c"}, "note": "some text of a certain length, as notes are",
		})
		if len(batch) == 1000 {
			if _, err := coll.AddMany(ctx, batch); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	return coll
}

func BenchmarkQuery(b *testing.B) {
	ctx := context.Background()
	for _, engine := range []struct{ name, path string }{{"memory", Memory}, {"badger", b.TempDir()}} {
		coll := benchOrders(b, 100_000, engine.path)
		get := func(q func(i int) *Query, want int) func(*testing.B) {
			return func(b *testing.B) {
				b.ReportAllocs()
				n := 0
				for i := 0; b.Loop(); i++ {
					docs, err := q(i).Get(ctx)
					if err != nil {
						b.Fatal(err)
					}
					n += len(docs)
				}
				b.ReportMetric(float64(n)/float64(b.N), "docs/op")
			}
		}
		b.Run(engine.name+"/equal", get(func(i int) *Query { return coll.Where(M{"name": fmt.Sprintf("name-%05d", i*37%10000)}) }, 10))
		b.Run(engine.name+"/top range", get(func(i int) *Query {
			lo := float64(i*13%800) + 0.5
			return coll.Where(M{"status": "state-3", "price": query.Gte(lo).Lte(lo + 200)}).OrderBy("price", Desc).Limit(20)
		}, 20))
		b.Run(engine.name+"/range natural", get(func(i int) *Query {
			lo := float64(i*13%800) + 0.5
			return coll.Where(M{"status": "state-3", "price": query.Gte(lo).Lte(lo + 20)})
		}, 20))
		b.Run(engine.name+"/scan", get(func(i int) *Query { return coll.Where(M{"qty": i % 100}) }, 20))
		b.Run(engine.name+"/top", get(func(i int) *Query { return coll.Where(nil).OrderBy("qty", Desc).OrderBy("price", Asc).Limit(20) }, 20))
		b.Run(engine.name+"/count covered", func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if _, err := coll.Where(M{"status": "state-3", "price": query.Gte(400.0)}).Count(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
		last, err := coll.Where(nil).OrderBy("status", Desc).OrderBy("price", Desc).Skip(99_000).One(ctx)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(engine.name+"/page 5000", get(func(i int) *Query {
			return coll.Where(nil).OrderBy("status", Desc).OrderBy("price", Desc).After(last).Limit(20)
		}, 20))
	}
}
