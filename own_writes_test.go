package virga

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// A transaction sees what it has written itself by every way there is to look, and
// nothing of what others write meanwhile: it answers as a database without indexes does
// to which the same was written.
func TestOwnWritesByEveryWay(t *testing.T) {
	seed := newSeed(t)
	engines(t, func(t *testing.T, path string) {
		db := openWith(t, path, Fast)
		for n := range 3 * effort() {
			ownWrites(t, db, random(seed, uint64(n)), fmt.Sprint("c", n))
			if t.Failed() {
				t.Fatalf("case %d", n)
			}
		}
	})
}

var ownIndexes = []index.Spec{
	{Name: "n", Fields: index.By("n", "m")},
	{Name: "m", Fields: index.By("-m")},
	{Name: "tags", Fields: index.By("tags", "n")},
	{Name: "sparse", Fields: index.By("s"), Sparse: true},
	{Name: "u", Fields: index.By("u"), Unique: true, Sparse: true},
}

// ownWrites runs one transaction on a collection of that name, beside its double.
func ownWrites(t *testing.T, db *DB, rnd *rand.Rand, name string) {
	ctx := t.Context()
	c, double := db.Collection(name), openTest(t).Collection(name)
	specs := slices.Clone(ownIndexes)
	if geo.HasCells {
		specs = append(specs, index.Spec{Name: "at", Fields: index.By("at"), Geo: "at"})
	}
	for _, spec := range specs {
		if rnd.IntN(4) == 0 {
			continue
		}
		if err := c.CreateIndex(ctx, spec); err != nil {
			t.Fatal(err)
		}
	}
	for i := range rnd.IntN(40) {
		doc := ownDocument(rnd, i)
		mustAdd(t, c, doc)
		mustAdd(t, double, doc)
	}
	tx, err := db.StartTransaction(ctx, txn.Options{Isolation: txn.Isolation(rnd.IntN(2))})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(nil)
	in := tx.Collection(name)
	for step := range 8 {
		var told, want string
		script := rnd.Uint64()
		for _, on := range []struct {
			c    *Collection
			told *string
		}{{in, &told}, {double, &want}} {
			*on.told = ownWrite(ctx, on.c, random(script, 0))
		}
		if told != want {
			t.Errorf("write: %s, want %s", told, want)
		}
		mustAdd(t, c, ownDocument(rnd, 1000+step)) // nobody's business
		for _, q := range ownQueries(random(rnd.Uint64(), 0)) {
			want := q.ask(ctx, double, NoIndex)
			for _, hint := range []string{"", NoIndex, "n", "m", "tags", "sparse", "at"} {
				got := q.ask(ctx, in, hint)
				if strings.Contains(got, " hint: ") {
					continue // there is no such index, or it cannot serve the query
				}
				if got != want {
					t.Errorf("%s by %q:\n%s\nwant\n%s", q.name, hint, got, want)
				}
			}
		}
	}
}

func ownDocument(rnd *rand.Rand, id int) M {
	doc := M{"_id": id, "n": rnd.IntN(4), "m": rnd.IntN(6), "at": geo.Point{float64(rnd.IntN(9)) / 100, float64(rnd.IntN(9)) / 100}}
	switch rnd.IntN(4) {
	case 0:
		doc["tags"] = []int{rnd.IntN(3), rnd.IntN(5)}
	case 1:
		doc["tags"] = rnd.IntN(3)
	case 2:
		doc["s"] = rnd.IntN(3)
	}
	if rnd.IntN(3) == 0 {
		doc["u"] = id
	}
	return doc
}

// ownWrite makes one write and says what it did.
func ownWrite(ctx context.Context, c *Collection, rnd *rand.Rand) string {
	id := rnd.IntN(50)
	switch rnd.IntN(7) {
	case 0:
		res, err := c.Doc(id).Set(ctx, ownDocument(rnd, id))
		return fmt.Sprint(res, err)
	case 1:
		res, err := c.Doc(id).Update(ctx, M{"n": query.Inc(1), "tags": []int{1, 4}, "s": query.Remove()})
		return fmt.Sprint(res, err)
	case 2:
		res, err := c.Doc(id).Remove(ctx)
		return fmt.Sprint(res, err)
	case 3:
		res, err := c.Where(M{"n": rnd.IntN(4)}).Update(ctx, M{"m": query.Inc(2), "s": rnd.IntN(3)})
		return fmt.Sprint(res, err)
	case 4:
		res, err := c.Where(M{"tags": rnd.IntN(3), "m": query.Gt(3)}).Remove(ctx)
		return fmt.Sprint(res, err)
	case 5:
		res, err := c.Where(M{"m": query.Lt(rnd.IntN(6))}).OrderBy("n", Desc).UpdateAndReturn(ctx, M{"at": geo.Point{0.01, 0.02}})
		return fmt.Sprint(res, err)
	}
	res, err := c.Bulk().Set(id, ownDocument(rnd, id)).Remove(rnd.IntN(50)).UpdateMany(M{"m": rnd.IntN(6)}, M{"u": query.Remove()}).Commit(ctx)
	return fmt.Sprint(res, err)
}

// An ownQuery asks something of a collection by one index.
type ownQuery struct {
	name string
	ask  func(ctx context.Context, c *Collection, hint string) string
}

func ownQueries(rnd *rand.Rand) []ownQuery {
	n, m, tag := rnd.IntN(4), rnd.IntN(7), rnd.IntN(4)
	place, dir := geo.Point{float64(rnd.IntN(9)) / 100, float64(rnd.IntN(9)) / 100}, Asc
	if rnd.IntN(2) == 0 {
		dir = Desc
	}
	conds := map[string]any{
		"all": M{}, "n": M{"n": n}, "range": M{"n": query.Gte(n), "m": query.Lt(m)}, "in": M{"m": query.In([]int{n, m})}, "tag": M{"tags": tag},
		"or": query.Or(M{"n": n}, M{"m": m}), "s": M{"s": query.Exists(true)}, "not": M{"tags": query.Neq(tag)},
		"within": M{"at": query.GeoWithin(geo.Circle{Center: place, Radius: 2500})},
	}
	skip, limit := rnd.IntN(5), 1+rnd.IntN(12)
	var list []ownQuery
	add := func(name string, ask func(ctx context.Context, c *Collection, hint string) (any, error)) {
		list = append(list, ownQuery{name, func(ctx context.Context, c *Collection, hint string) string {
			v, err := ask(ctx, c, hint)
			return fmt.Sprint(v, err)
		}})
	}
	for name, cond := range conds {
		add("find "+name, func(ctx context.Context, c *Collection, hint string) (any, error) {
			return c.Where(cond).Hint(hint).Get(ctx)
		})
		add("sorted "+name, func(ctx context.Context, c *Collection, hint string) (any, error) {
			return c.Where(cond).OrderBy("m", dir).OrderBy("n", Asc).Skip(skip).Limit(limit).Hint(hint).Get(ctx)
		})
		add("covered "+name, func(ctx context.Context, c *Collection, hint string) (any, error) {
			return c.Where(cond).OrderBy("n", dir).OrderBy("m", dir).Field(M{"n": 1, "m": 1}).Hint(hint).Get(ctx)
		})
		add("count "+name, func(ctx context.Context, c *Collection, hint string) (any, error) {
			return c.Where(cond).Hint(hint).Count(ctx)
		})
		add("exists "+name, func(ctx context.Context, c *Collection, hint string) (any, error) {
			return c.Where(cond).Hint(hint).Exists(ctx)
		})
		add("distinct "+name, func(ctx context.Context, c *Collection, hint string) (any, error) {
			return c.Where(cond).Hint(hint).Distinct(ctx, "tags")
		})
		add("group "+name, func(ctx context.Context, c *Collection, _ string) (any, error) {
			return c.Aggregate().Match(cond).Group("$n", M{"c": aggregate.Count(), "s": aggregate.Sum("$m")}).Sort(D{{"_id", 1}}).All(ctx)
		})
	}
	add("near", func(ctx context.Context, c *Collection, hint string) (any, error) {
		if hint != "" && hint != NoIndex && hint != "at" {
			hint = ""
		}
		return c.Where(M{"at": query.GeoNear(place)}).Limit(limit).Hint(hint).Get(ctx)
	})
	add("ids of the nearest", func(ctx context.Context, c *Collection, _ string) (any, error) {
		return c.Where(M{"at": query.GeoNear(place)}).Limit(limit).Field(M{"_id": 1}).Get(ctx)
	})
	add("lookup", func(ctx context.Context, c *Collection, _ string) (any, error) {
		return c.Aggregate().Match(M{"n": n}).Lookup(aggregate.LookupOptions{From: c.Name(), LocalField: "m", ForeignField: "n", As: "same"}).
			Project(M{"ids": "$same._id"}).Sort(D{{"_id", 1}}).All(ctx)
	})
	return list
}
