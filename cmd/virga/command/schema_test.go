package command_test

import (
	"strings"
	"testing"

	"github.com/virgadb/virga/cmd/virga/command"
)

func TestSchemaVerbs(t *testing.T) {
	const schema = `{"required":["price"],"properties":{"price":{"type":"number"}}}`
	db := path(t)
	run(t, schema, "schema", "set", db, "products", "-", "--moderate").want(t, command.Done, "", "")
	run(t, "", "schema", "show", db, "products").want(t, command.Done, "moderate, reject\n"+schema+"\n", "")
	r := run(t, `{"_id": 1, "price": 2}`+"\n"+`{"_id": 2, "price": "x"}`, "import", db, "products")
	if r.code != command.Failed || !strings.Contains(r.err, "#/price: got string, want number") || !strings.Contains(r.err, "1 rows stored") {
		t.Errorf("%+v", r)
	}
	if r := run(t, `{"type": "price"}`, "schema", "set", db, "products", "-"); r.code != command.Failed || !strings.Contains(r.err, "there is no type price") {
		t.Errorf("%+v", r)
	}
	run(t, "", "schema", "clear", db, "products").want(t, command.Done, "", "")
	run(t, "", "schema", "show", db, "products").want(t, command.Done, "no schema\n", "")
	for _, args := range []string{"schema", "schema set", "schema show x", "schema clear"} {
		if r := run(t, "", strings.Fields(args)...); r.code != command.Misused {
			t.Errorf("%s: %+v", args, r)
		}
	}
	if r := run(t, "", "schema", "set", db, "products", "no such file"); r.code != command.Failed {
		t.Errorf("%+v", r)
	}
	if r := run(t, "", "schema", "show", db, "none"); r.code != command.Failed {
		t.Errorf("%+v", r)
	}
}
