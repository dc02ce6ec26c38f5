package virgatest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/virgatest"
)

// files returns a file system of names and contents.
func files(pairs ...string) fstest.MapFS {
	fs := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fs[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fs
}

func TestSeed(t *testing.T) {
	db := virgatest.New(t, virgatest.Seed(files(
		"products.jsonl", "\xEF\xBB\xBF"+`{"_id": "tea", "price": 120, "since": {"$date": "2018-08-31T17:30:00.882Z"}}`+"\r\n\r\n"+`{"_id": "pot", "price": 300}`,
		"products.indexes.json", `[{"fields": ["-price"], "unique": true}, {"name": "s", "fields": ["since"], "sparse": true}]`,
		"products.rules.json", `{"read": true, "write": "doc._openid == auth.openid"}`,
		"others.rules.json", "ADMINONLY\n",
		"products.schema.json", `{"properties": {"price": {"minimum": 1}}}`,
		"empty.jsonl", "",
		"readme.txt", "not a collection",
		"sub/ignored.jsonl", "{",
	)))
	names, err := db.Collections(ctx)
	if err != nil || strings.Join(names, " ") != "empty others products" {
		t.Errorf("%v, %v", names, err)
	}
	tea, err := db.Collection("products").Doc("tea").Get(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if at, ok := tea.Lookup("since").Time(); !ok || !at.Equal(time.Date(2018, 8, 31, 17, 30, 0, 882e6, time.UTC)) {
		t.Errorf("since %v", tea.Lookup("since"))
	}
	list, err := db.Collection("products").Indexes(ctx)
	if err != nil || len(list) != 2 || list[0].Name != "-price" || !list[0].Unique || list[1].Name != "s" || !list[1].Sparse || list[1].Entries != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	alice := db.As(rules.Auth{OpenID: "alice"})
	if _, err := alice.Collection("products").Doc("tea").Get(ctx); err != nil {
		t.Error(err)
	}
	if _, err := alice.Collection("others").Where(nil).Get(ctx); !errors.Is(err, virga.ErrDenied) {
		t.Errorf("against the rules: %v", err)
	}
	if _, err := db.Collection("products").Add(ctx, virga.M{"price": 0}); !errors.Is(err, virga.ErrInvalid) {
		t.Errorf("against the schema: %v", err)
	}
	db.Seed(files("products.jsonl", `{"price": 7}`))
	if n, err := db.Collection("products").Where(nil).Count(ctx); n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	db := virgatest.New(t)
	some := files("a.jsonl", "{}")
	for what, err := range map[string]error{
		//lint:ignore SA1012 a nil context is what is tested
		"no context":  virgatest.Load(nil, db.DB, some),
		"no database": virgatest.Load(ctx, nil, some),
		"no files":    virgatest.Load(ctx, db.DB, nil),
	} {
		if !errors.Is(err, virga.ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestSeedNamesFileAndLine(t *testing.T) {
	for _, x := range []struct {
		name, content, want string
	}{
		{"a.jsonl", "{\"_id\": 1}\n\n{\"_id\": ", "a.jsonl:3: json: _id: unexpected end"},
		{"a.jsonl", "{}\n[1]", "a.jsonl:2: an object a line is needed, found array"},
		{"a.jsonl", "{\"_id\": 1}\n{\"_id\": 2}\n{\"_id\": 1}", "a.jsonl:3: add a/1"},
		{"a.jsonl", "{\"$x\": 1}", "a.jsonl:1: add a"},
		{"a.b$.jsonl", "{}", "a.b$.jsonl:1: add a.b$: collection name"},
		{".jsonl", "{}", ".jsonl:1: add: collection name is empty"},
		{"a.indexes.json", "[\n{\"fields\": [\"b\"], \"uniq\": true}]", "a.indexes.json:2: json: unknown field"},
		{"a.indexes.json", "[]\n[]", "a.indexes.json:2: more than one value"},
		{"a.indexes.json", "[", "a.indexes.json:1: unexpected EOF"},
		{"a.indexes.json", "[{\"fields\": []}]", "a.indexes.json: create index a"},
		{"a.rules.json", "{\"read\": \"doc.\"}", "a.rules.json: set rules a"},
		{"a.schema.json", "{", "a.schema.json: set schema a"},
		{"a.json", "[]", "a.json: a file is named COLLECTION.jsonl, or COLLECTION and"},
	} {
		tr := try(t, func(t testing.TB) {
			virgatest.New(t, virgatest.Seed(files(x.name, x.content)))
			t.Log("not refused")
		})
		if text := tr.text.String(); !strings.Contains(text, x.want) || strings.Contains(text, "not refused") {
			t.Errorf("%s with %q: %s", x.name, x.content, text)
		}
		db := virgatest.New(t)
		if err := virgatest.Load(ctx, db.DB, files(x.name, x.content)); !errors.Is(err, virga.ErrInvalid) && !errors.Is(err, virga.ErrDuplicate) {
			t.Errorf("%s with %q: %v", x.name, x.content, err)
		}
	}
	if err := virgatest.Load(ctx, virgatest.New(t).DB, nil); !errors.Is(err, virga.ErrInvalid) {
		t.Errorf("no files: %v", err)
	}
}
