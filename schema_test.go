package virga

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

const productSchema = `{
	"type": "object",
	"required": ["price"],
	"properties": {
		"price": {"type": "number", "minimum": 0},
		"since": {"bsonType": "date"},
		"tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": true}
	}
}`

// onEngines runs a test on a database in memory and on one in a folder.
func onEngines(t *testing.T, f func(t *testing.T, open func(options ...Option) *DB)) {
	t.Run("memory", func(t *testing.T) {
		f(t, func(o ...Option) *DB { return openWith(t, Memory, o...) })
	})
	t.Run("badger", func(t *testing.T) {
		f(t, func(o ...Option) *DB {
			return openWith(t, filepath.Join(t.TempDir(), "db"), append([]Option{Fast}, o...)...)
		})
	})
}

func TestSchemaChecksEveryWrite(t *testing.T) {
	onEngines(t, func(t *testing.T, open func(...Option) *DB) {
		ctx := context.Background()
		db := open()
		c := db.Collection("products")
		if err := c.SetSchema(ctx, Schema{JSON: productSchema}); err != nil {
			t.Fatal(err)
		}
		good, bad := M{"price": 1, "since": time.Now(), "tags": []string{"a"}}, M{"price": "1"}
		if _, err := c.Add(ctx, M{"_id": "a", "price": 1}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Collection("raw").AddMany(ctx, []M{{"_id": "a", "price": "x"}}); err != nil {
			t.Fatal(err)
		}
		raw := db.Collection("raw").Aggregate()
		for name, write := range map[string]func(data M) error{
			"add":      func(data M) error { _, err := c.Add(ctx, data); return err },
			"add many": func(data M) error { _, err := c.AddMany(ctx, []M{good, data}); return err },
			"set new":  func(data M) error { _, err := c.Doc("b").Set(ctx, data); return err },
			"set":      func(data M) error { _, err := c.Doc("a").Set(ctx, data); return err },
			"update":   func(data M) error { _, err := c.Doc("a").Update(ctx, data); return err },
			"query":    func(data M) error { _, err := c.Where(M{}).Update(ctx, data); return err },
			"return":   func(data M) error { _, err := c.Where(M{}).UpdateAndReturn(ctx, data); return err },
			"bulk":     func(data M) error { _, err := c.Bulk().Insert(data).Commit(ctx); return err },
			"bulk of two": func(data M) error {
				_, err := c.Bulk().Insert(good).Update("a", data).Commit(ctx, Unordered)
				return err
			},
			"atomic bulk": func(data M) error { _, err := c.Bulk().Set("c", data).Commit(ctx, Atomic); return err },
			"transaction": func(data M) error {
				return db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
					_, err := tx.Collection("products").Add(ctx, data)
					return err
				})
			},
		} {
			if err := write(good); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			before, _ := c.Where(nil).Get(ctx)
			err := write(bad)
			var fit *SchemaError
			var e *Error
			if !errors.As(err, &fit) || !errors.Is(err, ErrInvalid) || !errors.As(err, &e) || e.Number != -501007 {
				t.Errorf("%s: %v", name, err)
			} else if len(fit.Violations) != 1 || fit.Violations[0] != (Violation{"/price", "got string, want number"}) {
				t.Errorf("%s: %+v", name, fit)
			}
			after, _ := c.Where(nil).Get(ctx)
			if name != "bulk of two" && fmt.Sprint(before) != fmt.Sprint(after) {
				t.Errorf("%s changed something", name)
			}
		}
		for name, a := range map[string]*Aggregation{
			"out":             raw.Out("products"),
			"merge":           raw.Merge(aggregate.MergeOptions{Into: "products"}),
			"merge of others": raw.Set(M{"_id": "zz"}).Merge(aggregate.MergeOptions{Into: "products"}),
		} {
			if _, err := a.All(ctx); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "#/price: got string, want number") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n, err := c.Where(query.JSONSchema(productSchema)).Count(ctx); err != nil || n == 0 {
			t.Errorf("%d documents meet the schema, %v", n, err)
		}
		if n, err := c.Where(query.Not(query.JSONSchema(productSchema))).Count(ctx); err != nil || n != 0 {
			t.Errorf("%d documents do not meet the schema, %v", n, err)
		}
	})
}

func TestSchemaLevels(t *testing.T) {
	ctx := context.Background()
	var log bytes.Buffer
	db := openWith(t, Memory, WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	c := db.Collection("c")
	if _, err := c.Add(ctx, M{"_id": "old", "price": "x"}); err != nil {
		t.Fatal(err)
	}
	set := func(s Schema) {
		t.Helper()
		if err := c.SetSchema(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	touch := func() error { _, err := c.Doc("old").Update(ctx, M{"n": query.Inc(1)}); return err }
	add := func() error { _, err := c.Add(ctx, M{"price": "y"}); return err }
	set(Schema{JSON: productSchema})
	if touch() == nil || add() == nil {
		t.Error("a strict schema lets pass what does not meet it")
	}
	set(Schema{JSON: productSchema, Level: Moderate})
	if err := touch(); err != nil || add() == nil {
		t.Errorf("a moderate schema: %v", err)
	}
	set(Schema{JSON: M{"required": []string{"price"}, "properties": M{"price": M{"type": "number"}}}, Action: Warn})
	if err := errors.Join(touch(), add()); err != nil {
		t.Error(err)
	}
	if text := log.String(); strings.Count(text, "does not meet its schema") != 2 || !strings.Contains(text, "#/price: got string") {
		t.Errorf("logged: %s", text)
	}
	s, err := c.Schema(ctx)
	if err != nil || s.Action != Warn || s.Level != Strict || !strings.Contains(fmt.Sprint(s.JSON), `"required":["price"]`) {
		t.Errorf("%+v, %v", s, err)
	}
	set(Schema{})
	if err := errors.Join(touch(), add()); err != nil {
		t.Error(err)
	}
	if s, err := c.Schema(ctx); err != nil || s != (Schema{}) {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestSchemaIsStored(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "db")
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	c := db.Collection("c")
	if err := c.SetSchema(ctx, Schema{JSON: productSchema, Level: Moderate}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Collection("other").Add(ctx, M{"_id": 1, "price": 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Collection("other").Aggregate().Out("c").All(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openTest(t, path)
	c = db.Collection("c")
	if _, err := c.Add(ctx, M{"price": "x"}); !errors.Is(err, ErrInvalid) {
		t.Errorf("after $out and opening again: %v", err)
	}
	if s, err := c.Schema(ctx); err != nil || s.Level != Moderate {
		t.Errorf("%+v, %v", s, err)
	}
	if err := db.DropCollection(ctx, "c"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Add(ctx, M{"price": "x"}); err != nil {
		t.Errorf("a new collection of that name: %v", err)
	}
}

func TestSchemaChangeBesideATransaction(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	c := db.Collection("c")
	if _, err := c.Add(ctx, M{"_id": "a"}); err != nil {
		t.Fatal(err)
	}
	runs := 0
	err := db.RunTransaction(ctx, func(tctx context.Context, tx *Tx) error {
		_, err := tx.Collection("c").Add(tctx, M{"price": "x"})
		if runs++; runs == 1 {
			if err := c.SetSchema(ctx, Schema{JSON: productSchema}); err != nil {
				t.Fatal(err)
			}
		}
		return err
	}, txn.Options{})
	if runs != 2 || !errors.Is(err, ErrInvalid) {
		t.Errorf("%d runs, %v", runs, err)
	}
}

func TestHostileSchemas(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	c := db.Collection("c")
	if _, err := c.Add(ctx, M{"a": 1}); err != nil {
		t.Fatal(err)
	}
	double := `{"$defs": {"a0": {"type": "string"}`
	for i := 1; i < 40; i++ {
		double += fmt.Sprintf(`, "a%d": {"allOf": [{"$ref": "#/$defs/a%d"}, {"$ref": "#/$defs/a%d"}]}`, i, i-1, i-1)
	}
	double += `}, "$ref": "#/$defs/a39"}`
	chain := `{"$defs": {"a0": true`
	for i := 1; i < 3000; i++ {
		chain += fmt.Sprintf(`, "a%d": {"$ref": "#/$defs/a%d"}`, i, i-1)
	}
	chain += `}, "$ref": "#/$defs/a2999"}`
	for name, schema := range map[string]any{
		"nil":             nil,
		"empty text":      "",
		"no JSON":         "{",
		"a list":          "[]",
		"a number":        3,
		"a channel":       make(chan int),
		"a file":          `{"$ref": "file:///etc/passwd"}`,
		"a page":          `{"$ref": "http://example.com/schema"}`,
		"a meta schema":   `{"$schema": "https://example.com/own"}`,
		"an id":           `{"$id": "http://example.com/a", "$ref": "b"}`,
		"itself":          `{"$ref": "#"}`,
		"itself, below":   `{"properties": {"a": {"$ref": "#"}}}`,
		"a circle":        `{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}`,
		"nowhere":         `{"$ref": "#/$defs/none"}`,
		"no schema":       `{"enum": [{"type": "string"}], "$ref": "#/enum/0"}`,
		"doubling":        double,
		"a long chain":    chain,
		"depth":           strings.Repeat(`{"not":`, 5000) + "true" + strings.Repeat("}", 5000),
		"size":            `{"pattern": "` + strings.Repeat("a", 2<<20) + `"}`,
		"an exponent":     `{"minimum": 1e999999999}`,
		"a wrong type":    `{"type": "strong"}`,
		"a wrong keyword": `{"required": "price"}`,
		"a wrong pattern": `{"pattern": "("}`,
		"a looking one":   `{"pattern": "(?=a)"}`,
		"a wrong item":    `{"properties": {"a": 1}}`,
	} {
		t.Run(name, func(t *testing.T) {
			within(t, "a schema", func() {
				err := c.SetSchema(ctx, Schema{JSON: schema, Level: Moderate})
				if !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrTooLarge) {
					t.Errorf("set: %v", err)
				}
				if _, err := c.Where(query.JSONSchema(schema)).Get(ctx); !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrTooLarge) {
					t.Errorf("filter: %v", err)
				}
			})
		})
	}
	if err := c.SetSchema(ctx, Schema{JSON: true, Level: 7}); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	var none context.Context
	if err := c.SetSchema(none, Schema{}); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	if err := db.Collection("").SetSchema(ctx, Schema{}); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	if s, err := c.Schema(ctx); err != nil || s != (Schema{}) {
		t.Errorf("something was kept: %+v, %v", s, err)
	}
}

func TestJSONSchemaInFilters(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	c := db.Collection("c")
	for _, doc := range []M{
		{"_id": 1, "n": 1, "at": time.Unix(0, 0)}, {"_id": 2, "n": 1 << 40}, {"_id": 3, "n": 1.5, "b": []byte("x")},
		{"_id": 4, "n": "1", "list": []any{M{"k": 1}, M{"k": "a"}}}, {"_id": 5, "n": nil}, {"_id": 6},
	} {
		if _, err := c.Add(ctx, doc); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []struct {
		schema string
		ids    string
	}{
		{`{}`, "[1 2 3 4 5 6]"},
		{`{"required": ["n"]}`, "[1 2 3 4 5]"},
		{`{"properties": {"n": {"bsonType": "int"}}}`, "[1 6]"},
		{`{"properties": {"n": {"bsonType": ["long", "double"]}}, "required": ["n"]}`, "[2 3]"},
		{`{"properties": {"n": {"type": "number", "minimum": 1, "maximum": 1, "exclusiveMaximum": false}}, "required": ["n"]}`, "[1]"},
		{`{"properties": {"at": {"bsonType": "date"}}, "required": ["at"]}`, "[1]"},
		{`{"properties": {"at": {"type": "object"}}, "required": ["at"]}`, "[]"},
		{`{"properties": {"at": {"enum": [{"$date": "1970-01-01T00:00:00Z"}]}}, "required": ["at"]}`, "[1]"},
		{`{"properties": {"b": {"bsonType": "binData"}}, "required": ["b"]}`, "[3]"},
		{`{"properties": {"list": {"items": {"properties": {"k": {"type": "string"}}}}}}`, "[1 2 3 5 6]"},
		{`{"not": {"required": ["n"]}}`, "[6]"},
	} {
		var got []any
		for doc, err := range c.Where(M{"$jsonSchema": x.schema}).Each(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, doc.Lookup("_id").Any())
		}
		if text := fmt.Sprint(append([]any{}, got...)); text != x.ids {
			t.Errorf("%s: %s, want %s", x.schema, text, x.ids)
		}
		rows, err := c.Aggregate().Match(query.JSONSchema(x.schema)).All(ctx)
		if err != nil || len(rows) != len(got) {
			t.Errorf("%s: the pipeline yields %d documents, %v", x.schema, len(rows), err)
		}
	}
	if _, err := c.Where(M{"$jsonSchema": M{"$ref": "#/a"}}).Get(ctx); !errors.Is(err, ErrInvalid) {
		t.Errorf("$ref: %v", err)
	}
	if _, err := c.Where(M{"a": query.JSONSchema("{}")}).Get(ctx); !errors.Is(err, ErrInvalid) {
		t.Errorf("under a field: %v", err)
	}
	if n, err := c.Where(M{"list": query.ElemMatch(M{"$jsonSchema": M{"properties": M{"k": M{"type": "string"}}}})}).Count(ctx); err != nil || n != 1 {
		t.Errorf("an element: %d, %v", n, err)
	}
}

// TestJSONSchemaOfElements asks schemas of the elements of arrays, where an update
// pulls them out and where a projection chooses one.
func TestJSONSchemaOfElements(t *testing.T) {
	ctx := context.Background()
	textual := M{"required": []string{"k"}, "properties": M{"k": M{"bsonType": "string"}}}
	undone := errors.New("undone")
	engines(t, func(t *testing.T, path string) {
		db := openWith(t, path, Fast)
		c := db.Collection("c")
		if _, err := c.Add(ctx, M{"_id": 1, "list": []any{M{"k": 1}, M{"k": "a"}, 5, M{"k": "b"}, M{}}}); err != nil {
			t.Fatal(err)
		}
		wrong := query.JSONSchema(M{"$ref": "#/a"})
		for _, cond := range []any{query.JSONSchema(textual), M{"$jsonSchema": textual}, query.And(query.JSONSchema(textual), M{"k": query.Gt("")})} {
			for name, get := range map[string]func() (Doc, error){
				"query":    func() (Doc, error) { return c.Where(nil).Field(M{"list": query.ElemMatch(cond)}).One(ctx) },
				"document": func() (Doc, error) { return c.Doc(1).Field(M{"list": query.ElemMatch(cond)}).Get(ctx) },
			} {
				doc, err := get()
				if text, _ := doc.MarshalJSON(); err != nil || string(text) != `{"_id":1,"list":[{"k":"a"}]}` {
					t.Errorf("%s with %v: %s, %v", name, cond, text, err)
				}
			}
			err := db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
				c := tx.Collection("c")
				if _, err := c.Doc(1).Update(ctx, M{"list": query.Pull(cond)}); err != nil {
					return err
				}
				doc, err := c.Doc(1).Get(ctx)
				if text, _ := doc.MarshalJSON(); err == nil && string(text) != `{"_id":1,"list":[{"k":1},5,{}]}` {
					t.Errorf("pull of %v: %s", cond, text)
				}
				return errors.Join(err, undone)
			})
			if !errors.Is(err, undone) {
				t.Errorf("pull of %v: %v", cond, err)
			}
		}
		if _, err := c.Doc(1).Update(ctx, M{"list": query.Pull(wrong)}); !errors.Is(err, ErrInvalid) {
			t.Errorf("pull: %v", err)
		}
		if _, err := c.Doc(1).Field(M{"list": query.ElemMatch(wrong)}).Get(ctx); !errors.Is(err, ErrInvalid) {
			t.Errorf("projection: %v", err)
		}
		res, err := c.Doc(1).Update(ctx, query.Raw(M{"$pull": M{"list": M{"$jsonSchema": M{"required": []string{"k"}}}}}))
		if err != nil || res.Updated != 1 {
			t.Errorf("raw pull: %+v, %v", res, err)
		}
	})
}
