package expr

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/virgadb/virga/document"
)

// What common expressions cost for a document. Memory of results is used again, as
// a stage of a pipeline does.
var common = []struct {
	name, expr string
	allocs     float64 // at most, a document
}{
	{"path", `"$customer.city"`, 0},
	{"compare", `{"$gt": ["$qty", 100]}`, 0},
	{"multiply", `{"$multiply": ["$price", "$qty"]}`, 0},
	{"nested", `{"$gt": [{"$multiply": ["$price", {"$subtract": [1, "$discount"]}]}, {"$ifNull": ["$least", 10]}]}`, 0},
	{"cond", `{"$cond": [{"$gte": ["$qty", 250]}, "many", "few"]}`, 0},
	{"object", `{"city": "$customer.city", "status": "$status"}`, 0},
	{"concat", `{"$concat": ["$customer.city", " / ", "$status"]}`, 0},
	{"upper", `{"$toUpper": "$status"}`, 0},
	{"year", `{"$year": "$at"}`, 0},
	{"day", `{"$dateToString": {"date": "$at", "format": "%Y-%m-%d", "timezone": "Asia/Shanghai"}}`, 0},
	{"pathThroughArray", `"$items.price"`, 0},
	{"sumOfArray", `{"$sum": "$items.price"}`, 1},
	{"sumOfProducts", `{"$sum": {"$map": {"input": "$items", "as": "i", "in": {"$multiply": ["$$i.price", "$$i.qty"]}}}}`, 1},
	{"filter", `{"$size": {"$filter": {"input": "$items", "cond": {"$gt": ["$$this.price", 10]}}}}`, 0},
	{"regex", `{"$regexMatch": {"input": "$status", "regex": "^pa"}}`, 0},
}

func order0(t testing.TB) document.Value {
	items := []any{}
	for i := range 10 {
		items = append(items, document.D{{"sku", "p1"}, {"price", 4.5 * float64(i)}, {"qty", 300 + i}})
	}
	doc, err := document.Encode(document.D{
		{"_id", 12345}, {"status", "paid"}, {"qty", 300}, {"price", 19.5}, {"discount", 0.25},
		{"at", time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)}, {"customer", document.D{{"name", "Li"}, {"city", "Oslo"}}}, {"items", items},
	}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return doc.Value()
}

func parse(t rapid.TB, text string) document.Value {
	t.Helper()
	v, err := document.ParseJSON([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func compiled(t testing.TB, text string) *Expr {
	t.Helper()
	x, err := Compile(parse(t, text), Scope{Now: time.UnixMilli(0)})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return x
}

func BenchmarkEval(b *testing.B) {
	doc := order0(b)
	for _, c := range common {
		b.Run(c.name, func(b *testing.B) {
			x, env := compiled(b, c.expr), NewEnv(Options{})
			b.ReportAllocs()
			for b.Loop() {
				if v, err := x.Eval(env, doc); err != nil || nullish(v) {
					b.Fatal(v, err)
				}
				env.Reset()
			}
		})
	}
}

func TestEvalAllocates(t *testing.T) {
	doc := order0(t)
	for _, c := range common {
		x, env := compiled(t, c.expr), NewEnv(Options{})
		run := func() {
			if v, err := x.Eval(env, doc); err != nil || nullish(v) {
				t.Fatal(v, err)
			}
			env.Reset()
		}
		run()
		if n := testing.AllocsPerRun(100, run); n > c.allocs {
			t.Errorf("%s allocates %v times a document, want %v at most", c.name, n, c.allocs)
		}
	}
}

func BenchmarkAccumulate(b *testing.B) {
	for _, text := range []string{`{"$sum": "$qty"}`, `{"$avg": "$price"}`, `{"$max": "$price"}`, `{"$addToSet": "$status"}`} {
		b.Run(text, func(b *testing.B) {
			a, err := CompileAccumulation(parse(b, text), Scope{})
			if err != nil {
				b.Fatal(err)
			}
			doc, env, acc := order0(b), NewEnv(Options{}), a.New()
			b.ReportAllocs()
			for b.Loop() {
				v, err := a.Operand().Eval(env, doc)
				if err == nil {
					err = acc.Add(v)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
