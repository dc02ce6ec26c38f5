package bench

import (
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
)

// BenchmarkGroup counts the documents of each status and adds up and averages their
// price. The floor walks Badger, looks both fields up in place and does the same in
// a map.
func BenchmarkGroup(b *testing.B) {
	for _, m := range memories {
		b.Run(m.name, func(b *testing.B) { benchmarkGroup(b, m) })
	}
}

func benchmarkGroup(b *testing.B, m memory) {
	s := loaded(b, m, virga.Fast, false)
	want := groupsOfStandard()
	group := func(int) error { return groupStandard(s.coll, want) }
	raw := func(int) error {
		got := map[string]groupOf{}
		names := []string{"status", "price"}
		err := s.raw.walk(func(value []byte) {
			var at [2]document.Value
			if err := document.FromRaw(value).Value().Pick(names, at[:]); err != nil {
				return
			}
			price, _ := at[1].Float64()
			g := got[string(at[0].Bytes())]
			g.n++
			g.total += price
			got[string(at[0].Bytes())] = g
		})
		for id, g := range got {
			g.mean = g.total / float64(g.n)
			got[id] = g
		}
		if err != nil {
			return err
		}
		return sameGroups(got, want)
	}
	if err := group(0); err != nil {
		b.Fatal(err)
	}
	contest(b, 1, each(group), floor{"floor", each(s.rawWalk)}, floor{"map", each(raw)})
}

// BenchmarkGroupIndexed is BenchmarkGroup where the index on status and price has all
// that is asked for.
func BenchmarkGroupIndexed(b *testing.B) {
	want := groupsOfStandard()
	indexed(b, func(b *testing.B, c *virga.Collection) {
		if err := groupStandard(c, want); err != nil {
			b.Fatal(err)
		}
		contest(b, 1, each(func(int) error { return groupStandard(c, want) }))
	})
}

// groupStandard groups the workload by status and compares the groups with want.
func groupStandard(c *virga.Collection, want map[string]groupOf) error {
	rows, err := c.Aggregate().Group("$status", virga.M{
		"n": aggregate.Sum(1), "total": aggregate.Sum("$price"), "mean": aggregate.Avg("$price"),
	}).All(background)
	if err != nil {
		return err
	}
	got := map[string]groupOf{}
	for _, d := range rows {
		id, _ := d.Lookup("_id").Text()
		n, _ := d.Lookup("n").Int64()
		total, _ := d.Lookup("total").Float64()
		mean, _ := d.Lookup("mean").Float64()
		got[id] = groupOf{n, total, mean}
	}
	return sameGroups(got, want)
}

// A groupOf is what BenchmarkGroup computes of one status.
type groupOf struct {
	n           int64
	total, mean float64
}

// groupsOfStandard computes the groups from the generator's documents.
var groupsOfStandard = sync.OnceValue(func() map[string]groupOf {
	groups := map[string]groupOf{}
	for i := range size() {
		d := At(seed, uint64(i))
		g := groups[d.Status]
		g.n++
		g.total += d.Price
		groups[d.Status] = g
	}
	for id, g := range groups {
		g.mean = g.total / float64(g.n)
		groups[id] = g
	}
	return groups
})

func sameGroups(got, want map[string]groupOf) error {
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }
	for id, w := range want {
		if g := got[id]; g.n != w.n || !near(g.total, w.total) || !near(g.mean, w.mean) {
			return fmt.Errorf("status %s is %v, want %v", id, g, w)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d groups, want %d", len(got), len(want))
	}
	return nil
}

// BenchmarkLookup looks up the user of each of 10,000 orders among 1,000, by _id, by
// an index, and by none.
func BenchmarkLookup(b *testing.B) {
	const orders, users = 10_000, 1000
	db, err := virga.Open(b.TempDir(), virga.Fast)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	load := func(name string, n int, make func(i int) virga.D) {
		for from := 0; from < n; from += 1000 {
			docs := []virga.D{}
			for i := from; i < from+1000; i++ {
				docs = append(docs, make(i))
			}
			if _, err := db.Collection(name).AddMany(background, docs); err != nil {
				b.Fatal(err)
			}
		}
	}
	user := func(i int) virga.D {
		return virga.D{{"_id", fmt.Sprintf("u%d", i)}, {"uid", i}, {"key", i}, {"name", fmt.Sprintf("user %d", i)}, {"city", "Oslo"}}
	}
	load("users", users, user)
	load("orders", orders, func(i int) virga.D {
		return virga.D{{"_id", i}, {"user", fmt.Sprintf("u%d", i*7919%users)}, {"uid", i * 7919 % users}, {"total", i % 97}, {"note", "thank you for your order"}}
	})
	if err := db.Collection("users").CreateIndex(background, index.Spec{Fields: index.By("uid")}); err != nil {
		b.Fatal(err)
	}
	for _, how := range []struct{ name, local, foreign string }{{"id", "user", "_id"}, {"index", "uid", "uid"}, {"none", "uid", "key"}} {
		b.Run(how.name, func(b *testing.B) {
			for b.Loop() {
				n := 0
				for doc, err := range db.Collection("orders").Aggregate().Lookup(aggregate.LookupOptions{
					From: "users", LocalField: how.local, ForeignField: how.foreign, As: "u",
				}).Each(background) {
					if err != nil || doc.Lookup("u").Len() != 1 {
						b.Fatalf("%v %v", doc, err)
					}
					n++
				}
				if n != orders {
					b.Fatalf("%d documents", n)
				}
			}
		})
	}
}
