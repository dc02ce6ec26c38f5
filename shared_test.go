package virga

import (
	"errors"
	"testing"

	"github.com/virgadb/virga/query"
)

// A Go value that holds one object at 2^60 places is refused by its size, not walked over.
func TestSharedObjects(t *testing.T) {
	c := openTest(t).Collection("shop")
	mustAdd(t, c, M{"_id": "a", "n": 1})
	var shared any = M{"x": 1}
	var list any = []any{1}
	var and, add any = true, "$n"
	for range 60 {
		shared, list = M{"x": shared, "y": shared}, []any{list, list}
		and, add = M{"$and": []any{and, and}}, M{"$add": []any{add, add}}
	}
	project := func(v any) func() error {
		return func() error { _, err := c.Aggregate().Project(M{"v": v}).All(ctx()); return err }
	}
	for name, call := range map[string]func() error{
		"add":        func() error { _, err := c.Add(ctx(), M{"v": shared}); return err },
		"update":     func() error { _, err := c.Doc("a").Update(ctx(), M{"v": shared}); return err },
		"where":      func() error { _, err := c.Where(M{"v": shared}).Get(ctx()); return err },
		"field":      func() error { _, err := c.Where(nil).Field(M{"v": shared}).Get(ctx()); return err },
		"project":    project(shared),
		"a list":     project(list),
		"$and":       project(and),
		"$add":       project(add),
		"group":      func() error { _, err := c.Aggregate().Group(list, M{}).All(ctx()); return err },
		"add fields": func() error { _, err := c.Aggregate().AddFields(M{"v": shared}).All(ctx()); return err },
		"substitute": func() error {
			_, err := query.Substitute(list, func(string) (string, bool) { return "", false })
			return err
		},
	} {
		within(t, name, func() {
			if err := call(); !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}
