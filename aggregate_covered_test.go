package virga

import (
	"errors"
	"strings"
	"testing"

	"github.com/virgadb/virga/index"
)

// TestCoveredGroupsAgainstNaive groups by what an index has on several cores: values of
// every kind, missing ones, numbers that are equal and not the same, some that no entry
// can give back, under conditions that entries have to be asked about.
func TestCoveredGroupsAgainstNaive(t *testing.T) {
	seed := newSeed(t)
	cases, covered, failed := 0, 0, 0
	for round := range 12 * effort() {
		g := generator{random(seed, uint64(round))}
		db := openTest(t)
		db.plan.Wide = 1
		coll := db.Collection("p")
		for range 5 + g.IntN(100) {
			if _, err := coll.Add(t.Context(), g.planDocument(true)); err != nil && !errors.Is(err, ErrDuplicate) {
				t.Fatal(err)
			}
		}
		paths := []string{}
		for _, path := range g.some("a", "n.x", "b", "n", "_id") {
			paths = append(paths, pick(g, "", "", "-")+path)
		}
		if len(paths) == 0 || len(paths) == 1 && strings.HasSuffix(paths[0], "_id") {
			paths = append(paths, "c")
		}
		g.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		if err := coll.CreateIndex(t.Context(), index.Spec{Fields: index.By(paths...)}); err != nil {
			t.Fatal(err)
		}
		naive := naivePipeline{map[string][]D{"p": decodedAll(t, coll)}}
		for range 30 {
			stages := g.coveredGroup(paths)
			want, err := naive.run(naive.colls["p"], stages)
			if err != nil {
				t.Fatal(err)
			}
			for candidate := range 4 {
				cases++
				db.plan.Candidate = candidate
				a := coll.Aggregate().Raw(stages)
				if g.chance(8) {
					a.memory = pick[int64](g, 500, 3000)
				}
				got, err := a.All(t.Context())
				if why := differs(got, err, want); why != "" {
					failed++
					t.Errorf("plan %d, index %v: %s: %s", candidate, paths, shown(stages), why)
				}
				if g.chance(8) {
					if e, err := a.Explain(t.Context()); err == nil && strings.Contains(e.String(), "covered") {
						covered++
					}
				}
			}
			if failed > 3 {
				t.Fatalf("seed %d", seed)
			}
		}
	}
	t.Logf("seed %d: %d groups, %d failed, %d of %d plans covered", seed, cases, failed, covered, cases/8)
	if covered == 0 {
		t.Error("no plan is covered")
	}
}

// coveredGroup returns a group of what an index on paths has.
func (g generator) coveredGroup(paths []string) []any {
	path := func() string { return strings.TrimPrefix(pick(g, paths...), "-") }
	stages := []any{}
	if g.chance(2) {
		p := path()
		if g.chance(3) {
			p = "_id"
		}
		stages = append(stages, D{{"$match", D{{p, D{g.operator(p, 0)}}}}})
	}
	reading := func() any { return pick[any](g, "$"+path(), "$"+path(), "$_id", int64(2), 0.5, nil) }
	key := reading()
	if g.chance(3) {
		key = D{{"x", key}, {"y", reading()}}
	}
	group := D{{"_id", key}}
	for _, name := range g.some("a", "b", "c") {
		group = append(group, E{name, D{{pick(g, "$sum", "$avg", "$min", "$max"), reading()}}})
	}
	return append(stages, D{{"$group", group}})
}
