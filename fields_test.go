package virga

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// TestNoFieldsLeftOut: an empty choice of fields returns whole documents, and they
// stay what they are when others have been read.
func TestNoFieldsLeftOut(t *testing.T) {
	db := openWith(t, t.TempDir(), Fast, WithMemory(0)) // read from files, not from mirrors
	c := db.Collection("c")
	var docs []M
	for i := range 300 {
		docs = append(docs, M{"_id": i, "text": fmt.Sprint("document ", i)})
	}
	if _, err := c.AddMany(ctx(), docs); err != nil {
		t.Fatal(err)
	}
	for _, fields := range []any{M{}, D{}, M(nil), struct{}{}} {
		found, err := c.Where(nil).Field(fields).Get(ctx())
		if err != nil || len(found) != len(docs) {
			t.Fatalf("%d documents, %v", len(found), err)
		}
		if _, err := c.Where(nil).OrderBy("text", Desc).Get(ctx()); err != nil {
			t.Fatal(err)
		}
		for i, doc := range found {
			if want := fmt.Sprintf(`{"_id":%d,"text":"document %d"}`, i, i); doc.String() != want {
				t.Fatalf("fields %#v: document %d is %s", fields, i, doc)
			}
		}
		doc, err := c.Doc(7).Field(fields).Get(ctx())
		if err != nil || doc.String() != `{"_id":7,"text":"document 7"}` {
			t.Errorf("fields %#v: %v, %v", fields, doc, err)
		}
	}
}

// TestFieldsFromAnIndex: documents that an index makes of its entries have the fields that
// are chosen, no others and written alike, and stay what they are.
func TestFieldsFromAnIndex(t *testing.T) {
	engines(t, func(t *testing.T, path string) {
		c := openWith(t, path, Fast).Collection("c")
		values := []any{1, 2.0, -0.5, "text", true, nil, []byte{1}, M{"x": 1}, time.UnixMilli(5)}
		var docs []M
		for i := range 400 {
			d := M{"_id": fmt.Sprint("id ", i)}
			if i%11 > 0 {
				d["a"] = values[i%len(values)]
			}
			if i%7 > 0 {
				d["b"] = M{"c": values[i%5], "d": i}
			}
			docs = append(docs, d)
		}
		if _, err := c.AddMany(ctx(), docs); err != nil {
			t.Fatal(err)
		}
		if err := c.CreateIndexes(ctx(), []index.Spec{{Name: "a", Fields: index.By("a", "b.c")}, {Name: "b", Fields: index.By("b.c")}}, nil); err != nil {
			t.Fatal(err)
		}
		for _, fields := range []M{{"_id": 1}, {"a": 1}, {"a": 1, "_id": 0}, {"b.c": 1}, {"b.c": 1, "_id": 0}, {"a": 1, "b.c": 1}, {"b": 1}, {"a": 0}} {
			for _, where := range []M{{}, {"a": 1}, {"a": query.Gt(0)}, {"b.c": query.Lt(9)}, {"a": query.In([]any{"text", true, nil})}, {"a": query.Exists(), "b.c": 1}, {"a": query.Not(query.Eq(1))}} {
				for _, hint := range []string{"a", "b", ""} {
					for _, order := range []string{"", "a", "b.c"} {
						q := c.Where(where).Field(fields)
						if order != "" {
							q = q.OrderBy(order, Asc)
						}
						want, err := q.Hint(NoIndex).Get(ctx())
						if err != nil {
							t.Fatal(err)
						}
						if hint != "" {
							q = q.Hint(hint)
						}
						got, err := q.Get(ctx())
						if err != nil {
							t.Fatal(err)
						}
						alike := func(a, b Doc) bool { return bytes.Equal(a.Raw(), b.Raw()) }
						if !slices.EqualFunc(got, want, alike) {
							t.Errorf("fields %v of %v by %q through %q: %d documents, %d by a scan:\n%v\n%v", fields, where, order, hint, len(got), len(want), got, want)
						}
					}
				}
			}
		}
	})
}
