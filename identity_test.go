package virga

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/txn"
)

func setRules(t testing.TB, c *Collection, text string) {
	t.Helper()
	if err := c.SetRules(context.Background(), text); err != nil {
		t.Fatal(err)
	}
}

// TestSubsets is the table of which filters prove which rules.
func TestSubsets(t *testing.T) {
	onEngines(t, func(t *testing.T, open func(...Option) *DB) {
		ctx := context.Background()
		db := open()
		if _, err := db.Collection("room").Add(ctx, M{"_id": "r1", "members": []string{"alice", "carol"}}); err != nil {
			t.Fatal(err)
		}
		const member = "auth.openid in get(`database.room.${doc.room}`).members && doc.withdrawn == false"
		for _, x := range []struct {
			rule    string
			cond    any
			allowed bool
		}{
			{"doc.age > 10", M{"age": query.Gt(10)}, true},
			{"doc.age > 10", M{"age": query.Gt(8)}, false},
			{"doc.age > 10", M{}, false},
			{"doc.age > 10", nil, false},
			{"doc._openid == auth.openid", M{"_openid": "{openid}", "x": 1}, true},
			{"doc._openid == auth.openid", M{"_openid": "alice"}, true},
			{"doc._openid == auth.openid", M{"_openid": "bob"}, false},
			{"doc._openid == auth.openid", M{"x": 1}, false},
			{"doc.status in ['a','b']", M{"status": query.In([]string{"a"})}, true},
			{"doc.status in ['a','b']", M{"status": query.In([]string{"a", "c"})}, false},
			{"doc.status != 'x'", M{"status": "y"}, true},
			{"doc.a == 1 && doc.b == 2", M{"a": 1, "b": 2}, true},
			{"doc.a == 1 && doc.b == 2", M{"a": 1}, false},
			{"doc.a == 1 || doc.b == 2", query.Or(M{"a": 1}, M{"b": 2}), true},
			{"doc.a == 1 || doc.b == 2", query.Or(M{"a": 1}, M{"b": 3}), false},
			{member, M{"room": "r1", "withdrawn": false}, true},
			{member, M{"room": "r2", "withdrawn": false}, false},
			{member, M{"room": "r1"}, false},
			{"true", M{"x": 1}, true},
			{"true", nil, true},
			{"false", M{"x": 1}, false},
		} {
			c := db.Collection("c")
			setRules(t, c, fmt.Sprintf(`{"read": %q, "update": %q, "delete": %q}`, x.rule, x.rule, x.rule))
			mine := db.As(alice).Collection("c")
			calls := map[string]func() error{
				"get":   func() error { _, err := mine.Where(x.cond).Get(ctx); return err },
				"count": func() error { _, err := mine.Where(x.cond).Count(ctx); return err },
				"aggregate": func() error {
					_, err := mine.Aggregate().Match(x.cond).Group(nil, M{"n": aggregate.Sum(1)}).All(ctx)
					return err
				},
				"watch": func() error {
					s, err := mine.Where(x.cond).Watch(ctx)
					if err == nil {
						s.Close()
					}
					return err
				},
				"explain": func() error { _, err := mine.Where(x.cond).Explain(ctx); return err },
			}
			if x.cond != nil {
				calls["update"] = func() error { _, err := mine.Where(x.cond).Update(ctx, M{"z": 1}); return err }
				calls["remove"] = func() error { _, err := mine.Where(x.cond).Remove(ctx); return err }
			} else {
				calls["aggregate"] = func() error { _, err := mine.Aggregate().All(ctx); return err }
			}
			for name, call := range calls {
				err := call()
				var denial *rules.Denial
				if x.allowed && err != nil || !x.allowed && !errors.As(err, &denial) {
					t.Errorf("%s of %v under %s: %v", name, x.cond, x.rule, err)
				}
			}
		}
	})
}

// The rules that articles about the cloud give as an example.
func TestDraftRules(t *testing.T) {
	onEngines(t, func(t *testing.T, open func(...Option) *DB) {
		ctx := context.Background()
		db := open()
		admin := db.Collection("posts")
		setRules(t, admin, `{"read": "auth.openid == doc._openid", "write": "doc.status == 'draft'"}`)
		posts := db.As(alice).Collection("posts")
		if _, err := posts.Add(ctx, M{"_id": 1, "status": "draft"}); err != nil {
			t.Fatal(err)
		}
		_, err := posts.Add(ctx, M{"_id": 2, "status": "done"})
		mustBeDenied(t, "add of what is no draft", err)
		if !strings.Contains(err.Error(), "doc.status == 'draft'") {
			t.Errorf("a denial without its reason: %v", err)
		}
		if _, err := posts.Doc(1).Get(ctx); err != nil {
			t.Error(err)
		}
		_, err = db.As(bob).Collection("posts").Doc(1).Get(ctx)
		mustBeDenied(t, "get by another", err)
		_, err = posts.Where(M{"status": "draft"}).Get(ctx)
		mustBeDenied(t, "a query without _openid", err)
		if docs, err := posts.Where(M{"_openid": "{openid}"}).Get(ctx); err != nil || len(docs) != 1 {
			t.Errorf("%v, %v", docs, err)
		}
		// The target has to be a draft, what it becomes is not looked at.
		if res, err := db.As(bob).Collection("posts").Doc(1).Update(ctx, M{"status": "done"}); err != nil || res.Updated != 1 {
			t.Errorf("%+v, %v", res, err)
		}
		_, err = posts.Doc(1).Update(ctx, M{"status": "draft"})
		mustBeDenied(t, "update of what is no draft", err)
		_, err = posts.Where(M{"_id": 1}).Remove(ctx)
		mustBeDenied(t, "a remove that does not ask for drafts", err)
		if res, err := posts.Where(M{"_id": 1, "status": "draft"}).Remove(ctx); err != nil || res.Removed != 0 {
			t.Errorf("%+v, %v", res, err)
		}
	})
}

func TestOwnerIsStampedAndKept(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	admin := db.Collection("c")
	for _, mode := range []string{"PRIVATE", `{"read": true, "write": true}`} {
		custom := mode != "PRIVATE"
		setRules(t, admin, mode)
		mine := db.As(alice).Collection("c")
		for name, write := range map[string]func(id string, data M) error{
			"add":      func(id string, data M) error { data["_id"] = id; _, err := mine.Add(ctx, data); return err },
			"add many": func(id string, data M) error { data["_id"] = id; _, err := mine.AddMany(ctx, []M{data}); return err },
			"set":      func(id string, data M) error { _, err := mine.Doc(id).Set(ctx, data); return err },
			"bulk": func(id string, data M) error {
				data["_id"] = id
				_, err := mine.Bulk().Insert(data).Commit(ctx)
				return err
			},
		} {
			id := mode + name
			if err := write(id, M{"n": "{openid}", "text": "{openid}!"}); err != nil {
				t.Fatal(name, err)
			}
			want := fmt.Sprintf(`{"_id":%q,"_openid":"alice","n":"alice","text":"{openid}!"}`, id)
			if doc, err := admin.Doc(id).Get(ctx); err != nil || doc.String() != want {
				t.Errorf("%s: %s, want %s, %v", name, doc, want, err)
			}
			mustBeDenied(t, name+" in the name of another", write(id+"2", M{"_openid": "bob"}))
			if err := write(id+"3", M{"_openid": "{openid}"}); custom && err != nil || !custom && !errors.Is(err, ErrDenied) {
				t.Errorf("%s in one's own name under %s: %v", name, mode, err)
			}
		}
		id := mode + "add"
		for name, data := range map[string]any{
			"update": M{"_openid": "bob"}, "raw": query.Raw(M{"$set": M{"_openid": "bob"}}), "remove": M{"_openid": query.Remove()},
			"rename": M{"n": query.Rename("_openid")}, "rename away": M{"_openid": query.Rename("n")}, "below": M{"_openid": M{"x": 1}}, "same": M{"_openid": "alice"},
		} {
			_, err := mine.Doc(id).Update(ctx, data)
			mustBeDenied(t, name, err)
			_, err = mine.Where(M{"_id": id}).Update(ctx, data)
			mustBeDenied(t, name, err)
		}
		_, err := mine.Doc(id).Set(ctx, M{"_openid": "bob"})
		mustBeDenied(t, "set of another owner", err)
		if res, err := mine.Doc(id).Set(ctx, M{"_openid": "alice", "k": 1}); err != nil || res.Updated != 1 {
			t.Errorf("%+v, %v", res, err)
		}
		if res, err := db.As(bob).Collection("c").Doc(id).Set(ctx, M{"k": 2}); custom && (err != nil || res.Updated != 1) || !custom && (err != nil || res != (SetResult{})) {
			t.Errorf("set of another's under %s: %+v, %v", mode, res, err)
		}
		if doc, _ := admin.Doc(id).Get(ctx); doc.Lookup("_openid").String() != `"alice"` {
			t.Errorf("the owner is %s", doc)
		}
	}
	if _, err := admin.Add(ctx, M{"_id": "by program", "_openid": "carol"}); err != nil {
		t.Error(err)
	}
	if _, err := admin.Doc("by program").Update(ctx, M{"_openid": "dave"}); err != nil {
		t.Error(err)
	}
	setRules(t, admin, `{"create": true}`)
	if _, err := db.As(rules.Auth{}).Collection("c").Add(ctx, M{"_id": "by nobody"}); err != nil {
		t.Error(err)
	}
	if doc, err := admin.Doc("by nobody").Get(ctx); err != nil || doc.Lookup("_openid").Exists() {
		t.Errorf("%s, %v", doc, err)
	}
	_, err := db.As(rules.Auth{}).Collection("c").Add(ctx, M{"n": "{openid}"})
	mustBeDenied(t, "a placeholder by nobody", err)
	if id, err := db.As(rules.Auth{UID: "u1"}).Collection("c").Add(ctx, M{"n": "{uid}"}); err != nil {
		t.Error(err)
	} else if doc, _ := admin.Doc(id).Get(ctx); doc.Lookup("_openid").String() != `"u1"` || doc.Lookup("n").String() != `"u1"` {
		t.Errorf("%s", doc)
	}
}

func TestAdministrationIsDenied(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	other := openTest(t)
	c := owned(t, db, "c")
	setRules(t, c, `{"read": true, "write": true}`)
	a := db.As(alice)
	mine := a.Collection("c")
	for name, call := range map[string]func() error{
		"create collection": func() error { return a.CreateCollection(ctx, "d") },
		"drop collection":   func() error { return a.DropCollection(ctx, "c") },
		"collections":       func() error { _, err := a.Collections(ctx); return err },
		"create index":      func() error { return mine.CreateIndex(ctx, index.Spec{Fields: index.By("n")}) },
		"drop index":        func() error { return mine.DropIndex(ctx, "n") },
		"indexes":           func() error { _, err := mine.Indexes(ctx); return err },
		"set rules":         func() error { return mine.SetRules(ctx, "READONLY") },
		"set mode":          func() error { return mine.SetMode(ctx, rules.ReadOnly) },
		"rules":             func() error { _, err := mine.Rules(ctx); return err },
		"set schema":        func() error { return mine.SetSchema(ctx, Schema{}) },
		"schema":            func() error { _, err := mine.Schema(ctx); return err },
		"check":             func() error { _, err := a.Check(ctx); return err },
		"stats":             func() error { _, err := a.Stats(ctx); return err },
		"advise":            func() error { _, err := a.Advise(ctx); return err },
		"compact":           func() error { return a.Compact(ctx) },
		"attach":            func() error { return a.Attach("x", other) },
		"detach":            func() error { return a.Detach("x") },
		"close":             a.Close,
		"out":               func() error { _, err := mine.Aggregate().Out("d").All(ctx); return err },
		"merge":             func() error { _, err := mine.Aggregate().Merge(aggregate.MergeOptions{Into: "d"}).All(ctx); return err },
		"another identity":  func() error { _, err := a.As(bob).Collection("c").Doc("a").Get(ctx); return err },
		"its write":         func() error { _, err := a.As(bob).Collection("c").Add(ctx, M{}); return err },
		"its query":         func() error { _, err := a.As(bob).Collection("c").Where(nil).Get(ctx); return err },
		"its pipeline":      func() error { _, err := a.As(bob).Collection("c").Aggregate().All(ctx); return err },
	} {
		mustBeDenied(t, name, call())
	}
	if names, err := db.Collections(ctx); err != nil || len(names) != 1 {
		t.Errorf("%v, %v", names, err)
	}
	if docs, err := mine.Where(nil).Get(ctx); err != nil || len(docs) != 3 {
		t.Errorf("%d documents, %v", len(docs), err)
	}
}

func TestDeniedCreateMakesNoCollection(t *testing.T) {
	ctx := context.Background()
	db := openWith(t, Memory, DefaultMode(rules.AdminWrite))
	mine := db.As(alice).Collection("new")
	_, err := mine.Add(ctx, M{})
	mustBeDenied(t, "add", err)
	_, err = mine.Doc("x").Set(ctx, M{})
	mustBeDenied(t, "set", err)
	_, err = mine.Bulk().Insert(M{}).Insert(M{}).Commit(ctx)
	mustBeDenied(t, "bulk", err)
	_, err = mine.Doc("x").Update(ctx, M{"a": 1})
	mustBeDenied(t, "update", err)
	_, err = mine.Doc("x").Remove(ctx)
	mustBeDenied(t, "remove", err)
	if docs, err := mine.Where(nil).Get(ctx); err != nil || len(docs) != 0 {
		t.Errorf("%v, %v", docs, err)
	}
	if names, err := db.Collections(ctx); err != nil || len(names) != 0 {
		t.Errorf("%v, %v", names, err)
	}
	r, err := db.Collection("new").Rules(ctx)
	if err != nil || r.Mode() != rules.AdminWrite {
		t.Errorf("%v, %v", r, err)
	}
}

func TestTransactionsUnderRules(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	c := owned(t, db, "c")
	err := db.As(alice).RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
		mine := tx.Collection("c")
		if docs, err := mine.Where(nil).Get(ctx); err != nil || len(docs) != 1 {
			t.Errorf("%v, %v", docs, err)
		}
		if res, err := mine.Where(M{}).Update(ctx, M{"n": 7}); err != nil || res.Updated != 1 {
			t.Errorf("%+v, %v", res, err)
		}
		if res, err := mine.Doc("b").Remove(ctx); err != nil || res.Removed != 0 {
			t.Errorf("%+v, %v", res, err)
		}
		_, err := mine.Add(ctx, M{"_id": "d"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if docs, err := c.Where(M{"_openid": "alice"}).Get(ctx); err != nil || fmt.Sprint(docs) != `[{"_id":"a","_openid":"alice","n":7} {"_id":"d","_openid":"alice"}]` {
		t.Errorf("%v, %v", docs, err)
	}
	setRules(t, c, `{"read": true, "write": "doc.n == 1"}`)
	err = db.As(alice).RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.Collection("c").Doc("b").Update(ctx, M{"m": 1}); err != nil {
			t.Error(err)
		}
		_, err := tx.Collection("c").Doc("a").Update(ctx, M{"m": 1})
		return err
	})
	mustBeDenied(t, "a transaction", err)
	if doc, _ := c.Doc("b").Get(ctx); doc.Lookup("m").Exists() {
		t.Errorf("half of a transaction that was denied: %s", doc)
	}
	// A change of rules beside a transaction decides it again.
	runs := 0
	err = db.As(alice).RunTransaction(ctx, func(tctx context.Context, tx *Tx) error {
		_, err := tx.Collection("c").Doc("b").Update(tctx, M{"m": 1})
		if runs++; runs == 1 {
			setRules(t, c, `{"read": true, "write": "doc.n == 2"}`)
		}
		return err
	}, txn.Options{})
	if mustBeDenied(t, "a transaction beside SetRules", err); runs != 2 {
		t.Errorf("%d runs", runs)
	}
}

func TestExplainTellsOfRules(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	owned(t, db, "c")
	mine := db.As(alice).Collection("c")
	e, err := mine.Where(M{"who": "{openid}"}).Explain(ctx)
	if err != nil {
		t.Fatal(err)
	}
	text, err := e.MarshalJSON()
	if want := `"queryModifications":{"{openid}":"alice","added":{"_openid":"alice"}}`; err != nil || !strings.Contains(string(text), want) {
		t.Errorf("%s lacks %s, %v", text, want, err)
	}
	if !strings.Contains(e.Tree(), `by rules: added is {"_openid":"alice"}`) {
		t.Errorf("%s", e.Tree())
	}
	e, err = mine.Aggregate().Match(M{"n": 1}).Explain(ctx)
	if err != nil || len(e.Modifications) != 1 {
		t.Errorf("%+v, %v", e.Modifications, err)
	}
	e, err = db.Collection("c").Where(M{"who": "{openid}"}).Explain(ctx)
	if err != nil || len(e.Modifications) != 0 {
		t.Errorf("of the program: %+v, %v", e.Modifications, err)
	}
}

func TestRuleOptions(t *testing.T) {
	ctx := context.Background()
	const own = `{"read": "doc._openid == auth.openid", "write": "doc._openid == auth.openid"}`
	t.Run("strict", func(t *testing.T) {
		db := openWith(t, Memory, StrictRules())
		setRules(t, owned(t, db, "c"), own)
		mine := db.As(alice).Collection("c")
		_, err := mine.Doc("a").Get(ctx)
		mustBeDenied(t, "get", err)
		_, err = mine.Doc("a").Update(ctx, M{"x": 1})
		mustBeDenied(t, "update", err)
		_, err = mine.Doc("none").Remove(ctx)
		mustBeDenied(t, "remove of what is not there", err)
		_, err = mine.Doc("a").Set(ctx, M{"x": 1})
		mustBeDenied(t, "set", err)
		if docs, err := mine.Where(M{"_id": "a", "_openid": "{openid}"}).Get(ctx); err != nil || len(docs) != 1 {
			t.Errorf("%v, %v", docs, err)
		}
	})
	t.Run("filters", func(t *testing.T) {
		db := openWith(t, Memory, RulesAsFilters())
		setRules(t, owned(t, db, "c"), own)
		mine := db.As(alice).Collection("c")
		if docs, err := mine.Where(nil).Get(ctx); err != nil || len(docs) != 1 {
			t.Errorf("%v, %v", docs, err)
		}
		if _, err := mine.Doc("b").Get(ctx); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
		_, err := mine.Where(M{}).Update(ctx, M{"x": 1})
		mustBeDenied(t, "update", err)
	})
	t.Run("reads", func(t *testing.T) {
		db := openWith(t, Memory, RuleReads(1))
		owned(t, db, "c")
		setRules(t, db.Collection("c"), "{\"read\": \"get(`database.c.a`).n == 1 && get(`database.c.b`).n == 1\"}")
		_, err := db.As(alice).Collection("c").Where(nil).Get(ctx)
		mustBeDenied(t, "two reads", err)
	})
	t.Run("coverage", func(t *testing.T) {
		var coverage rules.Coverage
		db := openWith(t, Memory, RuleCoverage(&coverage))
		setRules(t, owned(t, db, "c"), own)
		if _, err := db.As(alice).Collection("c").Doc("a").Get(ctx); err != nil {
			t.Error(err)
		}
		_, err := db.As(bob).Collection("c").Doc("a").Get(ctx)
		mustBeDenied(t, "get", err)
	})
}

func TestOtherDoorsUnderRules(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	c := owned(t, db, "c")
	for i, id := range []string{"a", "b", "c"} {
		if _, err := c.Doc(id).Update(ctx, M{"loc": M{"type": "Point", "coordinates": []any{i, 0}}}); err != nil {
			t.Fatal(err)
		}
	}
	mine := db.As(bob).Collection("c")
	near := query.GeoNear(geo.Point{0, 0})
	if docs, err := mine.Where(M{"loc": near}).Get(ctx); err != nil || len(docs) != 1 || docs[0].ID().String() != `"b"` {
		t.Errorf("near: %v, %v", docs, err)
	}
	if all, err := Of[M](mine).Where(nil).Get(ctx); err != nil || len(all) != 1 {
		t.Errorf("typed: %v, %v", all, err)
	}
	if doc, err := mine.Where(nil).OrderBy("n", Desc).One(ctx); err != nil || doc.ID().String() != `"b"` {
		t.Errorf("one: %s, %v", doc, err)
	}
	if res, err := mine.Where(M{}).UpdateAndReturn(ctx, M{"n": 9}); err != nil || res.Doc.ID().String() != `"b"` {
		t.Errorf("update and return: %+v, %v", res, err)
	}
	rows, err := mine.Aggregate().Match(M{"_openid": "{openid}"}).Group(nil, M{"n": aggregate.Sum("$n")}).All(ctx)
	if err != nil || len(rows) != 1 || rows[0].Lookup("n").String() != "9" {
		t.Errorf("group: %v, %v", rows, err)
	}
	rows, err = mine.Aggregate().Raw(`[{"$match": {"_openid": "{openid}"}}, {"$count": "n"}]`).All(ctx)
	if err != nil || len(rows) != 1 || rows[0].Lookup("n").String() != "1" {
		t.Errorf("raw: %v, %v", rows, err)
	}
	res, err := mine.Bulk().Insert(M{"_id": "d"}).Set("a", M{"x": 1}).UpdateMany(M{}, M{"m": 1}).RemoveMany(M{"_id": "c"}).Remove("b").Commit(ctx)
	if err != nil || res.Inserted != 1 || res.Updated != 2 || res.Removed != 1 {
		t.Errorf("bulk: %+v, %v", res, err)
	}
	if docs, err := c.Where(nil).Field(M{"_openid": true}).Get(ctx); err != nil || fmt.Sprint(docs) != `[{"_id":"a","_openid":"alice"} {"_id":"c"} {"_id":"d","_openid":"bob"}]` {
		t.Errorf("left: %v, %v", docs, err)
	}
}
