package virga

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

const ownRules = `{"read": "doc._openid == auth.openid", "write": "doc._openid == auth.openid"}`

// secrets fills a collection with a document of alice's and a secret of bob's.
func secrets(t testing.TB, db *DB, mode string) *Collection {
	t.Helper()
	ctx := context.Background()
	c := db.Collection("c")
	setRules(t, c, mode)
	for _, doc := range []M{
		{"_id": "b", "_openid": "bob", "secret": "hunter2", "n": 7},
		{"_id": "a", "_openid": "alice", "secret": "1", "n": 1},
	} {
		if _, err := c.Add(ctx, doc); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// An expression that fails on what belongs to others must not tell of it by its error.
func TestFaultsTellNothingOfOthers(t *testing.T) {
	ctx := context.Background()
	fails := D{{"$expr", D{{"$toInt", "$secret"}}}}
	own := D{{"_openid", "alice"}}
	filters := map[string]D{
		"before":     {fails[0], own[0]},
		"behind":     {own[0], fails[0]},
		"in an or":   {{"$and", []any{D{{"$or", []any{fails, D{{"n", 3}}}}}, own}}},
		"in each or": {{"$or", []any{D{fails[0], own[0]}, D{{"$and", []any{fails, own}}}}}},
		"denied":     {{"$nor", []any{fails, D{{"_openid", D{{"$ne", "alice"}}}}}}},
		"two faults": {fails[0], {"$or", []any{D{fails[0], own[0]}, D{own[0], {"n", 1}}}}},
	}
	for _, mode := range []string{"PRIVATE", ownRules} {
		for _, indexed := range []string{"", "secret", "n", "_openid"} {
			db := openTest(t)
			c := secrets(t, db, mode)
			if indexed != "" {
				if err := c.CreateIndex(ctx, index.Spec{Fields: []index.Field{{Path: indexed}}}); err != nil {
					t.Fatal(err)
				}
			}
			mine := db.As(alice).Collection("c")
			for name, filter := range filters {
				q := mine.Where(query.Raw(filter))
				for door, call := range map[string]func() error{
					"get":       func() error { _, err := q.Get(ctx); return err },
					"sorted":    func() error { _, err := q.OrderBy("n", Desc).Get(ctx); return err },
					"count":     func() error { _, err := q.Count(ctx); return err },
					"exists":    func() error { _, err := q.OrderBy("n", Desc).Skip(1).Exists(ctx); return err },
					"distinct":  func() error { _, err := q.Distinct(ctx, "secret"); return err },
					"explain":   func() error { _, err := q.Explain(ctx); return err },
					"aggregate": func() error { _, err := mine.Aggregate().Match(query.Raw(filter)).All(ctx); return err },
					"lookup": func() error {
						_, err := mine.Aggregate().Match(M{"_openid": "alice"}).Raw([]any{M{"$lookup": M{
							"from": "c", "as": "found", "let": M{"me": "$_openid"}, "pipeline": []any{M{"$match": filter}}}}}).All(ctx)
						return err
					},
					"update": func() error { _, err := q.Update(ctx, M{"k": 1}); return err },
					"remove": func() error { _, err := q.Hint(NoIndex).ExplainRemove(ctx); return err },
					"watch": func() error {
						s, err := q.Watch(ctx)
						if err != nil {
							return err
						}
						defer s.Close()
						if _, err := c.Doc("b").Update(ctx, M{"n": query.Inc(1)}); err != nil {
							t.Fatal(err)
						}
						if _, err := c.Doc("a").Update(ctx, M{"k": query.Inc(1)}); err != nil {
							t.Fatal(err)
						}
						if ids := idsShown(t, s); ids != `["a"]` && ids != "[]" {
							return errors.New(ids)
						}
						return nil
					},
				} {
					if err := call(); err != nil {
						t.Errorf("%s %s, under %s with index %q: %v", door, name, mode, indexed, err)
					}
				}
			}
			// Of its own documents, alice learns what is wrong.
			if _, err := c.Doc("a").Update(ctx, M{"secret": "mine"}); err != nil {
				t.Fatal(err)
			}
			_, err := mine.Where(query.Raw(filters["before"])).Get(ctx)
			if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), `"mine"`) {
				t.Errorf("a fault on what is one's own: %v", err)
			}
		}
	}
}

// Who may create a room must not take the place of another whose _id is a number.
func TestGetReadsNoImpostor(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	setRules(t, db.Collection("rooms"), `{"create": true}`)
	setRules(t, db.Collection("messages"), "{\"read\": \"auth.openid in get(`database.rooms.${doc.room}`).members\"}")
	for _, id := range []any{1, "2"} {
		if _, err := db.Collection("rooms").Add(ctx, M{"_id": id, "members": []string{"bob"}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, room := range []any{1, "2"} {
		if _, err := db.Collection("messages").Add(ctx, M{"_id": room, "room": room}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.As(bob).Collection("messages").Where(M{"room": room}).Get(ctx); err != nil {
			t.Errorf("a member: %v", err)
		}
	}
	for _, id := range []any{"1", 2} {
		if _, err := db.As(alice).Collection("rooms").Add(ctx, M{"_id": id, "members": []string{"alice"}}); err != nil {
			t.Fatal(err)
		}
	}
	mine := db.As(alice).Collection("messages")
	for _, room := range []any{1, "2"} {
		_, err := mine.Where(M{"room": room}).Get(ctx)
		mustBeDenied(t, "get of another room's", err)
		_, err = mine.Doc(room).Get(ctx)
		mustBeDenied(t, "get of one of another room's", err)
		if !strings.Contains(err.Error(), "two documents") {
			t.Errorf("a denial without its reason: %v", err)
		}
	}
}

// What running a plan took would count what is others'.
func TestExplainCountsNothingOfOthers(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	c := secrets(t, db, "PRIVATE")
	if err := c.CreateIndex(ctx, index.Spec{Fields: []index.Field{{Path: "n"}}}); err != nil {
		t.Fatal(err)
	}
	mine := db.As(alice).Collection("c")
	told := map[string]bool{}
	for _, least := range []int{6, 8} { // only bob's n is above 6
		q := mine.Where(M{"n": query.Gte(least)}).Hint("n")
		for door, explain := range map[string]func() (query.Explain, error){
			"find":      func() (query.Explain, error) { return q.Explain(ctx) },
			"count":     func() (query.Explain, error) { return q.ExplainCount(ctx) },
			"update":    func() (query.Explain, error) { return q.ExplainUpdate(ctx, M{"k": 1}) },
			"remove":    func() (query.Explain, error) { return q.ExplainRemove(ctx) },
			"aggregate": func() (query.Explain, error) { return mine.Aggregate().Match(M{"n": query.Gte(least)}).Explain(ctx) },
		} {
			e, err := explain()
			if err != nil || e.KeysExamined+e.DocsExamined > 0 || e.Time != 0 || e.Plan.Cost != 0 || len(e.Rejected) > 0 || e.Advice != nil {
				t.Errorf("%s is told %s, %v", door, e.Tree(), err)
			}
			told[strings.ReplaceAll(e.Tree(), strconv.Itoa(least), "?")] = true
			if text, err := e.MarshalJSON(); err != nil || strings.Contains(string(text), "Examined") {
				t.Errorf("%s: %s, %v", door, text, err)
			}
		}
	}
	if len(told) != 5 {
		t.Errorf("the answers differ by what is there: %v", told)
	}
}

// Who meets a value that is taken must not learn by whom.
func TestDuplicatesNameNoDocumentOfOthers(t *testing.T) {
	ctx := context.Background()
	for _, mode := range []string{"PRIVATE", ownRules} {
		db := openTest(t)
		c := db.Collection("c")
		setRules(t, c, mode)
		if err := c.CreateIndex(ctx, index.Spec{Fields: index.By("v"), Unique: true}); err != nil {
			t.Fatal(err)
		}
		mustAdd(t, c, M{"_id": "hidden", "_openid": "bob", "v": 1})
		mustAdd(t, c, M{"_id": "a", "_openid": "alice", "v": 2})
		mine := db.As(alice).Collection("c")
		for door, call := range map[string]func(c *Collection) error{
			"add":    func(c *Collection) error { _, err := c.Add(ctx, M{"v": 1}); return err },
			"update": func(c *Collection) error { _, err := c.Where(M{"_openid": "alice"}).Update(ctx, M{"v": 1}); return err },
			"bulk": func(c *Collection) error {
				_, err := c.Bulk().Insert(M{"v": 1}).Insert(M{"v": 7}).Commit(ctx)
				return err
			},
		} {
			if err := call(mine); !errors.Is(err, ErrDuplicate) || strings.Contains(err.Error(), "hidden") || !strings.Contains(err.Error(), "index v (v)") {
				t.Errorf("%s under %s: %v", door, mode, err)
			}
			if err := call(c); !errors.Is(err, ErrDuplicate) || !strings.Contains(err.Error(), `"hidden"`) {
				t.Errorf("%s by the program: %v", door, err)
			}
		}
	}
}
