package virga

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/index"
)

// TestAggregateInTransaction reads what the transaction has written, and one moment
// in a view; what writes is refused.
func TestAggregateInTransaction(t *testing.T) {
	db := openTest(t)
	c := db.Collection("c")
	squares(t, c, 10)
	sum := func(c *Collection) int64 {
		doc, err := c.Aggregate().Group(nil, M{"n": aggregate.Sum("$n")}).One(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n, _ := doc.Lookup("n").Int64()
		return n
	}
	err := db.RunTransaction(t.Context(), func(ctx context.Context, tx *Tx) error {
		c := tx.Collection("c")
		if _, err := c.Add(ctx, M{"_id": "x", "n": 1000}); err != nil {
			return err
		}
		if got := sum(c); got != 285+1000 {
			t.Errorf("the transaction sees %d", got)
		}
		rows, err := c.Aggregate().Match(M{"_id": 1}).Lookup(aggregate.LookupOptions{From: "c", Pipeline: aggregate.New().Match(M{"n": 1000}), As: "m"}).All(ctx)
		if err != nil || len(rows) != 1 || rows[0].Lookup("m").Len() != 1 {
			t.Errorf("%v, %v", rows, err)
		}
		for _, a := range []*Aggregation{c.Aggregate().Out("o"), c.Aggregate().Merge(aggregate.MergeOptions{Into: "o"}), db.Collection("c").Aggregate().Out("o")} {
			if _, err := a.All(ctx); !errors.Is(err, ErrInvalid) {
				t.Errorf("writing answers %v", err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), func(ctx context.Context, tx *Tx) error {
		if _, err := c.Doc("x").Remove(ctx); err != nil {
			return err
		}
		if got := sum(tx.Collection("c")); got != 1285 {
			t.Errorf("the view sees %d", got)
		}
		return nil
	})
	if err != nil || sum(c) != 285 {
		t.Error(err)
	}
}

// TestAttach looks documents up in another database.
func TestAttach(t *testing.T) {
	db, crm := openTest(t), openTest(t)
	squares(t, db.Collection("orders"), 3)
	if _, err := crm.Collection("customers").AddMany(t.Context(), []M{{"_id": 0, "name": "a"}, {"_id": 2, "name": "b"}}); err != nil {
		t.Fatal(err)
	}
	lookup := db.Collection("orders").Aggregate().Lookup(aggregate.LookupOptions{From: "crm.customers", LocalField: "_id", ForeignField: "_id", As: "c"}).
		Match(M{"c.name": "b"})
	if rows, err := lookup.All(t.Context()); err != nil || len(rows) != 0 {
		t.Errorf("not attached: %v, %v", rows, err)
	}
	if err := db.Attach("crm", crm); err != nil {
		t.Fatal(err)
	}
	if rows, err := lookup.All(t.Context()); err != nil || len(rows) != 1 {
		t.Errorf("attached: %v, %v", rows, err)
	}
	union := db.Collection("orders").Aggregate().UnionWith("crm.customers").Count("n")
	if row, err := union.One(t.Context()); err != nil || row.Lookup("n").String() != "5" {
		t.Errorf("union: %v, %v", row, err)
	}
	if _, err := db.Collection("orders").Aggregate().Out("crm.new").All(t.Context()); !errors.Is(err, ErrInvalid) {
		t.Errorf("out: %v", err)
	}
	for _, err := range []error{db.Attach("crm", crm), db.Attach("a.b", crm), db.Attach("x", db), db.Attach("y", nil), db.Detach("z")} {
		if err == nil {
			t.Error("no error")
		}
	}
	closed, err := Open(Memory)
	if err != nil || closed.Close() != nil {
		t.Fatal(err)
	}
	if err := db.Attach("z", closed); !errors.Is(err, ErrClosed) {
		t.Errorf("attach of a closed database: %v", err)
	}
	if err := closed.Attach("z", crm); !errors.Is(err, ErrClosed) {
		t.Errorf("attach to a closed database: %v", err)
	}
	if err := db.Attach("a\xff", crm); !errors.Is(err, ErrInvalid) {
		t.Errorf("attach under no text: %v", err)
	}
	if err := db.Detach("crm"); err != nil {
		t.Fatal(err)
	}
	if rows, err := lookup.All(t.Context()); err != nil || len(rows) != 0 {
		t.Errorf("detached: %v, %v", rows, err)
	}
}

// TestAggregatePlan shows what is asked of the collection and which stages are left.
func TestAggregatePlan(t *testing.T) {
	db := openTest(t)
	c := db.Collection("c")
	squares(t, c, 1000)
	if err := c.CreateIndex(t.Context(), index.Spec{Fields: index.By("n")}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		pipe *Aggregation
		want string
	}{
		{c.Aggregate().Match(M{"n": 49}), "index n [49] | fetch"},
		{c.Aggregate().AddFields(M{"x": 1}).Match(M{"n": 49, "x": 1}), "index n [49] | fetch | add x | filter"},
		{c.Aggregate().Project(M{"n": 1}).Match(M{"n": 49}), "index n [49] | covered | project _id, n"},
		{c.Aggregate().Sort(D{{"n", -1}}).Skip(2).Limit(3), "index n reversed | fetch | skip 2 | limit 3"},
		{c.Aggregate().Unwind("$t").Match(M{"n": 49}), "index n [49] | fetch | unwind t"},
		{c.Aggregate().Lookup(aggregate.LookupOptions{From: "d", LocalField: "n", ForeignField: "n", As: "d"}).Unwind("$d").Match(M{"n": 49}),
			"index n [49] | fetch | look up d in d by n = n | unwind d"},
		{c.Aggregate().Match(M{"$expr": M{"$eq": []any{"$n", 49}}}), "index n [49] | fetch | filter"},
		{c.Aggregate().Group("$n", nil).Sort(D{{"_id", 1}}).Limit(5), "index n | covered | group by n in order | limit 5"},
		{c.Aggregate().Group("$n", nil).Sort(D{{"_id", -1}}), "index n reversed | covered | group by n in order"},
		{c.Aggregate().Group("$n", M{"m": aggregate.Max("$m")}), "scan | group by n"},
		{c.Aggregate().Group("$_id", M{"m": aggregate.Max("$m")}), "scan | group by _id in order"},
		{c.Aggregate().Group("$m", M{"m": aggregate.Max("$m")}), "scan | group by m"},
		{c.Aggregate().Match(M{"n": M{"$gt": 4}}).Group(nil, M{"n": aggregate.Count()}), "index n [(4, +inf)] | count"},
		{c.Aggregate().Sort(D{{"m", 1}}).Group("$n", M{"m": aggregate.First("$m")}), "scan | sort m | group by n"},
		{c.Aggregate().Unwind("$t").Group("$t.x", nil), "scan | keep _id, t | unwind t | group by t.x"},
		{c.Aggregate().AddFields(M{"x": 1}).Sort(D{{"x", 1}}).Project(M{"m": 1, "x": 1}), "scan | add x | keep _id, m, x | sort x | project _id, m, x"},
		{c.Aggregate().AddFields(M{"x": 1}).Sort(D{{"x", 1}}), "scan | add x | sort x"},
		{c.Aggregate().Limit(2).Skip(3), "nothing"},
	} {
		e, err := row.pipe.Explain(t.Context())
		if err != nil || e.String() != row.want {
			t.Errorf("%s, %v, want %s", e, err, row.want)
		}
	}
}

// TestAggregateSpills groups, sorts, divides and splits with so little memory that
// files are needed, gets what it gets without, and leaves none behind.
func TestAggregateSpills(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	small, large := openWith(t, Memory, WithMemory(1<<20)), openTest(t)
	for _, db := range []*DB{small, large} {
		squares(t, db.Collection("c"), 20_000)
	}
	pipes := func(db *DB) []*Aggregation {
		a := db.Collection("c").Aggregate().AddFields(M{"s": aggregate.Concat(strings.Repeat("x", 200), aggregate.ToString("$_id")), "k": aggregate.Mod(aggregate.Multiply("$_id", 7919), 9973)})
		return []*Aggregation{
			a.Sort(D{{"k", 1}, {"s", -1}}),
			a.Group("$k", M{"first": aggregate.First("$s"), "all": aggregate.Push("$s"), "n": aggregate.Sum(1)}),
			a.Group("$s", M{"n": aggregate.Sum("$n")}),
			a.BucketAuto(aggregate.BucketAutoOptions{By: "$k", Buckets: 7}),
			a.Facet(M{"a": aggregate.New().Sort(D{{"s", 1}}).Limit(3), "b": aggregate.New().Group("$k", nil).Count("n")}),
		}
	}
	for i := range pipes(small) {
		var got, want []Doc
		within(t, "pipeline", func() {
			var err error
			if got, err = pipes(small)[i].All(t.Context()); err != nil {
				t.Fatal(i, err)
			}
			if want, err = pipes(large)[i].All(t.Context()); err != nil {
				t.Fatal(i, err)
			}
		})
		if len(got) != len(want) || len(got) == 0 {
			t.Fatalf("pipeline %d: %d documents, want %d", i, len(got), len(want))
		}
		for j := range got {
			if string(got[j].Raw()) != string(want[j].Raw()) {
				t.Fatalf("pipeline %d, document %d: %s, want %s", i, j, got[j], want[j])
			}
		}
	}
	for doc, err := range pipes(small)[0].Each(t.Context()) {
		if err != nil || doc.IsZero() {
			t.Fatal(err)
		}
		break
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
}

// TestAggregateStops ends pipelines with their context that would go on for days.
func TestAggregateStops(t *testing.T) {
	db := openTest(t)
	c := db.Collection("c")
	squares(t, c, 3000)
	numbers := c.Aggregate().AddFields(M{"r": aggregate.Range(0, 2000)}).Unwind("$r").AddFields(M{"s": aggregate.Range(0, 2000)}).Unwind("$s")
	for i, a := range []*Aggregation{
		numbers.Lookup(aggregate.LookupOptions{From: "c", Let: M{"n": "$n"}, Pipeline: aggregate.New().Match(M{"$expr": M{"$lt": []any{"$n", "$$n"}}}).Count("n"), As: "m"}).Sort(D{{"m", 1}}),
		numbers.Group("$r", M{"s": aggregate.Sum("$n")}),
		numbers.Match(M{"r": -1}),
	} {
		within(t, fmt.Sprint("pipeline ", i), func() {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if _, err := a.All(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("pipeline %d: %v", i, err)
			}
		})
	}
}

// TestGroupInSeveralGoroutines groups a large collection as it lies, which takes
// several goroutines, and in the order of the _id, which takes one.
func TestGroupInSeveralGoroutines(t *testing.T) {
	for _, memory := range []int64{1 << 20, 256 << 20} {
		db := openWith(t, Memory, WithMemory(memory))
		c := db.Collection("c")
		docs := make([]D, 30_000)
		for i := range docs {
			docs[i] = D{{"_id", i * 7919 % 30_011}, {"k", any(i % 4000)}, {"v", any(i)}}
			if i%3 == 0 {
				docs[i][1].Value = float64(i % 4000)
			}
			if i%5 == 0 {
				docs[i][2].Value = float64(i) / 4
			}
		}
		for batch := range slices.Chunk(docs, 10_000) {
			if _, err := c.AddMany(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
		}
		fields := M{"n": aggregate.Sum(1), "sum": aggregate.Sum("$v"), "mean": aggregate.Avg("$v")}
		for _, cond := range []M{{}, {"v": M{"$gte": 100}}} {
			got, err := c.Aggregate().Match(cond).Group("$k", fields).All(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want, err := c.Aggregate().Match(cond).Sort(D{{"_id", 1}}).Group("$k", fields).All(t.Context())
			if err != nil || len(got) != len(want) || len(got) != 4000 {
				t.Fatalf("%d groups, want %d, %v", len(got), len(want), err)
			}
			for i := range got {
				if string(got[i].Raw()) != string(want[i].Raw()) {
					t.Fatalf("group %d is %s, want %s", i, got[i], want[i])
				}
			}
		}
	}
}

// TestGraphLookupOfNull: what is null is connected with null and not with what is
// missing, found through an index or not.
func TestGraphLookupOfNull(t *testing.T) {
	c := openTest(t).Collection("c")
	if _, err := c.AddMany(t.Context(), []M{{"_id": 1, "y": 1}, {"_id": 2, "y": nil}, {"_id": 3}, {"_id": 4, "y": []any{nil, 1}}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		docs, err := c.Aggregate().GraphLookup(aggregate.GraphLookupOptions{From: "c", StartWith: "$y", ConnectFromField: "none", ConnectToField: "y", As: "to"}).
			Project(M{"_id": 0, "to": "$to._id"}).All(t.Context())
		if want := `[{"to":[1,4]} {"to":[2,4]} {"to":[]} {"to":[1,2,4]}]`; err != nil || fmt.Sprint(docs) != want {
			t.Errorf("%v, %v, want %s", docs, err, want)
		}
		if err := c.CreateIndex(t.Context(), index.Spec{Fields: index.By("y")}); err != nil && !errors.Is(err, ErrExists) {
			t.Fatal(err)
		}
	}
}

// TestAddEmptyObjects: an empty object among added fields is a value like another
// one, while one with fields adds them to the object that is there.
func TestAddEmptyObjects(t *testing.T) {
	c := openTest(t).Collection("c")
	if _, err := c.Add(t.Context(), M{"_id": 1, "a": M{"x": 1}, "b": []any{M{"y": 1}, 2}, "c": 3}); err != nil {
		t.Fatal(err)
	}
	for stage, want := range map[string]string{
		`{"$addFields": {"a": {}, "n": {}}}`:     `[{"_id":1,"a":{},"b":[{"y":1},2],"c":3,"n":{}}]`,
		`{"$set": {"a": {"z": {}}, "c.d": {}}}`:  `[{"_id":1,"a":{"x":1,"z":{}},"b":[{"y":1},2],"c":{"d":{}}}]`,
		`{"$addFields": {"b.z": {}, "a.x": []}}`: `[{"_id":1,"a":{"x":[]},"b":[{"y":1,"z":{}},{"z":{}}],"c":3}]`,
	} {
		docs, err := c.Aggregate().Raw("[" + stage + "]").All(t.Context())
		if err != nil || fmt.Sprint(docs) != want {
			t.Errorf("%s: %v, %v, want %s", stage, docs, err, want)
		}
	}
}

// TestEqualityBesideTheDocument: an expression that compares what is called like a
// field, and is none or none a filter can name, tells the collection nothing.
func TestEqualityBesideTheDocument(t *testing.T) {
	c := openTest(t).Collection("c")
	if _, err := c.AddMany(t.Context(), []M{{"_id": 1, "a": 1}, {"_id": 2, "a": 2}}); err != nil {
		t.Fatal(err)
	}
	within := aggregate.New().Match(M{"$expr": aggregate.Eq("$a", "two")})
	docs, err := c.Aggregate().Limit(1).Lookup(aggregate.LookupOptions{From: "c", Let: M{"CURRENT": M{"a": "two"}}, Pipeline: within, As: "c"}).
		Project(M{"_id": 0, "n": M{"$size": "$c"}}).All(t.Context())
	if fmt.Sprint(docs, err) != `[{"n":2}] <nil>` {
		t.Errorf("a variable: %v, %v", docs, err)
	}
	docs, err = c.Aggregate().Raw(`[{"$match": {"$expr": {"$eq": [{"$getField": {"$literal": "$a"}}, 1]}}}]`).All(t.Context())
	if len(docs) != 0 || err != nil {
		t.Errorf("a name that begins with $: %v, %v", docs, err)
	}
	e, err := c.Aggregate().Match(M{"$expr": aggregate.Eq("$$ROOT._id", 2)}).Explain(t.Context())
	if err != nil || e.String() != "_id [2] | filter" || e.Returned != 1 {
		t.Errorf("a path: %v, %v", e, err)
	}
}
