package query

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
)

// product returns a document of ten fields and about 230 bytes.
func product(t testing.TB, i int, random *rand.Rand) document.Doc {
	return mustEncode(t, document.D{
		{Key: "_id", Value: fmt.Sprintf("%032x", i)},
		{Key: "name", Value: fmt.Sprintf("product number %d of the shop", i)},
		{Key: "category", Value: fmt.Sprintf("category-%d", random.IntN(20))},
		{Key: "price", Value: float64(random.IntN(10000)) / 100},
		{Key: "qty", Value: random.IntN(1000)},
		{Key: "sold", Value: random.IntN(100000)},
		{Key: "tags", Value: []any{"new", fmt.Sprintf("t%d", random.IntN(10))}},
		{Key: "spec", Value: document.D{{Key: "colour", Value: "green"}, {Key: "size", Value: random.IntN(10)}}},
		{Key: "at", Value: time.UnixMilli(1700000000000 + int64(i))},
		{Key: "note", Value: "a line of text as users write them"},
	})
}

var productFilters = []struct {
	name   string
	filter any
}{
	{"equal", document.M{"qty": 500}},
	{"range", document.M{"price": Gte(20).Lt(30)}},
	{"in16", document.M{"qty": In([]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})}},
	{"nested", document.M{"spec": document.M{"colour": "green", "size": 3}}},
	{"array", document.M{"tags": "t3"}},
	{"or", Or(document.M{"qty": 500}, document.M{"category": "category-3"})},
	{"elemMatch", document.M{"tags": ElemMatch(Gt("t").Lt("t5"))}},
	{"regex", document.M{"name": Regex("^product number 7")}},
	{"four", document.M{"qty": Gt(10), "price": Lt(90), "category": Neq("category-1"), "spec.size": Exists()}},
}

func TestMatchDoesNotAllocate(t *testing.T) {
	d := product(t, 1, rand.New(rand.NewPCG(1, 1)))
	for _, p := range productFilters {
		f, err := CompileFilter(p.filter, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { _, _ = f.Match(d) }); n != 0 {
			t.Errorf("%s: %v allocations a document", p.name, n)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 1))
	docs := make([]document.Doc, 100_000)
	for i := range docs {
		docs[i] = product(b, i, random)
	}
	b.Logf("%d bytes a document", len(docs[0].Raw()))
	for _, p := range productFilters {
		f, err := CompileFilter(p.filter, time.Now())
		if err != nil {
			b.Fatal(err)
		}
		b.Run(p.name, func(b *testing.B) {
			b.ReportAllocs()
			met := 0
			for i := range b.N {
				ok, err := f.Match(docs[i%len(docs)])
				if err != nil {
					b.Fatal(err)
				}
				if ok {
					met++
				}
			}
			b.ReportMetric(float64(met)/float64(b.N), "met/op")
		})
	}
}
