package virga

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// TestLargeGroupFromEntries groups what an index has on several cores, and what the
// documents have: missing and null, numbers of both kinds that are equal, entries
// from which no document can be made.
func TestLargeGroupFromEntries(t *testing.T) {
	c := openTest(t).Collection("orders")
	fillMixed(t, c)
	group := M{"n": aggregate.Sum(1), "total": aggregate.Sum("$price"), "mean": aggregate.Avg("$price"), "least": aggregate.Min("$price")}
	list := []*Aggregation{
		c.Aggregate().Group("$status", group),
		c.Aggregate().Group("$status", group).Sort(D{{"_id", -1}}),
		c.Aggregate().Group(M{"s": "$status"}, group),
		c.Aggregate().Match(M{"status": query.Exists(true)}).Group("$status", group),
		c.Aggregate().Match(M{"price": query.Mod(2, 1)}).Group("$status", group),
	}
	var want [][]Doc
	for _, a := range list {
		want = append(want, rowsOf(t, a))
	}
	if err := c.CreateIndex(context.Background(), index.Spec{Fields: index.By("status", "price")}); err != nil {
		t.Fatal(err)
	}
	for i, a := range list {
		e, err := a.Explain(context.Background())
		alone := runtime.GOMAXPROCS(0) == 1 // then the order of the index is worth more
		if text := e.String(); err != nil || !strings.Contains(text, "covered") || strings.Contains(text, "in order") && !alone {
			t.Errorf("%s, %v: not from the index on several cores", text, err)
		}
		got := rowsOf(t, a)
		if !slices.EqualFunc(got, want[i], func(a, b Doc) bool { return bytes.Equal(a.Raw(), b.Raw()) }) {
			t.Errorf("%s: %v, want %v", e, got, want[i])
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := list[0].All(ctx); err == nil {
		t.Error("a cancelled group ends well")
	}
}

func rowsOf(t *testing.T, a *Aggregation) []Doc {
	t.Helper()
	rows, err := a.All(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// fillMixed adds documents whose status and price are of several kinds.
func fillMixed(t *testing.T, c *Collection) {
	t.Helper()
	statuses := []any{"new", "paid", "sent", 1, 1.0, 1.5, nil, true, M{"of": 1}}
	prices := []any{0.1, 7, 7.0, 1e-9, 1e18, int64(1)<<60 + 1, nil, "free", -3.25}
	var batch []any
	for i := range largeDocs {
		d := M{"_id": i}
		if n := i * 7 % (len(statuses) + 1); n < len(statuses) {
			d["status"] = statuses[n]
		}
		if n := i / 3 % (len(prices) + 2); n < len(prices) {
			d["price"] = prices[n]
		} else {
			d["price"] = float64(i) / 7
		}
		if i%13 == 0 {
			delete(d, "price")
		}
		if batch = append(batch, d); len(batch) == 2000 {
			if _, err := c.AddMany(context.Background(), batch); err != nil {
				t.Fatal(err)
			}
			batch = nil
		}
	}
}
