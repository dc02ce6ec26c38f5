package virga

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/index"
)

// squares adds n documents {_id: i, n: i*i} to a collection.
func squares(t testing.TB, coll *Collection, n int) {
	t.Helper()
	docs := make([]D, n)
	for i := range docs {
		docs[i] = D{{"_id", i}, {"n", i * i}}
	}
	for from := 0; from < n; from += 10_000 {
		if _, err := coll.AddMany(t.Context(), docs[from:min(n, from+10_000)]); err != nil {
			t.Fatal(err)
		}
	}
}

func count(t testing.TB, q *Query) int64 {
	t.Helper()
	n, err := q.Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestOutReplaces replaces a collection with a result larger than a commit; its
// indexes stay and hold the new documents, those who read see all or nothing.
func TestOutReplaces(t *testing.T) {
	for _, path := range []string{Memory, filepath.Join(t.TempDir(), "db")} {
		db := openWith(t, path, Fast)
		squares(t, db.Collection("from"), 12_000)
		to := db.Collection("to")
		squares(t, to, 10)
		if err := to.CreateIndex(t.Context(), index.Spec{Fields: index.By("n"), Unique: true}); err != nil {
			t.Fatal(err)
		}
		read := 0
		for _, err := range to.Where(nil).Each(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if read++; read > 1 {
				continue
			}
			got, err := db.Collection("from").Aggregate().Match(M{"_id": M{"$gte": 2000}}).Out("to").All(t.Context())
			if err != nil || len(got) != 0 {
				t.Fatalf("%v, %v", got, err)
			}
		}
		if read != 10 {
			t.Errorf("a loop from before has seen %d documents", read)
		}
		if n := count(t, to.Where(nil)); n != 10_000 {
			t.Errorf("%d documents", n)
		}
		e, err := to.Where(M{"n": 2001 * 2001}).Explain(t.Context())
		if err != nil || e.Returned != 1 || e.DocsExamined > 1 {
			t.Errorf("%v, %v", e, err)
		}
		names, err := db.Collections(t.Context())
		if err != nil || !slices.Equal(names, []string{"from", "to"}) {
			t.Errorf("collections %q, %v", names, err)
		}
	}
}

// TestOutRefuses leaves the target as it is when the result cannot be stored.
func TestOutRefuses(t *testing.T) {
	db := openTest(t)
	from, to := db.Collection("from"), db.Collection("to")
	squares(t, from, 3000)
	squares(t, to, 10)
	if err := to.CreateIndex(t.Context(), index.Spec{Fields: index.By("k"), Unique: true, Sparse: true}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		pipe *Aggregation
		want error
	}{
		{from.Aggregate().AddFields(M{"k": M{"$cond": []any{M{"$gt": []any{"$_id", 2500}}, 1, "$_id"}}}).Out("to"), ErrDuplicate},
		{from.Aggregate().Project(M{"_id": 0, "x": "$n"}).AddFields(M{"_id": M{"$mod": []any{"$x", 7}}}).Out("to"), ErrDuplicate},
		{from.Aggregate().AddFields(M{"k": M{"$divide": []any{1, M{"$subtract": []any{"$_id", 2000}}}}}).Out("to"), ErrInvalid},
		{from.Aggregate().AddFields(M{"_id": []any{1}}).Out("to"), ErrInvalid},
		{from.Aggregate().Out("to").Limit(1), ErrInvalid},
		{from.Aggregate().Out("a$b"), ErrInvalid},
		{from.Aggregate().UnionWith("to", aggregate.New().Out("to")), ErrInvalid},
		{from.Aggregate().Facet(M{"a": aggregate.New().Merge(aggregate.MergeOptions{Into: "to"})}), ErrInvalid},
	} {
		if _, err := row.pipe.All(t.Context()); !errors.Is(err, row.want) {
			t.Errorf("%v, want %v", err, row.want)
		}
		if n := count(t, to.Where(nil)); n != 10 {
			t.Fatalf("%d documents", n)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := from.Aggregate().Out("to").All(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestOutOntoItself replaces the collection that is read, and one that is new.
func TestOutOntoItself(t *testing.T) {
	db := openTest(t)
	c := db.Collection("c")
	squares(t, c, 100)
	if _, err := c.Aggregate().Match(M{"_id": M{"$lt": 5}}).Out("c").All(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, c.Where(nil)); n != 5 {
		t.Errorf("%d documents", n)
	}
	if _, err := c.Aggregate().Project(M{"_id": 0}).Out("new").All(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db.Collection("new").Where(nil)); n != 5 {
		t.Errorf("%d documents in the new one", n)
	}
}

// TestOutIsWatched tells live queries that a collection was replaced.
func TestOutIsWatched(t *testing.T) {
	db := openTest(t)
	c := db.Collection("c")
	squares(t, c, 4)
	stream, err := db.Collection("to").Where(M{"n": M{"$gt": 1}}).Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if snap, err := stream.Next(t.Context()); err != nil || len(snap.Docs) != 0 {
		t.Fatalf("%v, %v", snap, err)
	}
	if _, err := c.Aggregate().Out("to").All(t.Context()); err != nil {
		t.Fatal(err)
	}
	if snap, err := stream.Next(t.Context()); err != nil || len(snap.Docs) != 2 {
		t.Errorf("%v, %v", snap, err)
	}
}

// TestUnfinishedReplacementIsRemoved opens a database in which a replacement was
// left behind.
func TestUnfinishedReplacementIsRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	squares(t, db.Collection("c"), 10)
	if err := db.Collection("c").CreateIndex(t.Context(), index.Spec{Fields: index.By("n")}); err != nil {
		t.Fatal(err)
	}
	m, err := db.Collection("c").moment()
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Replace(t.Context(), "c")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := db.Collection("c").Where(nil).Get(t.Context())
	if err == nil {
		err = r.Add(t.Context(), docs)
	}
	m.release()
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	read, err := Open(path, ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	if names, err := read.Collections(t.Context()); err != nil || !slices.Equal(names, []string{"c"}) {
		t.Errorf("read only: %q, %v", names, err)
	}
	mustCheck(t, read)
	if err := read.Close(); err != nil {
		t.Fatal(err)
	}
	db = openTest(t, path)
	if n := count(t, db.Collection("c").Where(nil)); n != 10 {
		t.Errorf("%d documents", n)
	}
	snap, err := db.docs.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Release()
	if got := snap.Catalog().Hidden(); got != 0 {
		t.Errorf("%d replacements are left", got)
	}
}

// TestMerge goes through the ways to merge.
func TestMerge(t *testing.T) {
	for _, row := range []struct {
		name   string
		o      aggregate.MergeOptions
		want   string
		failed error
	}{
		{"default", aggregate.MergeOptions{}, `[{"_id":1,"a":10,"z":9,"b":1},{"_id":2,"a":20}]`, nil},
		{"replace", aggregate.MergeOptions{WhenMatched: "replace"}, `[{"_id":1,"a":10,"b":1},{"_id":2,"a":20}]`, nil},
		{"keep", aggregate.MergeOptions{WhenMatched: "keepExisting"}, `[{"_id":1,"a":0,"z":9},{"_id":2,"a":20}]`, nil},
		{"discard", aggregate.MergeOptions{WhenNotMatched: "discard"}, `[{"_id":1,"a":10,"z":9,"b":1}]`, nil},
		{"fail", aggregate.MergeOptions{WhenMatched: "fail"}, `[{"_id":1,"a":0,"z":9}]`, ErrDuplicate},
		{"miss", aggregate.MergeOptions{WhenNotMatched: "fail"}, `[{"_id":1,"a":10,"z":9,"b":1}]`, ErrNotFound},
		{"pipeline", aggregate.MergeOptions{WhenMatched: aggregate.New().Set(M{"a": aggregate.Add("$a", "$$new.a")})}, `[{"_id":1,"a":10,"z":9},{"_id":2,"a":20}]`, nil},
		{"let", aggregate.MergeOptions{WhenMatched: aggregate.New().Set(M{"a": "$$x"}), Let: M{"x": "$b"}}, `[{"_id":1,"a":1,"z":9},{"_id":2,"a":20}]`, nil},
		{"unknown", aggregate.MergeOptions{WhenMatched: "what"}, `[{"_id":1,"a":0,"z":9}]`, ErrInvalid},
		{"on", aggregate.MergeOptions{On: []string{"a"}}, `[{"_id":1,"a":0,"z":9}]`, ErrInvalid},
	} {
		db := openTest(t)
		for name, docs := range map[string][]D{"from": {{{"_id", 1}, {"a", 10}, {"b", 1}}, {{"_id", 2}, {"a", 20}}}, "into": {{{"_id", 1}, {"a", 0}, {"z", 9}}}} {
			if _, err := db.Collection(name).AddMany(t.Context(), docs); err != nil {
				t.Fatal(err)
			}
		}
		row.o.Into = "into"
		if _, err := db.Collection("from").Aggregate().Merge(row.o).All(t.Context()); !errors.Is(err, row.failed) {
			t.Errorf("%s: %v, want %v", row.name, err, row.failed)
		}
		docs, err := db.Collection("into").Where(nil).Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		list := make([]any, len(docs))
		for i, d := range docs {
			list[i] = d
		}
		if got := text(list); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

// TestMergeOnUnique merges by the fields of a unique index.
func TestMergeOnUnique(t *testing.T) {
	db := openTest(t)
	from, into := db.Collection("from"), db.Collection("into")
	if err := into.CreateIndex(t.Context(), index.Spec{Fields: index.By("k"), Unique: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := into.Add(t.Context(), M{"_id": "old", "k": 1, "n": 1}); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if _, err := from.Add(t.Context(), M{"_id": i, "k": i, "n": 10 * i}); err != nil {
			t.Fatal(err)
		}
	}
	o := aggregate.MergeOptions{Into: "into", On: []string{"k"}, WhenMatched: aggregate.New().Set(M{"n": aggregate.Add("$n", "$$new.n")})}
	if _, err := from.Aggregate().Merge(o).All(t.Context()); err != nil {
		t.Fatal(err)
	}
	doc, err := into.Doc("old").Get(t.Context())
	if err != nil || fmt.Sprint(doc.Lookup("n")) != "11" || count(t, into.Where(nil)) != 3 {
		t.Errorf("%v, %v", doc, err)
	}
	if _, err := from.Aggregate().Project(M{"k": M{"$literal": nil}}).Merge(o).All(t.Context()); !errors.Is(err, ErrInvalid) {
		t.Errorf("null as a key: %v", err)
	}
}
