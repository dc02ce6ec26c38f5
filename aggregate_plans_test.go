package virga

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// TestAggregatePlansAgainstNaive runs pipelines that indexes can serve, by every plan
// there is, over documents that tell missing from null, integers from floats, and
// what is cut from what is not, and holds what they yield to what decoded values
// yield.
func TestAggregatePlansAgainstNaive(t *testing.T) {
	seed := newSeed(t)
	cases, failed := 0, 0
	seen := map[string]int{"in order": 0, "covered": 0, "keep ": 0, "| count": 0, "reversed": 0}
	for round := range 10 * effort() {
		g := generator{random(seed, uint64(round))}
		db := openTest(t)
		coll := db.Collection("p")
		naive := naivePipeline{map[string][]D{}}
		simple := !g.chance(4)
		for range 5 + g.IntN(60) {
			if _, err := coll.Add(t.Context(), g.planDocument(simple)); err != nil && !errors.Is(err, ErrDuplicate) {
				t.Fatal(err)
			}
		}
		naive.colls["p"] = decodedAll(t, coll)
		indexes := g.indexes()
		for _, o := range indexes {
			err := coll.CreateIndex(t.Context(), index.Spec{Fields: index.By(strings.Split(o.Path, ",")...), Sparse: get(o.Data.(D), "narrow") == true})
			if err != nil && !errors.Is(err, ErrExists) && !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrDuplicate) && !errors.Is(err, ErrTooLarge) {
				t.Fatal(err)
			}
		}
		for range 60 {
			cases++
			stages := g.served(indexes)
			want, err := naive.run(naive.colls["p"], stages)
			if err != nil {
				t.Fatal(err)
			}
			db.plan.Candidate = g.IntN(4)
			db.plan.Wide = pick(g, 0, 1)
			a := coll.Aggregate().Raw(stages)
			if g.chance(6) {
				a.memory = pick[int64](g, 500, 3000)
			}
			got, err := a.All(t.Context())
			if why := differs(got, err, want); why != "" {
				failed++
				t.Errorf("plan %d, indexes %v: %s: %s", db.plan.Candidate, indexes, shown(stages), why)
			}
			if g.chance(4) {
				e, err := a.Explain(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for what := range seen {
					if strings.Contains(e.String(), what) {
						seen[what]++
					}
				}
			}
			if failed > 3 {
				t.Fatalf("seed %d", seed)
			}
		}
	}
	t.Logf("seed %d: %d pipelines, %d failed, plans %v", seed, cases, failed, seen)
	for what, n := range seen {
		if n == 0 && cases > 2000 {
			t.Errorf("no plan says %q", what)
		}
	}
}

// served returns a pipeline that begins with what an index may serve.
func (g generator) served(indexes []op) []any {
	stages := []any{}
	if g.chance(2) {
		stages = append(stages, D{{"$match", g.plain(indexes)}})
	}
	if by := g.along(indexes); by != nil && g.chance(3) {
		stages = append(stages, D{{"$sort", by}})
	}
	switch g.IntN(8) {
	case 0:
		stages = append(stages, D{{"$project", pick(g, D{{"a", int64(1)}}, D{{"b", int64(1)}, {"a", int64(1)}}, D{{"z", "$n.x"}, {"_id", int64(0)}}, D{{"z", []any{"$a", "$b", "$n.y"}}},
			D{{"n.x", int64(1)}}, D{{"n", D{{"x", int64(1)}, {"y", int64(1)}}}, {"_id", int64(0)}}, D{{"n.k", "$a"}}, D{{"n.x", "$b"}, {"a", int64(1)}})}})
	case 1:
		stages = append(stages, D{{"$unwind", D{{"path", "$t"}, {"preserveNullAndEmptyArrays", true}}}}, D{{"$sort", D{{"t", int64(1)}}}}, D{{"$project", D{{"t", int64(1)}, {"b", int64(1)}, {"z", "$n.x"}}}})
	case 2:
		stages = append(stages, D{{"$group", D{{"_id", nil}, {"q", D{{"$sum", int64(1)}}}}}})
	case 3:
		stages = append(stages, D{{"$addFields", pick(g, D{{"n", D{{"k", "$a"}}}}, D{{"n", D{{"x", D{{"w", "$a"}}}}}}, D{{"b", "$n.x"}})}}, D{{"$group", g.groupAlong(indexes)}})
	default:
		stages = append(stages, D{{"$group", g.groupAlong(indexes)}})
		if g.chance(2) {
			stages = append(stages, D{{"$sort", pick(g, D{{"_id", int64(1)}}, D{{"_id", int64(-1)}}, D{{"_id.x", int64(1)}, {"_id.y", int64(1)}}, D{{"_id.x", int64(-1)}, {"_id.y", int64(-1)}}, D{{"_id.x", int64(-1)}}, D{{"q", int64(1)}})}})
		}
	}
	if g.chance(4) {
		stages = append(stages, D{{"$limit", int64(1 + g.IntN(8))}})
	}
	return stages
}

// groupAlong returns a group by the first fields of an index, or nearly.
func (g generator) groupAlong(indexes []op) D {
	paths := strings.Split(strings.ReplaceAll(pick(g, indexes...).Path, "-", ""), ",")
	d := g.group()
	switch n := min(len(paths), 1+g.IntN(2)); {
	case n == 1 && !g.chance(4):
		d[0].Value = "$" + paths[0]
	default:
		key := D{}
		for i, path := range paths[:n] {
			key = append(key, E{[]string{"x", "y"}[i], "$" + path})
		}
		d[0].Value = key
	}
	last := "$" + paths[len(paths)-1]
	switch g.IntN(4) { // what can be read from an index, or does not care for order
	case 0:
		d = append(d[:1], E{"q", D{{"$sum", int64(1)}}}, E{"b", D{{pick(g, "$max", "$min", "$first", "$addToSet", "$push"), last}}})
	case 1:
		d = append(d[:1], E{"q", D{{"$sum", pick[any](g, int64(1), last)}}}, E{"b", D{{"$avg", last}}}, E{"a", D{{pick(g, "$max", "$min"), pick(g, last, "$_id")}}})
	}
	return d
}

// TestCoveredGroupsAskForID: a condition on the _id is met by documents made from
// entries too, when nothing behind it looks at the _id.
func TestCoveredGroupsAskForID(t *testing.T) {
	db := openTest(t)
	coll := db.Collection("p")
	for i := range 40 {
		if _, err := coll.Add(t.Context(), D{{"_id", i}, {"n", i % 4}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := coll.CreateIndex(t.Context(), index.Spec{Fields: index.By("n")}); err != nil {
		t.Fatal(err)
	}
	covered := 0
	for candidate := range 5 {
		db.plan.Candidate = candidate
		a := coll.Aggregate().Match(M{"_id": query.Lt(10)}).Group("$n", M{"q": aggregate.Sum(1)})
		e, err := a.Explain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(e.String(), "covered") {
			covered++
		}
		rows, err := a.All(t.Context())
		if got, want := fmt.Sprint(rows), `[{"_id":0,"q":3} {"_id":1,"q":3} {"_id":2,"q":2} {"_id":3,"q":2}]`; err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", e, got, err, want)
		}
	}
	if covered == 0 {
		t.Error("no plan is covered")
	}
}

// TestCoveredSortsAskForID: an order that ends by the _id needs it in documents made
// from entries too.
func TestCoveredSortsAskForID(t *testing.T) {
	db := openTest(t)
	coll := db.Collection("p")
	for i := range 40 {
		if _, err := coll.Add(t.Context(), D{{"_id", i}, {"n", i % 4}, {"l", 100 - i}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := coll.CreateIndex(t.Context(), index.Spec{Fields: index.By("n", "l")}); err != nil {
		t.Fatal(err)
	}
	sorted := 0
	for candidate := range 5 {
		db.plan.Candidate = candidate
		a := coll.Aggregate().Sort(D{{"n", -1}, {"_id", -1}}).Group("$n", M{"q": aggregate.First("$l")})
		e, err := a.Explain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(e.String(), "covered | sort") {
			sorted++
		}
		rows, err := a.All(t.Context())
		if got, want := fmt.Sprint(rows), `[{"_id":0,"q":64} {"_id":1,"q":63} {"_id":2,"q":62} {"_id":3,"q":61}]`; err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", e, got, err, want)
		}
	}
	if sorted == 0 {
		t.Error("no plan sorts what an index covers")
	}
}
