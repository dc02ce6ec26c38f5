package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/virgadb/virga/cmd/virga/command"
)

func TestRulesVerbs(t *testing.T) {
	const text = `{
	"read": "auth.openid in get(` + "`database.rooms.${doc.room}`" + `).members", // of the room
	"write": "doc.status == 'draft' && request.data.status != 'deleted'"
}`
	file := filepath.Join(t.TempDir(), "notes.rules.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, text, "rules", "check", "-").want(t, command.Done, `read:   auth.openid in get(`+"`database.rooms.${doc.room}`"+`).members
create: doc.status == 'draft' && request.data.status != 'deleted' (of write)
update: doc.status == 'draft' && request.data.status != 'deleted' (of write)
delete: doc.status == 'draft' && request.data.status != 'deleted' (of write)
warning: write 1:1: it does not look at auth: everybody may write, even who is not logged in
`, "")
	run(t, "READONLY", "rules", "check", "-").want(t, command.Done, "read:   whoever is logged in\ncreate: whoever is logged in\nupdate: the creator of a document\ndelete: the creator of a document\n", "")
	run(t, "{}", "rules", "check", "-").want(t, command.Done, strings.ReplaceAll("read:   N\ncreate: N\nupdate: N\ndelete: N\n", "N", "nobody, there is no rule"), "")
	if r := run(t, `{"read": "doc.a == "}`, "rules", "check", "-"); r.code != command.Failed || !strings.Contains(r.err, "-: read 1:10: expected a value after ==") {
		t.Errorf("%+v", r)
	}

	db := path(t)
	for collection, rows := range map[string]string{
		"rooms": `{"_id": "r1", "members": ["alice"]}`,
		"notes": `{"_id": "n1", "room": "r1", "status": "draft"}` + "\n" + `{"_id": 5, "room": "r2", "status": "done"}`,
	} {
		if r := run(t, rows, "import", db, collection); r.code != command.Done {
			t.Fatal(r.err)
		}
	}
	simulate := func(args ...string) result {
		return run(t, "", append([]string{"rules", "simulate", "--rules", file, "--openid", "alice"}, args...)...)
	}
	for _, c := range []struct {
		args string
		code int
		out  string
	}{
		{`--op read --where {"room":"r1"} DB notes`, command.Done, "read: allowed\ntrue: auth.openid in get("},
		{`--op read --where {"room":"r2"} DB notes`, command.Failed, "read: permission denied by rule read (1:1)"},
		{`--op read --where {"room":"r1"}`, command.Failed, "there is nothing get() could read from"},
		{`--op read DB notes`, command.Failed, "doc.room must be fixed by the filter"},
		{`--op read --id n1 DB notes`, command.Done, "read: allowed"},
		{`--op read --id n2 DB notes`, command.Failed, "doc.room is missing"},
		{`--op read --id n1 --static DB notes`, command.Failed, "doc.room must be fixed by the filter"},
		{`--op read --id n2 --static DB notes`, command.Failed, "doc.room must be fixed by the filter"},
		{`--op update --id n1 --data {"status":"done"} DB notes`, command.Done, "update: allowed"},
		{`--op update --id n1 --data {"status":"deleted"} DB notes`, command.Failed, `request.data.status is "deleted"`},
		{`--op update --id 5 --data {"x":"{openid}"} DB notes`, command.Failed, `doc.status is "done"`},
		{`--op delete --where {}`, command.Failed, `this would pass: {"status":"draft"}`},
		{`--op create --doc {"status":"draft"}`, command.Done, "create: allowed"},
		{`--op create --doc {"status":"done"}`, command.Failed, "create: permission denied by rule write"},
	} {
		r := simulate(strings.Fields(strings.ReplaceAll(c.args, "DB", db))...)
		if r.code != c.code || !strings.Contains(r.out, c.out) || (r.code == command.Failed) != (r.err == "virga: the rules do not allow it\n") {
			t.Errorf("%s: %+v", c.args, r)
		}
	}
	if r := run(t, text, "rules", "set", db, "notes", "-"); r.code != command.Done || !strings.Contains(r.out, "delete: doc.status == 'draft'") {
		t.Errorf("%+v", r)
	}
	run(t, "", "rules", "show", db, "notes").want(t, command.Done, text+"\n", "")
	if r := run(t, "", "rules", "simulate", "--op", "read", "--id", "n1", "--openid", "alice", db, "notes"); r.code != command.Done || !strings.Contains(r.out, "read: allowed") {
		t.Errorf("%+v", r)
	}
	if r := run(t, "ADMINONLY", "rules", "set", db, "rooms", "-"); r.code != command.Done {
		t.Errorf("%+v", r)
	}
	run(t, "", "rules", "simulate", "--op", "read", "--openid", "alice", db, "rooms").want(t, command.Failed,
		"read: permission denied: read of a collection in mode ADMINONLY: only the program itself may\n", "virga: the rules do not allow it\n")
	run(t, "", "rules", "show", db, "rooms").want(t, command.Done, "ADMINONLY\n", "")
	if r := run(t, `{"read": "doc."}`, "rules", "set", db, "rooms", "-"); r.code != command.Failed {
		t.Errorf("%+v", r)
	}
	for _, args := range [][]string{
		{"rules"}, {"rules", "set", db, "notes"}, {"rules", "show", db},
		{"rules", "simulate", "--rules", file, "--op", "read", "--id", "n1"},
		{"rules", "check"},
		{"rules", "simulate", "--rules", file},
		{"rules", "simulate", "--op", "read"},
		{"rules", "simulate", "--rules", file, "--op", "steal"},
		{"rules", "simulate", "--rules", file, "--op", "create"},
		{"rules", "simulate", "--rules", file, "--op", "read", "--where", "{"},
		{"rules", "simulate", "--rules", file, "--op", "read", "--doc", "[]"},
		{"rules", "simulate", "--rules", file, "--op", "read", "--doc", "{}", "--where", "{}"},
		{"rules", "simulate", "--rules", file, "--op", "update", "--doc", "{}", "--data", "{}"},
		{"rules", "simulate", "--rules", file, "--op", "read", db},
	} {
		if r := run(t, "", args...); r.code != command.Misused {
			t.Errorf("%v: %+v", args, r)
		}
	}
	for _, args := range [][]string{
		{"rules", "check", filepath.Join(t.TempDir(), "none")},
		{"rules", "simulate", "--rules", file, "--op", "read", "--where", `{"a": {"$no": 1}}`},
		{"rules", "simulate", "--rules", file, "--op", "read", "--where", `{"a": "{openid}"}`},
		{"rules", "simulate", "--rules", file, "--op", "read", filepath.Join(t.TempDir(), "none"), "notes"},
	} {
		if r := run(t, "", args...); r.code != command.Failed || r.err == "" {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

// Some editors begin a file with a byte order mark, which nobody sees in an error.
func TestTextsWithByteOrderMark(t *testing.T) {
	db := path(t)
	for _, args := range [][]string{{"rules", "check", "-"}, {"rules", "set", db, "notes", "-"}, {"schema", "set", db, "notes", "-"}} {
		if r := run(t, "\ufeff{}", args...); r.code != command.Done {
			t.Errorf("%s: %+v", args, r)
		}
	}
}
