package virgatest_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/virgatest"
)

// said returns the log with what differs from run to run left out.
func said(calls []virgatest.Call) string {
	var b strings.Builder
	for _, c := range calls {
		fmt.Fprintln(&b, regexp.MustCompile(` \[[0-9.]+(ns|µs|ms|s)\]`).ReplaceAllString(c.String(), ""))
	}
	return regexp.MustCompile(`_test\.go:\d+`).ReplaceAllString(b.String(), "_test.go:N")
}

func TestCalls(t *testing.T) {
	db := virgatest.New(t)
	orders := db.Collection("orders")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(orders.CreateIndex(ctx, index.Spec{Fields: index.By("city", "-total")}))
	_, err := orders.AddMany(ctx, []virga.M{{"_id": "a", "city": "Oslo", "total": 99}, {"_id": "b", "city": "Oslo", "total": 10}, {"_id": "c", "city": "Rome"}})
	must(err)
	_, err = orders.Where(virga.M{"city": "Oslo", "total": query.Gt(20)}).OrderBy("total", virga.Desc).Get(ctx)
	must(err)
	_, err = orders.Doc("a").Get(ctx)
	must(err)
	_, err = orders.Doc("z").Get(ctx)
	if !errors.Is(err, virga.ErrNotFound) {
		t.Error(err)
	}
	_, err = orders.Where(virga.M{"state": query.In([]string{"new", "late", "paid", "lost"})}).Count(ctx)
	must(err)
	_, err = orders.Where(virga.M{"city": "Rome"}).Update(ctx, virga.M{"total": 1})
	must(err)
	must(db.RunTransaction(ctx, func(ctx context.Context, tx *virga.Tx) error {
		_, err := tx.Collection("orders").Doc("b").Remove(ctx)
		return err
	}))
	for _, err := range orders.Where(virga.M{"_id": "a"}).Each(ctx) {
		must(err)
	}
	_, err = orders.Aggregate().Match(virga.M{"city": "Oslo"}).Group("$city", virga.M{"n": aggregate.Sum(1)}).All(ctx)
	must(err)
	want := `create index orders log_test.go:N
add orders log_test.go:N
find orders where city = "Oslo", total > 20 order -total: index city_-total ["Oslo", (20, +inf)] | fetch (keys 1, documents 1, found 1) log_test.go:N
get orders/"a" log_test.go:N
get orders/"z" log_test.go:N
      document does not exist: not found
count orders where state in ["late", "lost", "new", …]: scan | filter | count (keys 0, documents 3, found 0) log_test.go:N
update orders where city = "Rome": index city_-total ["Rome"] | by _id | fetch (keys 1, documents 1, found 1) log_test.go:N
transaction log_test.go:N
  remove orders/"b" log_test.go:N
  commit log_test.go:N
find orders where _id = "a": _id ["a"] (keys 1, documents 1, found 1) log_test.go:N
aggregate orders where city = "Oslo": index city_-total ["Oslo"] | covered (keys 1, documents 0, found 1) log_test.go:N
`
	if got := said(db.Calls()); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestLogOfIdentities shows who asked, and what the rules said.
func TestLogOfIdentities(t *testing.T) {
	db := virgatest.New(t, virgatest.Seed(files("notes.rules.json", `{"read": "doc._openid == auth.openid", "write": "doc._openid == auth.openid"}`)))
	alice, bob := db.As(rules.Auth{OpenID: "alice"}), db.As(rules.Auth{OpenID: "bob"})
	if _, err := alice.Collection("notes").Add(ctx, virga.M{"_id": "n"}); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Collection("notes").Doc("n").Get(ctx); err == nil {
		t.Error("bob reads the note of alice")
	}
	if _, err := db.As(rules.Auth{}).Collection("notes").Where(virga.M{"_openid": "alice"}).Get(ctx); !errors.Is(err, virga.ErrDenied) {
		t.Errorf("nobody reads: %v", err)
	}
	db.Inject(virgatest.Rule{Op: "find", Fault: virgatest.Fail("DATABASE_PERMISSION_DENIED")})
	if _, err := alice.Collection("notes").Where(virga.M{"_openid": "alice"}).Get(ctx); !errors.Is(err, virga.ErrDenied) {
		t.Error(err)
	}
	calls := db.Calls()
	var got []string
	for _, c := range calls {
		line, _, _ := strings.Cut(c.String(), " [")
		got = append(got, fmt.Sprint(line, " ", c.Denied()))
	}
	want := `add notes as alice false, get notes/"n" denied to bob true, find notes denied to nobody true, find notes as alice false`
	if all := strings.Join(got, ", "); all != want {
		t.Errorf("%s", all)
	}
}

func TestLogIsPrintedWhenATestFails(t *testing.T) {
	program := func(fail bool) string {
		return try(t, func(t testing.TB) {
			db := virgatest.New(t)
			for i := range 2100 {
				if _, err := db.Collection("a").Doc("x").Set(ctx, virga.M{"n": i}); err != nil {
					t.Error(err)
				}
			}
			if fail {
				t.Errorf("the test has failed")
			}
		}).text.String()
	}
	if text := program(false); text != "" {
		t.Errorf("a test that passes says %q", text)
	}
	text := program(true)
	if !strings.Contains(text, "virgatest: 2100 calls, of which the last 2000\n  101 set a/\"x\" [") || !strings.Contains(text, "\n 2100 set a/") {
		t.Errorf("%.300s", text)
	}
}

// TestLogShowsWhatIsUnderWay fails a test inside of a transaction.
func TestLogShowsWhatIsUnderWay(t *testing.T) {
	text := try(t, func(t testing.TB) {
		db := virgatest.New(t)
		err := db.RunTransaction(ctx, func(ctx context.Context, tx *virga.Tx) error {
			if _, err := tx.Collection("a").Add(ctx, virga.M{}); err != nil {
				t.Error(err)
			}
			t.Fatalf("no further")
			return nil
		})
		t.Error(err)
	}).text.String()
	if !strings.Contains(text, "2 calls\n    1 transaction [under way] log_test.go:") || !strings.Contains(text, "\n    2   add a [") {
		t.Errorf("%s", text)
	}
}

// TestLogOfStreams shows the read that opens a stream, and none of those after it.
func TestLogOfStreams(t *testing.T) {
	db := virgatest.New(t)
	stream, err := db.Collection("a").Where(virga.M{"n": query.Lt(9)}).OrderBy("n", virga.Desc).Limit(2).Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	for i := range 5 {
		if _, err := stream.Next(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Collection("a").Doc(i).Set(ctx, virga.M{"n": i}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		if _, err := db.Collection("a").Doc(4 - i).Remove(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := stream.Next(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Collection("a").CreateIndex(ctx, index.Spec{Fields: index.By("-n")}); err != nil {
		t.Fatal(err)
	}
	again, err := db.Collection("a").Where(virga.M{"n": query.Lt(9)}).Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	calls := db.Calls()
	last := calls[len(calls)-1]
	if first := calls[0]; first.Op != "watch" || first.Plan != "" { // there was no collection to read
		t.Errorf("%+v", first)
	}
	if last.Op != "watch" || !strings.Contains(last.Plan, "index -n") || last.Query != "n < 9" || last.Returned != 1 {
		t.Errorf("%+v", last)
	}
	if report := db.Report(); len(report.Indexes) != 1 || report.Indexes[0].Queries[0].Runs != 1 {
		t.Errorf("%v", report)
	}
}

func TestRepetitions(t *testing.T) {
	program := func(n int) string {
		return try(t, func(t testing.TB) {
			db := virgatest.New(t)
			c := db.Collection("a")
			for i := range n {
				if _, err := c.Doc(i).Set(ctx, virga.M{"n": i}); err != nil { // a write is a write
					t.Error(err)
				}
				if _, err := c.Doc(1).Set(ctx, virga.M{"n": i}); err != nil {
					t.Error(err)
				}
				if _, err := c.Doc(0).Get(ctx); err != nil { // the same one
					t.Error(err)
				}
				if _, err := c.Doc(i).Get(ctx); err != nil {
					t.Error(err)
				}
				if _, err := c.Where(virga.M{"n": i}).Get(ctx); err != nil {
					t.Error(err)
				}
			}
		}).text.String()
	}
	if text := program(9); text != "" {
		t.Errorf("nine times: %s", text)
	}
	text := regexp.MustCompile(`\.go:\d+`).ReplaceAllString(program(10), ".go:N")
	want := `virgatest: log_test.go:N asks 10 times, with other operands each time: find a where n = ?; query.In or a lookup asks once
virgatest: log_test.go:N asks 10 times, with other operands each time: get a; query.In or a lookup asks once
`
	lines := strings.SplitAfter(text, "\n")
	if len(lines) == 3 && lines[0] > lines[1] {
		lines[0], lines[1] = lines[1], lines[0]
	}
	if strings.Join(lines, "") != want {
		t.Errorf("%s", text)
	}
}

func TestReport(t *testing.T) {
	db := virgatest.New(t)
	c := db.Collection("orders")
	for _, spec := range []index.Spec{{Fields: index.By("city", "-total")}, {Fields: index.By("city")}, {Fields: index.By("note")}} {
		if err := c.CreateIndex(ctx, spec); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.AddMany(ctx, []virga.M{{"city": "Oslo", "total": 1}, {"city": "Rome", "state": "paid"}}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := c.Where(virga.M{"city": "Oslo"}).OrderBy("total", virga.Desc).Get(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Where(virga.M{"state": "paid"}).OrderBy("at", virga.Desc).Get(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Where(virga.M{"state": "paid"}).Count(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Where(virga.M{"_id": "x"}).Get(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Where(nil).Get(ctx); err != nil {
			t.Fatal(err)
		}
	}
	want := `index there: orders (city, -total): equality, then order
  3 × city = ? order -total: 3 documents examined, 3 found
index missing: orders (state, -at): equality, then order
  3 × state = ? order -at: 6 documents examined, 3 found
  3 × state = ?: 6 documents examined, 3 found
index unused: orders.city
index unused: orders.note
index redundant: orders.city: index city_-total begins with its fields`
	if got := db.Report().String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if text := virgatest.New(t).Report().String(); text != "" {
		t.Errorf("of an empty database: %s", text)
	}
}

func BenchmarkObserved(b *testing.B) {
	db := virgatest.New(b, virgatest.Unchecked())
	plain, err := virga.Open(virga.Memory)
	if err != nil {
		b.Fatal(err)
	}
	defer plain.Close()
	for name, each := range map[string]*virga.DB{"plain": plain, "observed": db.DB} {
		c := each.Collection("a")
		for i := range 100 {
			if _, err := c.Add(ctx, virga.M{"_id": i, "n": i % 10}); err != nil {
				b.Fatal(err)
			}
		}
		ref, q := c.Doc(5), c.Where(virga.M{"n": 3})
		b.Run("get/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ref.Get(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("find/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := q.Get(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
