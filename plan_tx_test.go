package virga

import (
	"context"
	"fmt"
	"testing"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// What a transaction writes itself may be the first array in an index: its queries
// have to know before anybody else does.
func TestPlansOfTransactionWithFirstArray(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	for _, by := range []string{"a", "n"} {
		if err := db.Collection("c").CreateIndex(ctx, index.Spec{Fields: index.By(by)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Collection("c").Add(ctx, M{"_id": 1, "a": 1, "n": 1}); err != nil {
		t.Fatal(err)
	}
	err := db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
		c := tx.Collection("c")
		if _, err := c.Add(ctx, M{"_id": 2, "a": []int{1, 20}, "n": 2}); err != nil {
			return err
		}
		for _, q := range []struct {
			query *Query
			want  string
		}{
			{c.Where(M{"a": query.Gt(10).Lt(5)}), "[2]"},
			{c.Where(M{"a": query.Gt(0)}), "[1 2]"},
			{c.Where(nil).OrderBy("a", Desc), "[2 1]"},
			{c.Where(nil).OrderBy("a", Asc), "[1 2]"},
			{c.Where(M{"a": query.Neq(1)}), "[]"},
		} {
			for _, hint := range []string{"a", "n", NoIndex, ""} {
				docs, err := q.query.Hint(hint).Get(ctx)
				if err != nil {
					return err
				}
				if got := fmt.Sprint(numbersOf(docs)); got != q.want {
					t.Errorf("hint %q: %s, want %s", hint, got, q.want)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
