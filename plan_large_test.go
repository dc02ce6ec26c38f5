package virga

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// largeDocs is enough for a scan on several cores.
const largeDocs = 24_000

// A largeDoc is document i of the large collection, as the tests below compute it.
type largeDoc struct{ id, group, qty, n int }

// large returns a collection with many documents of few groups, and the documents
// in the order of their _id.
func large(t testing.TB, specs ...index.Spec) (*Collection, []largeDoc) {
	t.Helper()
	ctx := context.Background()
	coll := openTest(t).Collection("large")
	docs := make([]largeDoc, largeDocs)
	batch := []any{}
	for i := range docs {
		docs[i] = largeDoc{id: i, group: i * 7 % 3, qty: i * 31 % 100, n: i * 7919 % largeDocs}
		d := docs[i]
		batch = append(batch, M{"_id": d.id, "group": d.group, "qty": d.qty, "n": d.n, "pad": strings.Repeat("x", 100)})
		if len(batch) == 2000 {
			if _, err := coll.AddMany(ctx, batch); err != nil {
				t.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	for _, s := range specs {
		if err := coll.CreateIndex(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	return coll, docs
}

// numbersOf returns the ids of documents.
func numbersOf(docs []Doc) []int {
	ids := make([]int, len(docs))
	for i, d := range docs {
		n, _ := d.Value().Field("_id").Int64()
		ids[i] = int(n)
	}
	return ids
}

// selected returns the ids of the documents that match, in order.
func selected(docs []largeDoc, match func(largeDoc) bool, order func(a, b largeDoc) int) []int {
	var list []largeDoc
	for _, d := range docs {
		if match(d) {
			list = append(list, d)
		}
	}
	if order != nil {
		slices.SortStableFunc(list, order)
	}
	ids := make([]int, len(list))
	for i, d := range list {
		ids[i] = d.id
	}
	return ids
}

func anyDoc(largeDoc) bool { return true }

// explained runs a query and returns what it found and what that took.
func explained(t *testing.T, q *Query) ([]int, query.Explain) {
	t.Helper()
	docs, err := q.Get(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	e, err := q.Explain(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if int(e.Returned) != len(docs) {
		t.Errorf("%s: explained %d documents, found %d", e, e.Returned, len(docs))
	}
	return numbersOf(docs), e
}

func first(ids []int, skip, limit int) []int {
	ids = ids[min(skip, len(ids)):]
	return ids[:min(limit, len(ids))]
}

func TestWideScan(t *testing.T) {
	coll, docs := large(t)
	ctx := context.Background()
	want := selected(docs, func(d largeDoc) bool { return d.qty == 7 }, nil)
	q := coll.Where(M{"qty": 7})
	if got, e := explained(t, q); !slices.Equal(got, want) || e.DocsExamined != largeDocs || e.String() != "scan | filter" {
		t.Errorf("%s: %d documents of %d, %d examined", e, len(got), len(want), e.DocsExamined)
	}
	if got, _ := explained(t, q.Skip(100).Limit(50)); !slices.Equal(got, first(want, 100, 50)) {
		t.Errorf("a window: %v", got)
	}
	if got, e := explained(t, q.Limit(5)); !slices.Equal(got, first(want, 0, 5)) || e.DocsExamined > 600 {
		t.Errorf("%s: %v after %d documents", e, got, e.DocsExamined)
	}
	if n, err := q.Count(ctx); int(n) != len(want) || err != nil {
		t.Errorf("count: %d, %v", n, err)
	}
	// All documents wait to be asked for: they are more than may.
	all := coll.Where(M{"qty": query.Gte(0)})
	n := 0
	for doc, err := range all.Each(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if got := numbersOf([]Doc{doc})[0]; got != n {
			t.Fatalf("document %d is number %d", got, n)
		}
		if n++; n == 6000 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	if n != largeDocs {
		t.Errorf("%d documents", n)
	}
	for doc, err := range all.Each(ctx) { // leaving in the middle stops the workers
		if n--; err != nil || n < largeDocs-5000 {
			_ = doc
			break
		}
	}
	ended, cancel := context.WithCancel(ctx)
	defer cancel()
	n = 0
	for _, err := range all.Each(ended) {
		if n++; n == 5000 {
			cancel()
		}
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			n = -1
		}
	}
	if n != -1 {
		t.Errorf("cancelled, yet %d documents came", n)
	}
	byN := func(a, b largeDoc) int { return cmp.Or(cmp.Compare(b.group, a.group), cmp.Compare(a.n, b.n)) }
	sorted := selected(docs, anyDoc, byN)
	if got, e := explained(t, coll.Where(nil).OrderBy("group", Desc).OrderBy("n", Asc).Skip(10).Limit(20)); !slices.Equal(got, first(sorted, 10, 20)) || e.String() != "scan | top 30 by -group, n | skip 10 | limit 20" {
		t.Errorf("%s: %v", e, got)
	}
	sorted = selected(docs, func(d largeDoc) bool { return d.qty < 5 }, byN)
	if got, e := explained(t, coll.Where(M{"qty": query.Lt(5)}).OrderBy("group", Desc).OrderBy("n", Asc)); !slices.Equal(got, sorted) {
		t.Errorf("%s: %d documents", e, len(got))
	}
}

// In groups of thousands with the same value the first documents cost as little as
// in small ones, whichever way the walk goes, and a page begins where it begins.
func TestLargeGroups(t *testing.T) {
	coll, docs := large(t, index.Spec{Fields: index.By("group")}, index.Spec{Fields: index.By("qty", "group")})
	for _, c := range []struct {
		dir, id Direction
	}{{Asc, Asc}, {Desc, Asc}, {Asc, Desc}, {Desc, Desc}} {
		want := selected(docs, anyDoc, func(a, b largeDoc) int {
			return cmp.Or(int(c.dir)*cmp.Compare(a.group, b.group), int(c.id)*cmp.Compare(a.id, b.id))
		})
		q := coll.Where(nil).OrderBy("group", c.dir)
		if c.id == Desc {
			q = q.OrderBy("_id", Desc)
		}
		got, e := explained(t, q.Limit(20))
		if !slices.Equal(got, want[:20]) || e.KeysExamined > 200 || e.DocsExamined != 20 {
			t.Errorf("%s: %v, want %v, %d keys, %d documents", e, got, want[:20], e.KeysExamined, e.DocsExamined)
		}
		for _, at := range []int{19, 5000, 7999, 8000, 8100, 15_999, 23_000} {
			last, err := coll.Doc(want[at]).Get(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			got, e := explained(t, q.After(last).Limit(20))
			if !slices.Equal(got, first(want, at+1, 20)) || e.KeysExamined > 400 {
				t.Errorf("%s: %v, want %v, %d keys", e, got, first(want, at+1, 20), e.KeysExamined)
			}
		}
		if got, e := explained(t, q); !slices.Equal(got, want) {
			t.Errorf("%s: all are %d documents", e, len(got))
		}
	}
}

// Different values are found by leaping from one to the next.
func TestDistinctLeaps(t *testing.T) {
	coll, _ := large(t, index.Spec{Fields: index.By("group")}, index.Spec{Fields: index.By("qty", "-group")})
	for _, c := range []struct {
		cond any
		path string
		want string
	}{
		{nil, "group", "[0 1 2]"},
		{M{"group": query.Gt(0)}, "group", "[1 2]"},
		{M{"qty": 5}, "group", "[0 1 2]"},
		{M{"qty": 5, "group": query.Lt(2)}, "group", "[0 1]"},
		{M{"qty": query.Lt(3)}, "qty", "[0 1 2]"},
		{M{"group": 7}, "group", "[]"},
	} {
		for _, hint := range []string{"", NoIndex} {
			got, err := coll.Where(c.cond).Hint(hint).Distinct(context.Background(), c.path)
			if err != nil || fmt.Sprint(got) != c.want {
				t.Errorf("%v %s with hint %q: %v, %v", c.cond, c.path, hint, got, err)
			}
		}
	}
}

// An index that leads to most documents is given up for a scan, with the same
// documents in the same order.
func TestIndexGivenUp(t *testing.T) {
	coll, docs := large(t, index.Spec{Fields: index.By("n")})
	q := coll.Where(M{"n": query.Gt(1000).Lt(20_000)})
	want := selected(docs, func(d largeDoc) bool { return d.n > 1000 && d.n < 20_000 }, nil)
	got, e := explained(t, q.Hint(""))
	if !slices.Equal(got, want) {
		t.Errorf("%s: %d documents of %d", e, len(got), len(want))
	}
	if !e.Switched || e.DocsExamined != largeDocs || e.KeysExamined > 4000 {
		t.Errorf("%s: switched %v after %d keys, %d documents", e, e.Switched, e.KeysExamined, e.DocsExamined)
	}
	if got, e := explained(t, q.Hint("n")); !slices.Equal(got, want) || e.Switched || int(e.DocsExamined) != len(want) {
		t.Errorf("%s: %d documents of %d, %d examined", e, len(got), len(want), e.DocsExamined)
	}
	if n, err := q.Count(context.Background()); int(n) != len(want) || err != nil {
		t.Errorf("count %d, %v", n, err)
	}
	sorted := selected(docs, func(d largeDoc) bool { return d.n > 1000 && d.n < 20_000 }, func(a, b largeDoc) int { return cmp.Compare(b.qty, a.qty) })
	if got, e := explained(t, q.OrderBy("qty", Desc).Limit(50)); !slices.Equal(got, sorted[:50]) {
		t.Errorf("%s: %v", e, got)
	}
}

// Keys are read as the bounds say.
func TestKeysExamined(t *testing.T) {
	coll, docs := large(t, index.Spec{Fields: index.By("group", "-qty")}, index.Spec{Fields: index.By("n")})
	count := func(match func(largeDoc) bool) int64 { return int64(len(selected(docs, match, nil))) }
	twoOfGroup := count(func(d largeDoc) bool { return d.group == 1 && d.qty > 97 })
	for _, c := range []struct {
		query      *Query
		plan       string
		keys, docs int64
	}{
		{coll.Where(M{"n": 5}), `index n [5] | fetch`, 1, 1},
		{coll.Where(M{"n": query.In([]int{5, 9, 9, -1})}), `index n [-1 or 5 or 9] | merge 3 | fetch`, 2, 2},
		{coll.Where(M{"n": query.Gte(10).Lt(20)}), `index n [[10, 20)] | by _id | fetch`, 10, 10},
		{coll.Where(M{"n": query.Gte(10)}).OrderBy("n", Asc).Limit(7), `index n [[10, +inf)] | fetch | limit 7`, 7, 7},
		{coll.Where(M{"n": query.Gte(10)}).OrderBy("n", Asc).Skip(50).Limit(7), `index n [[10, +inf)] | fetch | skip 50 | limit 7`, 57, 7},
		{coll.Where(nil).OrderBy("n", Desc).Limit(3), `index n reversed | fetch | limit 3`, 4, 3},
		{coll.Where(M{"group": 1, "qty": query.Gt(97)}), `index group_-qty [1, (97, +inf)] | by _id | fetch`, twoOfGroup, twoOfGroup},
		{coll.Where(M{"group": 1, "qty": query.Gt(97)}).OrderBy("qty", Desc).Limit(5), `index group_-qty [1, (97, +inf)] | fetch | limit 5`, 5, 5},
		{coll.Where(M{"group": query.In([]int{1, 2})}).OrderBy("qty", Desc).Limit(5), `index group_-qty [1 or 2] | merge 2 | fetch | limit 5`, 6, 5},
		{coll.Where(query.Or(M{"n": 5}, M{"group": 1, "qty": 3})), `(index n [5]) + (index group_-qty [1, 3]) | by _id | fetch | filter`, 1 + count(func(d largeDoc) bool { return d.group == 1 && d.qty == 3 }), count(func(d largeDoc) bool { return d.n == 5 || d.group == 1 && d.qty == 3 })},
		{coll.Where(M{"_id": 77}), `_id [77]`, 1, 1},
		{coll.Where(M{"_id": query.In([]int{5, 3, 99_999})}), `_id [3 or 5 or 99999]`, 3, 2},
		{coll.Where(M{"_id": query.Gte(100).Lt(110)}), `_id [[100, 110)]`, 0, 10},
		{coll.Where(nil).OrderBy("_id", Desc).Limit(2), `scan | limit 2`, 0, 2},
	} {
		ids, e := explained(t, c.query)
		if e.String() != c.plan || e.KeysExamined != c.keys || e.DocsExamined != c.docs {
			t.Errorf("%d found by\n%s, %d keys, %d documents, want\n%s, %d keys, %d documents", len(ids), e, e.KeysExamined, e.DocsExamined, c.plan, c.keys, c.docs)
		}
	}
}

// A count that an index decides reads no document.
func TestCoveredCount(t *testing.T) {
	coll, docs := large(t, index.Spec{Fields: index.By("group", "qty")})
	for _, c := range []struct {
		cond  M
		match func(largeDoc) bool
	}{
		{M{"group": 1}, func(d largeDoc) bool { return d.group == 1 }},
		{M{"group": 1, "qty": query.Gt(90)}, func(d largeDoc) bool { return d.group == 1 && d.qty > 90 }},
		{M{"group": query.In([]int{0, 2}), "qty": query.Neq(5)}, func(d largeDoc) bool { return d.group != 1 && d.qty != 5 }},
		{M{"qty": 17}, func(d largeDoc) bool { return d.qty == 17 }},
		{M{"qty": query.Mod(10, 3)}, func(d largeDoc) bool { return d.qty%10 == 3 }},
	} {
		want := int64(len(selected(docs, c.match, nil)))
		e, err := coll.Where(c.cond).Hint("group_qty").ExplainCount(context.Background())
		if err != nil || e.Returned != want || e.DocsExamined != 0 {
			t.Errorf("%v: %s counts %d, want %d, %d documents, %v", c.cond, e, e.Returned, want, e.DocsExamined, err)
		}
	}
}

func TestRequireIndex(t *testing.T) {
	ctx := context.Background()
	coll := openWith(t, Memory, RequireIndex()).Collection("c")
	for i := range 501 {
		if _, err := coll.Add(ctx, M{"_id": i, "city": fmt.Sprint(i % 7), "total": i}); err != nil {
			t.Fatal(err)
		}
		if i == 499 {
			if _, err := coll.Where(M{"city": "1"}).Get(ctx); err != nil {
				t.Errorf("few documents: %v", err)
			}
		}
	}
	q := coll.Where(M{"city": "1", "total": query.Gt(5)})
	_, err := q.OrderBy("total", Desc).Get(ctx)
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "create an index on (city, -total)") {
		t.Errorf("find: %v", err)
	}
	if _, err := q.Update(ctx, M{"x": 1}); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "(city, total)") {
		t.Errorf("update: %v", err)
	}
	if _, err := coll.Where(nil).Get(ctx); err != nil {
		t.Errorf("all: %v", err)
	}
	if err := coll.CreateIndex(ctx, index.Spec{Fields: index.By("city", "-total")}); err != nil {
		t.Fatal(err)
	}
	if docs, err := q.OrderBy("total", Desc).Get(ctx); err != nil || len(docs) != 71 {
		t.Errorf("with the index: %d, %v", len(docs), err)
	}
}
