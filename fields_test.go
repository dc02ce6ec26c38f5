package virga

import (
	"fmt"
	"testing"
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
