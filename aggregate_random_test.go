package virga

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestAggregateAgainstNaive runs random pipelines over random documents, with and
// without indexes, with stages where they stand and moved, and holds what they
// yield to what decoded values yield.
func TestAggregateAgainstNaive(t *testing.T) {
	seed := newSeed(t)
	cases, failed, errs := 0, 0, 0
	for round := range 5 * effort() {
		g := generator{random(seed, uint64(round))}
		db := openTest(t)
		colls, naive := map[string]*Collection{}, naivePipeline{map[string][]D{}}
		for _, name := range []string{"p", "q"} {
			colls[name] = db.Collection(name)
			naive.colls[name] = g.fill(t, colls[name])
		}
		for range g.IntN(4) {
			name := pick(g, "p", "q")
			if err := colls[name].CreateIndex(t.Context(), op{Fields: g.index()}.index()); err != nil && !errors.Is(err, ErrExists) && !errors.Is(err, ErrInvalid) {
				t.Fatal(err)
			}
		}
		for range 110 {
			cases++
			stages := g.pipeline(1)
			want, wantErr := naive.run(naive.colls["p"], stages)
			for _, plain := range []bool{true, false} {
				a := colls["p"].Aggregate().Raw(stages)
				a.plain = plain
				if g.chance(5) && !strings.Contains(shown(stages), "$graphLookup") { // which uses no files
					a.memory = pick[int64](g, 500, 2000, 8000)
				}
				got, err := a.All(t.Context())
				if wantErr != nil || plain && err != nil {
					errs++
					lazy := wantErr != nil && strings.Contains(shown(stages), "$limit") // what is cut off is not computed
					if plain && (wantErr == nil) != (err == nil) && !lazy {
						failed++
						t.Errorf("plain %v: %s: error %v, want %v", plain, shown(stages), err, wantErr)
					}
					continue
				}
				if why := differs(got, err, want); why != "" {
					failed++
					t.Errorf("plain %v: %s: %s", plain, shown(stages), why)
				}
			}
			if failed > 3 {
				t.Fatalf("seed %d", seed)
			}
		}
	}
	t.Logf("seed %d: %d pipelines, %d failed, %d with errors", seed, cases, failed, errs)
}

// differs says how a result is not the wanted one.
func differs(got []Doc, err error, want []D) string {
	if err != nil {
		return err.Error()
	}
	list := make([]D, len(got))
	for i, d := range got {
		list[i] = decoded(d.Value()).(D)
	}
	same := func(a, b D) bool { return identical(a, b) }
	if !slices.EqualFunc(list, want, same) {
		return fmt.Sprintf("\n got %s\nwant %s", text(listOf(list)), text(listOf(want)))
	}
	return ""
}

// fill adds random documents to a collection and returns them in the order of _id.
func (g generator) fill(t *testing.T, coll *Collection) []D {
	for range g.IntN(30) {
		d := g.document(true)
		if g.chance(2) {
			d = append(d, E{"q", pick[any](g, int64(1), int64(2), 0.5, nil)})
		}
		if _, err := coll.Add(t.Context(), d); err != nil && !errors.Is(err, ErrDuplicate) {
			t.Fatal(err)
		}
	}
	return decodedAll(t, coll)
}

// decodedAll returns the documents of a collection in the order of _id.
func decodedAll(t *testing.T, coll *Collection) (docs []D) {
	stored, err := coll.Where(nil).Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range stored {
		docs = append(docs, decoded(d.Value()).(D))
	}
	return docs
}
