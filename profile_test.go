package virga

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
)

func TestCloudCutsResults(t *testing.T) {
	onEngines(t, func(t *testing.T, open func(...Option) *DB) {
		ctx := context.Background()
		var log bytes.Buffer
		db := open(WithProfile(Cloud), WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		if err := db.CreateCollection(ctx, "items"); err != nil {
			t.Fatal(err)
		}
		docs := make([]M, 1200)
		for i := range docs {
			docs[i] = M{"_id": i, "_openid": "alice"}
		}
		if _, err := db.Collection("items").AddMany(ctx, docs); err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			db                 *DB
			below, limit, want int
			cut                bool
		}{
			{db, 1200, 0, 100, true}, {db, 1200, 99, 99, false}, {db, 1200, 100, 100, false}, {db, 1200, 101, 101, false}, {db, 1200, 1000, 1000, false},
			{db, 1200, 1001, 1000, true}, {db, 1200, 1 << 62, 1000, true}, {db, 100, 0, 100, false}, {db, 101, 0, 100, true}, {db, 1000, 5000, 1000, false},
			{db.As(alice), 1200, 0, 20, true}, {db.As(alice), 1200, 5, 5, false}, {db.As(alice), 1200, 100, 20, true}, {db.As(alice), 20, 0, 20, false},
			{db.As(alice), 21, 0, 20, true}, {db.As(alice), 20, 50, 20, false},
		} {
			q := x.db.Collection("items").Where(M{"_id": query.Lt(x.below)}).Limit(x.limit)
			log.Reset()
			got, err := q.Get(ctx)
			if cut := strings.Contains(log.String(), "result cut"); err != nil || len(got) != x.want || cut != x.cut {
				t.Errorf("%d documents, limit %d: %d, cut %v, %v", x.below, x.limit, len(got), cut, err)
			}
			n := 0
			for _, err := range q.Each(ctx) {
				if n++; err != nil {
					t.Error(err)
				}
			}
			if n != x.want {
				t.Errorf("a loop over %d documents with limit %d: %d", x.below, x.limit, n)
			}
			if total, err := q.Count(ctx); err != nil || int(total) != x.below {
				t.Errorf("count is %d, %v", total, err)
			}
		}
		if _, err := db.Collection("items").Where(nil).Skip(1 << 62).Limit(1 << 62).Get(ctx); err != nil {
			t.Error(err)
		}
		mine := db.As(alice).Collection("items")
		if rows, err := mine.Aggregate().Match(M{"_id": query.Gte(0)}).All(ctx); err != nil || len(rows) != 20 {
			t.Errorf("a pipeline: %d, %v", len(rows), err)
		}
		if rows, err := mine.Aggregate().Limit(500).All(ctx); err != nil || len(rows) != 500 {
			t.Errorf("a pipeline with a limit: %d, %v", len(rows), err)
		}
		log.Reset()
		if res, err := db.Collection("items").Where(M{"_id": query.Lt(10)}).OrderBy("_id", Asc).Skip(1).Limit(2).Field(M{"a": 1}).Update(ctx, M{"x": 1}); err != nil || res.Updated != 10 {
			t.Errorf("%+v, %v", res, err)
		}
		if res, err := db.Collection("items").Where(M{"_id": query.Lt(10)}).Limit(2).Remove(ctx); err != nil || res.Removed != 10 {
			t.Errorf("%+v, %v", res, err)
		}
		if text := log.String(); strings.Count(text, "are ignored") != 2 {
			t.Errorf("logged: %s", text)
		}
	})
}

// TestCloudRefuses is what passes in the Embedded profile and fails in the cloud, with
// the cloud's codes.
func TestCloudRefuses(t *testing.T) {
	onEngines(t, func(t *testing.T, open func(...Option) *DB) {
		ctx := context.Background()
		db := open(WithProfile(Cloud), MaxCollections(3))
		for _, name := range []string{"c", "d"} {
			if err := db.CreateCollection(ctx, name+name); err != nil {
				t.Fatal(err)
			}
		}
		none, c := db.Collection("none"), db.Collection("cc")
		a := db.As(alice)
		mine := a.Collection("cc")
		big := strings.Repeat("x", 600<<10)
		for i := range 3 {
			if _, err := c.Add(ctx, M{"_id": fmt.Sprint("big", i), "_openid": "alice", "text": big}); err != nil {
				t.Fatal(err)
			}
		}
		missing := func(f func() error) func() (string, int, error) {
			return func() (string, int, error) { return "DATABASE_COLLECTION_NOT_EXIST", -502005, f() }
		}
		denied := func(f func() error) func() (string, int, error) {
			return func() (string, int, error) { return "DATABASE_PERMISSION_DENIED", -502003, f() }
		}
		invalid := func(f func() error) func() (string, int, error) {
			return func() (string, int, error) { return "INVALID_PARAM", -501007, f() }
		}
		for name, call := range map[string]func() (string, int, error){
			"add":         missing(func() error { _, err := none.Add(ctx, M{}); return err }),
			"add many":    missing(func() error { _, err := none.AddMany(ctx, []M{{}}); return err }),
			"set":         missing(func() error { _, err := none.Doc("a").Set(ctx, M{}); return err }),
			"doc get":     missing(func() error { _, err := none.Doc("a").Get(ctx); return err }),
			"doc update":  missing(func() error { _, err := none.Doc("a").Update(ctx, M{"a": 1}); return err }),
			"doc remove":  missing(func() error { _, err := none.Doc("a").Remove(ctx); return err }),
			"get":         missing(func() error { _, err := none.Where(nil).Get(ctx); return err }),
			"one":         missing(func() error { _, err := none.Where(nil).One(ctx); return err }),
			"count":       missing(func() error { _, err := none.Where(nil).Count(ctx); return err }),
			"exists":      missing(func() error { _, err := none.Where(nil).Exists(ctx); return err }),
			"distinct":    missing(func() error { _, err := none.Where(nil).Distinct(ctx, "a"); return err }),
			"update":      missing(func() error { _, err := none.Where(M{}).Update(ctx, M{"a": 1}); return err }),
			"remove":      missing(func() error { _, err := none.Where(M{}).Remove(ctx); return err }),
			"explain":     missing(func() error { _, err := none.Where(nil).Explain(ctx); return err }),
			"bulk":        missing(func() error { _, err := none.Bulk().Insert(M{}).Insert(M{}).Commit(ctx); return err }),
			"atomic bulk": missing(func() error { _, err := none.Bulk().Insert(M{}).Commit(ctx, Atomic); return err }),
			"aggregate":   missing(func() error { _, err := none.Aggregate().All(ctx); return err }),
			"lookup": missing(func() error {
				_, err := c.Aggregate().Lookup(aggregate.LookupOptions{From: "none", LocalField: "a", ForeignField: "a", As: "l"}).All(ctx)
				return err
			}),
			"watch":         missing(func() error { _, err := a.Collection("none").Where(nil).Watch(ctx); return err }),
			"index":         missing(func() error { return none.CreateIndex(ctx, index.Spec{Fields: index.By("a")}) }),
			"rules":         missing(func() error { return none.SetRules(ctx, "READONLY") }),
			"read rules":    missing(func() error { _, err := none.Rules(ctx); return err }),
			"schema":        missing(func() error { return none.SetSchema(ctx, Schema{JSON: M{}}) }),
			"drop":          missing(func() error { return db.DropCollection(ctx, "none") }),
			"client add":    missing(func() error { _, err := a.Collection("none").Add(ctx, M{}); return err }),
			"client update": missing(func() error { _, err := a.Collection("none").Doc("a").Update(ctx, M{"a": 1}); return err }),
			"transaction": missing(func() error {
				return db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error { _, err := tx.Collection("none").Add(ctx, M{}); return err })
			}),
			"program watch":      denied(func() error { _, err := c.Where(nil).Watch(ctx); return fixWatch(err) }),
			"client add many":    denied(func() error { _, err := mine.AddMany(ctx, []M{{}}); return err }),
			"client transaction": denied(func() error { return a.RunTransaction(ctx, func(context.Context, *Tx) error { return nil }) }),
			"client start":       denied(func() error { _, err := a.StartTransaction(ctx); return err }),
			"client view":        denied(func() error { return a.View(ctx, func(context.Context, *Tx) error { return nil }) }),
			"client return":      denied(func() error { _, err := mine.Where(M{}).UpdateAndReturn(ctx, M{"a": 1}); return err }),
			"client lookup": denied(func() error {
				_, err := mine.Aggregate().Lookup(aggregate.LookupOptions{From: "dd", LocalField: "_id", ForeignField: "a", As: "l"}).All(ctx)
				return err
			}),
			"short name": invalid(func() error { return db.CreateCollection(ctx, "e") }),
			"long name":  invalid(func() error { return db.CreateCollection(ctx, strings.Repeat("e", 34)) }),
			"dotted":     invalid(func() error { return db.CreateCollection(ctx, "a.b") }),
			"underscore": invalid(func() error { return db.CreateCollection(ctx, "_ab") }),
			"count inside": invalid(func() error {
				return db.View(ctx, func(ctx context.Context, tx *Tx) error {
					_, err := tx.Collection("cc").Where(nil).Count(ctx)
					return err
				})
			}),
			"pipeline inside": invalid(func() error {
				return db.View(ctx, func(ctx context.Context, tx *Tx) error {
					_, err := tx.Collection("cc").Aggregate().All(ctx)
					return err
				})
			}),
			"client size":     invalid(func() error { _, err := mine.Add(ctx, M{"text": big}); return err }),
			"client set size": invalid(func() error { _, err := mine.Doc("x").Set(ctx, M{"text": big}); return err }),
			"exists already": func() (string, int, error) {
				return "DATABASE_COLLECTION_ALREADY_EXIST", -501001, db.CreateCollection(ctx, "cc")
			},
			"reply": func() (string, int, error) {
				_, err := mine.Where(nil).Get(ctx)
				return "WX_DATABASE_QUERY_SIZE_EXCEED_LIMIT", -602001, err
			},
		} {
			code, number, err := call()
			var e *Error
			if !errors.As(err, &e) || e.Code != code || e.Number != number {
				t.Errorf("%s: %v, %+v", name, err, e)
			}
		}
		if err := db.CreateCollection(ctx, "ee"); err != nil {
			t.Error(err)
		}
		var e *Error
		if err := db.CreateCollection(ctx, "ff"); !errors.As(err, &e) || e.Number != -502004 || e.Code != "DATABASE_COLLECTION_EXCEED_LIMIT" {
			t.Errorf("%v", err)
		}
		if names, err := db.Collections(ctx); err != nil || len(names) != 3 {
			t.Errorf("%v, %v", names, err)
		}
	})
}

// fixWatch returns err with the code that denials have elsewhere.
func fixWatch(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Code != "COLLECTION_PERMISSION_DENIED" || e.Number != -502003 {
		return fmt.Errorf("not denied as streams are: %w", err)
	}
	return &Error{Op: e.Op, Code: "DATABASE_PERMISSION_DENIED", Number: e.Number, Err: e.Err}
}

// TestCodes holds errors against the cloud's table of codes.
func TestCodes(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	c := owned(t, db, "c")
	if err := c.CreateIndex(ctx, index.Spec{Fields: index.By("_openid"), Unique: true}); err != nil {
		t.Fatal(err)
	}
	late, cancel := context.WithDeadline(ctx, db.clock.Now().Add(-1))
	defer cancel()
	done, err := db.StartTransaction(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := done.Rollback(nil); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		code   string
		number int
		err    error
	}{
		{"INVALID_PARAM", -501007, errOf(c.Where(M{}).Update(ctx, M{"_id": 1}))},
		{"INVALID_PARAM", -501007, errOf(c.Doc("").Get(ctx))},
		{"INVALID_PARAM", -501007, errOf(c.Where(nil).Limit(-1).Get(ctx))},
		{"INVALID_PARAM", -501007, errOf(c.Doc("a").Update(ctx, M{"n.x": 1}))},
		{"DATABASE_INVALID_OPERRATOR", -502002, errOf(c.Where(M{"n": M{"$above": 1}}).Get(ctx))},
		{"DATABASE_INVALID_OPERRATOR", -502002, errOf(c.Where(M{"$above": 1}).Get(ctx))},
		{"DATABASE_INVALID_OPERRATOR", -502002, errOf(c.Doc("a").Update(ctx, M{"$grow": M{"n": 1}}))},
		{"DATABASE_REQUEST_FAILED", -502001, errOf(c.Add(ctx, M{"$n": 1}))},
		{"DATABASE_REQUEST_FAILED", -502001, errOf(c.Doc("a").Set(ctx, M{"n": query.Inc(1)}))},
		{"DOCUMENT_NOT_FOUND", -1, errOf(c.Doc("none").Get(ctx))},
		{"DATABASE_COLLECTION_NOT_EXIST", -502005, db.DropCollection(ctx, "none")},
		{"DATABASE_COLLECTION_ALREADY_EXIST", -501001, db.CreateCollection(ctx, "c")},
		{"DATABASE_DUPLICATE_WRITE", -502001, errOf(c.Add(ctx, M{"_id": "a"}))},
		{"DATABASE_DUPLICATE_WRITE", -502001, errOf(c.Add(ctx, M{"_openid": "bob"}))},
		{"DATABASE_PERMISSION_DENIED", -502003, errOf(db.As(rules.Auth{}).Collection("c").Add(ctx, M{}))},
		{"COLLECTION_PERMISSION_DENIED", -502003, errOf(db.As(rules.Auth{}).Collection("c").Where(nil).Watch(ctx))},
		{"DATABASE_TRANSACTION_FAIL", -501001, errOf(done.Collection("c").Doc("a").Update(ctx, M{"n": 2}))},
		{"DATABASE_TRANSACTION_FAIL", -501001, done.Commit(ctx)},
		{"DATABASE_TIMEOUT", -501001, errOf(c.Where(nil).Get(late))},
		{"FUNCTION_NOT_FOUND", -501000, errOf(db.Call(ctx, "none", nil))},
		{"INVALID_PARAM", -501007, errOf(c.Add(ctx, M{"text": strings.Repeat("x", 17<<20)}))},
	} {
		var e *Error
		if !errors.As(x.err, &e) || e.Code != x.code || e.Number != x.number {
			t.Errorf("%v: %+v, want %s %d", x.err, e, x.code, x.number)
		}
	}
	one, err := db.StartTransaction(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Rollback(nil)
	if _, err := c.Doc("a").Update(ctx, M{"n": 2}); err != nil {
		t.Fatal(err)
	}
	var e *Error
	if _, err := one.Collection("c").Doc("a").Update(ctx, M{"n": 3}); !errors.As(err, &e) || e.Code != "DATABASE_TRANSACTION_CONFLICT" || e.Number != -501001 {
		t.Errorf("%v", err)
	}
}

func errOf[T any](_ T, err error) error { return err }

func TestOptionsOfProfiles(t *testing.T) {
	for name, o := range map[string]Option{
		"profile": WithProfile(7), "collections": MaxCollections(-1), "mode": DefaultMode(rules.Custom), "unknown mode": DefaultMode(9), "reads": RuleReads(-1),
	} {
		if _, err := Open(Memory, o); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
