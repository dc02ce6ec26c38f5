package virgatest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/trial"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/virgatest"
)

// fill adds n documents and three indexes over them.
func fill(t testing.TB, db *virga.DB, n int) {
	t.Helper()
	c := db.Collection("a")
	for _, spec := range []index.Spec{
		{Fields: index.By("city", "-n")},
		{Fields: index.By("n"), Unique: true},
		{Fields: index.By("tags")},
	} {
		if err := c.CreateIndex(ctx, spec); err != nil {
			t.Fatal(err)
		}
	}
	for from := 0; from < n; from += 1000 {
		var docs []virga.M
		for i := from; i < min(from+1000, n); i++ {
			docs = append(docs, virga.M{"_id": i, "n": i, "city": fmt.Sprint("city", i%97), "tags": []int{i % 7, i % 11}})
		}
		if _, err := c.AddMany(ctx, docs); err != nil {
			t.Fatal(err)
		}
	}
}

func TestForkIsIsolated(t *testing.T) {
	db := virgatest.New(t)
	fill(t, db.DB, 100)
	first, second := db.Fork(t), db.Fork(t)
	third := first.Fork(t)
	for i, each := range []*virgatest.DB{db, first, second, third} {
		c := each.Collection("a")
		if _, err := c.Doc(i).Update(ctx, virga.M{"n": 1000 + i}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Where(virga.M{"n": query.Lt(50).And(query.Gte(10 * (i + 1)))}).Remove(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Add(ctx, virga.M{"n": 5000}); err != nil {
			t.Errorf("%d: a unique value of another copy is in the way: %v", i, err)
		}
		if err := each.DropCollection(ctx, "b"); !errors.Is(err, virga.ErrNotFound) {
			t.Errorf("%d: %v", i, err)
		}
		if _, err := each.Collection("b").Add(ctx, virga.M{"i": i}); err != nil {
			t.Fatal(err)
		}
	}
	for i, each := range []*virgatest.DB{db, first, second, third} {
		c := each.Collection("a")
		moved, err := c.Where(virga.M{"n": query.Gte(1000).And(query.Lt(2000))}).Get(ctx)
		if err != nil || len(moved) != 1 || moved[0].ID().String() != fmt.Sprint(i) {
			t.Errorf("%d: moved %v, %v", i, moved, err)
		}
		if n, err := c.Where(nil).Count(ctx); n != int64(100-(50-10*(i+1))+1) || err != nil {
			t.Errorf("%d: %d documents, %v", i, n, err)
		}
		if one, err := each.Collection("b").Where(nil).One(ctx); err != nil || one.Lookup("i").String() != fmt.Sprint(i) {
			t.Errorf("%d: %v, %v", i, one, err)
		}
	}
}

// TestForkGoesOnAsItsOriginalWould compares a copy with its original: plans, ids, time
// and random numbers.
func TestForkGoesOnAsItsOriginalWould(t *testing.T) {
	db := virgatest.New(t)
	fill(t, db.DB, 2000)
	db.Clock.Advance(time.Hour)
	fork := db.Fork(t)
	said := func(db *virgatest.DB) string {
		var b strings.Builder
		for range 3 {
			id, err := db.Collection("b").Add(ctx, virga.M{"at": query.ServerDate(0)})
			fmt.Fprintln(&b, id, err)
		}
		rows, err := db.Collection("a").Aggregate().Sample(5).All(ctx)
		fmt.Fprintln(&b, rows, err)
		for _, cond := range []virga.M{{"city": "city5", "n": query.Gt(7)}, {"tags": 3}, {"n": query.In([]int{1, 5})}} {
			e, err := db.Collection("a").Where(cond).Explain(ctx)
			fmt.Fprintln(&b, e.String(), e.Plan.Cost, len(e.Rejected), err)
			for _, r := range e.Rejected {
				fmt.Fprintln(&b, r, r.Cost)
			}
		}
		return b.String()
	}
	if a, b := said(db), said(fork); a != b {
		t.Errorf("the original:\n%s\nthe copy:\n%s", a, b)
	}
	fork.Clock.Advance(time.Hour)
	if d := fork.Clock.Now().Sub(db.Clock.Now()); d != time.Hour {
		t.Errorf("the clocks are %v apart", d)
	}
}

// TestForkIsATwin compares a copy with its original in what a database has besides
// documents: rules, schemas, attached databases and functions.
func TestForkIsATwin(t *testing.T) {
	crm := virgatest.New(t)
	if _, err := crm.Collection("customers").Add(ctx, virga.M{"_id": "ann"}); err != nil {
		t.Fatal(err)
	}
	db := virgatest.New(t, virgatest.Setup(func(db *virga.DB) error {
		return db.Function("note", func(ctx context.Context, data any) (any, error) { return db.Collection("notes").Add(ctx, data) })
	}), virgatest.Setup(nil))
	c := db.Collection("a")
	for _, err := range []error{
		db.Attach("crm", crm.DB),
		db.Function("here", func(context.Context, any) (any, error) { return nil, nil }),
		c.SetRules(ctx, `{"read": "doc._openid == auth.openid", "write": false}`),
		c.SetSchema(ctx, virga.Schema{JSON: virga.M{"required": []string{"n"}}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Add(ctx, virga.M{"_id": 1, "n": 1, "_openid": "ann"}); err != nil {
		t.Fatal(err)
	}
	fork := db.Fork(t).Fork(t)
	ann := fork.As(rules.Auth{OpenID: "ann"})
	if n, err := ann.Collection("a").Where(virga.M{"_openid": "{openid}"}).Count(ctx); n != 1 || err != nil {
		t.Errorf("what the rules allow: %d, %v", n, err)
	}
	if _, err := ann.Collection("a").Where(virga.M{"n": 1}).Get(ctx); !errors.Is(err, virga.ErrDenied) {
		t.Errorf("what the rules deny: %v", err)
	}
	if _, err := fork.Collection("a").Add(ctx, virga.M{"m": 1}); !errors.Is(err, virga.ErrInvalid) {
		t.Errorf("what the schema refuses: %v", err)
	}
	rows, err := fork.Collection("a").Aggregate().Lookup(aggregate.LookupOptions{From: "crm.customers", LocalField: "_openid", ForeignField: "_id", As: "who"}).All(ctx)
	if err != nil || len(rows) != 1 || rows[0].Lookup("who").Len() != 1 {
		t.Errorf("the attached database: %v, %v", rows, err)
	}
	if err := fork.Detach("crm"); err != nil {
		t.Error(err)
	}
	if err := db.Attach("crm", crm.DB); !errors.Is(err, virga.ErrExists) {
		t.Errorf("the copy has detached the original's: %v", err)
	}
	if _, err := ann.Call(ctx, "note", virga.M{"_id": "x"}); err != nil {
		t.Error(err)
	}
	if _, err := ann.Call(ctx, "here", nil); !errors.Is(err, virga.ErrNotFound) {
		t.Errorf("a function that was not set up: %v", err)
	}
	for i, each := range []*virgatest.DB{fork, db} {
		if n, err := each.Collection("notes").Where(nil).Count(ctx); n != int64(1-i) || err != nil {
			t.Errorf("%d: %d notes, %v", i, n, err)
		}
	}
}

func TestSetupThatFails(t *testing.T) {
	calls := 0
	fails := virgatest.Setup(func(*virga.DB) error {
		calls++
		if calls > 1 {
			return errors.New("no tea today")
		}
		return nil
	})
	db := virgatest.New(t, fails)
	for what, f := range map[string]func(testing.TB){
		"fork": func(t testing.TB) { db.Fork(t) },
		"new":  func(t testing.TB) { virgatest.New(t, fails) },
	} {
		tr := try(t, func(t testing.TB) { f(t); t.Log("went on") })
		if text := tr.text.String(); !strings.Contains(text, "setup: no tea today") || strings.Contains(text, "went on") {
			t.Errorf("%s: %q", what, text)
		}
	}
}

func TestForkOutlivesItsOriginal(t *testing.T) {
	db := virgatest.New(t)
	fill(t, db.DB, 10)
	fork := db.Fork(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := fork.Collection("a").Where(nil).Count(ctx); n != 10 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	tr := try(t, func(t testing.TB) { db.Fork(t); t.Log("copied") })
	if text := tr.text.String(); !strings.Contains(text, "fork: closed") || strings.Contains(text, "copied") {
		t.Errorf("copy of a closed database: %s", text)
	}
}

// TestForkLeavesWhatIsUnderWay copies a database with an open transaction, a stream and
// a large document.
func TestForkLeavesWhatIsUnderWay(t *testing.T) {
	db := virgatest.New(t)
	large := strings.Repeat("x", 3<<20)
	if _, err := db.Collection("a").Doc("large").Set(ctx, virga.M{"text": large}); err != nil {
		t.Fatal(err)
	}
	tx, err := db.StartTransaction(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Collection("a").Doc("x").Set(ctx, virga.M{"n": 1}); err != nil {
		t.Fatal(err)
	}
	stream, err := db.Collection("a").Where(virga.M{"n": 1}).Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if _, err := stream.Next(ctx); err != nil {
		t.Fatal(err)
	}
	fork := db.Fork(t)
	if _, err := fork.Collection("a").Doc("x").Set(ctx, virga.M{"n": 1}); err != nil {
		t.Errorf("the lock is in the copy: %v", err)
	}
	if _, err := fork.Collection("a").Doc("large").Remove(ctx); err != nil {
		t.Error(err)
	}
	if err := fork.Settle(ctx); err != nil {
		t.Error(err)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Error(err)
	}
	if snap, err := stream.Next(ctx); err != nil || len(snap.Docs) != 1 {
		t.Errorf("%v, %v", snap, err)
	}
	doc, err := db.Collection("a").Doc("large").Get(ctx)
	if err != nil || len(doc.Lookup("text").Bytes()) != len(large) {
		t.Errorf("the large document of the original: %v", err)
	}
}

// TestForkBesideWriters copies a database and its copies while all of them are written
// to, an index is built and large documents come and go. Every writer moves amounts
// within one transaction, so the sum shows whether a copy is of one moment.
func TestForkBesideWriters(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	const accounts, sum = 20, 20 * 100
	db := virgatest.New(t)
	for i := range accounts {
		if _, err := db.Collection("a").Add(ctx, virga.M{"_id": i, "n": 100}); err != nil {
			t.Fatal(err)
		}
	}
	stop := make(chan struct{})
	var running sync.WaitGroup
	write := func(db *virgatest.DB, r *rand.Rand) {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := move(db, r.IntN(accounts), r.IntN(accounts), r.IntN(10)); err != nil {
				t.Error(err)
				return
			}
			if n%20 == 0 {
				if err := trouble(db, n); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}
	for i := range 2 {
		running.Go(func() { write(db, rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	last := db
	for i := range 20 * trial.Effort() {
		fork := last.Fork(t)
		if err := total(fork, sum); err != nil {
			t.Error(err)
		}
		if i%5 == 0 {
			last = fork
			if i < 20 {
				running.Go(func() { write(fork, rand.New(rand.NewPCG(seed, uint64(100+i)))) })
			}
		}
	}
	close(stop)
	running.Wait()
	if err := total(db, sum); err != nil {
		t.Error(err)
	}
}

// move moves an amount from one account to another.
func move(db *virgatest.DB, from, to, n int) error {
	err := db.RunTransaction(ctx, func(ctx context.Context, tx *virga.Tx) error {
		if _, err := tx.Collection("a").Doc(from).Update(ctx, virga.M{"n": query.Inc(-n)}); err != nil {
			return err
		}
		_, err := tx.Collection("a").Doc(to).Update(ctx, virga.M{"n": query.Inc(n)})
		return err
	})
	if errors.Is(err, virga.ErrConflict) {
		return nil
	}
	return err
}

// trouble builds or drops an index and writes or removes a large document.
func trouble(db *virgatest.DB, n int) error {
	if n%40 == 0 {
		if _, err := db.Collection("large").Doc(n%3).Set(ctx, virga.M{"text": strings.Repeat("x", 600<<10)}); err != nil {
			return err
		}
		if err := db.Collection("a").CreateIndex(ctx, index.Spec{Fields: index.By("n")}); err != nil && !errors.Is(err, virga.ErrConflict) && !errors.Is(err, virga.ErrExists) {
			return err
		}
		return nil
	}
	if _, err := db.Collection("large").Where(virga.M{}).Remove(ctx); err != nil {
		return err
	}
	if err := db.Collection("a").DropIndex(ctx, "n"); err != nil && !errors.Is(err, virga.ErrNotFound) && !errors.Is(err, virga.ErrConflict) {
		return err
	}
	return nil
}

// total checks that all accounts together hold what they began with.
func total(db *virgatest.DB, want int64) error {
	docs, err := db.Collection("a").Where(nil).Get(ctx)
	if err != nil {
		return err
	}
	sum := int64(0)
	for _, doc := range docs {
		n, _ := doc.Lookup("n").Int64()
		sum += n
	}
	if sum != want {
		return fmt.Errorf("the accounts hold %d, want %d", sum, want)
	}
	return nil
}

func TestTemplate(t *testing.T) {
	built := 0
	template := virgatest.NewTemplate(func(ctx context.Context, db *virga.DB) error {
		built++
		_, err := db.Collection("a").Doc("tea").Update(ctx, virga.M{"stock": 5})
		return err
	}, virgatest.Seed(files("a.jsonl", `{"_id": "tea"}`)))
	for i := range 10 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			db := template.Fork(t)
			for range 5 {
				res, err := db.Collection("a").Where(virga.M{"_id": "tea", "stock": query.Gt(0)}).Update(ctx, virga.M{"stock": query.Inc(-1)})
				if err != nil || res.Updated != 1 {
					t.Errorf("%+v, %v", res, err)
				}
			}
		})
	}
	t.Cleanup(func() {
		if built != 1 {
			t.Errorf("made %d times", built)
		}
	})
}

func TestTemplateThatCannotBeMade(t *testing.T) {
	template := virgatest.NewTemplate(func(ctx context.Context, db *virga.DB) error { return errors.New("no tea today") })
	for range 2 {
		tr := try(t, func(t testing.TB) { template.Fork(t); t.Log("copied") })
		if text := tr.text.String(); !strings.Contains(text, "template: no tea today") || strings.Contains(text, "copied") {
			t.Errorf("%q", text)
		}
	}
}

func BenchmarkFork(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			db := virgatest.New(b, virgatest.Unchecked())
			fill(b, db.DB, n)
			b.ReportAllocs()
			for b.Loop() {
				tr := &attempt{TB: b}
				db.Fork(tr)
				tr.finish()
			}
		})
	}
}

// BenchmarkForkAndWrite is what a small test costs: a copy, a write, a read, the check.
func BenchmarkForkAndWrite(b *testing.B) {
	db := virgatest.New(b)
	fill(b, db.DB, 50)
	b.ReportAllocs()
	for b.Loop() {
		tr := &attempt{TB: b}
		c := db.Fork(tr).Collection("a")
		if _, err := c.Doc(1).Update(ctx, virga.M{"city": "Oslo"}); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Where(virga.M{"city": "Oslo"}).Get(ctx); err != nil {
			b.Fatal(err)
		}
		tr.finish()
	}
}
