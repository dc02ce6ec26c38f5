package command_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/virgadb/virga/cmd/virga/command"
)

func TestIndexVerbs(t *testing.T) {
	db := filepath.Join(t.TempDir(), "shop.virga")
	rows := strings.Repeat(`{"category": "tea", "price": 3}`+"\n"+`{"category": "cup", "price": 9}`+"\n", 1000) + `{"category": "pot", "price": 50}` + "\n"
	if r := run(t, rows, "import", db, "products"); r.code != command.Done {
		t.Fatal(r.err)
	}
	if r := run(t, "", "explain", db, "products", "--where", `{"category": "pot"}`); r.code != command.Done || !strings.Contains(r.out, "scan") || !strings.Contains(r.out, "advice: create index (category)") {
		t.Errorf("explain without an index: %+v", r)
	}
	if r := run(t, "", "index", "create", db, "products", "--fields", "category,-price", "--progress", "plain"); r.code != command.Done || !strings.Contains(r.err, "indexed 2001 of 2001") {
		t.Errorf("create: %+v", r)
	}
	if r := run(t, "", "index", "list", db, "products"); r.code != command.Done || !strings.Contains(r.out, "category_-price") || !strings.Contains(r.out, "2001") {
		t.Errorf("list: %+v", r)
	}
	if r := run(t, "", "explain", db, "products", "--where", `{"category": "tea"}`, "--sort", "-price", "--limit", "2"); r.code != command.Done || !strings.Contains(r.out, "index category_-price") {
		t.Errorf("explain with an index: %+v", r)
	}
	if r := run(t, "", "explain", db, "products", "--json", "--count"); r.code != command.Done || !strings.Contains(r.out, `"winningPlan"`) {
		t.Errorf("explain in JSON: %+v", r)
	}
	for _, args := range [][]string{{"import", db, "others"}, {"index", "create", db, "others", "--fields", "a", "--progress", "none"}} {
		if r := run(t, `{"a": 1}`, args...); r.code != command.Done {
			t.Fatalf("%v: %+v", args, r)
		}
	}
	if r := run(t, "", "index", "advise", db, "products"); r.code != command.Done || strings.Contains(r.out, "others") {
		t.Errorf("advise about another collection: %+v", r)
	}
	if r := run(t, `{"where": {"price": 50}}`+"\n", "index", "advise", db, "products"); r.code != command.Done || !strings.Contains(r.out, "missing: products (price)") || !strings.Contains(r.out, "unused: products.category_-price") {
		t.Errorf("advise: %+v", r)
	}
	if r := run(t, "", "index", "create", db, "products", "--fields", "price", "--unique"); r.code != command.Failed || !strings.Contains(r.err, "duplicate") {
		t.Errorf("unique over duplicates: %+v", r)
	}
	if r := run(t, "", "index", "drop", db, "products", "category_-price"); r.code != command.Done {
		t.Errorf("drop: %+v", r)
	}
	if r := run(t, "", "index", "drop", db, "products", "category_-price"); r.code != command.Failed || !strings.Contains(r.err, "not found") {
		t.Errorf("second drop: %+v", r)
	}
	for _, args := range [][]string{
		{"index"},
		{"index", "create", db, "products"},
		{"index", "create", db, "products", "--fields", "a,a"},
		{"index", "create", db, "products", "--fields", "a", "--progress", "loud"},
		{"index", "list", db},
	} {
		if r := run(t, "", args...); r.code != command.Misused {
			t.Errorf("%v: %+v", args, r)
		}
	}
}
