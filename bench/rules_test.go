package bench

import (
	"errors"
	"fmt"
	"testing"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/rules"
)

// posts opens a database in memory with 10,000 posts of 500 owners and an index on the
// owner.
func posts(b *testing.B) *virga.DB {
	db, err := virga.Open(virga.Memory)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	bulk := db.Collection("posts").Bulk()
	for i := range 10_000 {
		bulk.Insert(virga.M{"_id": i, "_openid": owner(i % 500), "status": "draft"})
	}
	if _, err := bulk.Commit(background); err != nil {
		b.Fatal(err)
	}
	if err := db.Collection("posts").CreateIndex(background, index.Spec{Fields: index.By("_openid")}); err != nil {
		b.Fatal(err)
	}
	return db
}

func owner(i int) string { return "user" + string(rune('a'+i/26)) + string(rune('a'+i%26)) }

// BenchmarkAs makes handles for identities. The floor is nothing: 1 µs is allowed.
func BenchmarkAs(b *testing.B) {
	db := posts(b)
	contest(b, 100, each(func(int) error {
		db.As(rules.Auth{OpenID: "user"})
		return nil
	}))
}

// BenchmarkRules finds the 20 posts of one owner by an index. The floor is the same
// query by the program itself: rules may take 5 µs more.
func BenchmarkRules(b *testing.B) {
	find := func(db *virga.DB, cond virga.M) runner {
		q := db.Collection("posts").Where(cond)
		return each(func(int) error {
			docs, err := q.Get(background)
			if err == nil && len(docs) != 20 {
				err = fmt.Errorf("%d documents", len(docs))
			}
			return err
		})
	}
	for _, x := range []struct {
		name, rules string
		cond        virga.M
	}{
		{"READONLY", "READONLY", virga.M{"_openid": owner(7)}},
		{"PRIVATE", "PRIVATE", virga.M{"_openid": owner(7)}},
		{"narrowed", "PRIVATE", virga.M{"status": "draft"}},
		{"custom", `{"read": "auth.openid == doc._openid"}`, virga.M{"_openid": "{openid}"}},
	} {
		b.Run(x.name, func(b *testing.B) {
			db := posts(b)
			if err := db.Collection("posts").SetRules(background, x.rules); err != nil {
				b.Fatal(err)
			}
			alone := find(db, virga.M{"_openid": owner(7)})
			contest(b, 100, find(db.As(rules.Auth{OpenID: owner(7)}), x.cond), floor{"floor", alone})
		})
	}
}

// BenchmarkDenied asks for what the rules do not allow: 10 µs are allowed for a query,
// and for a document.
func BenchmarkDenied(b *testing.B) {
	db := posts(b)
	if err := db.Collection("posts").SetRules(background, `{"read": "auth.openid == doc._openid"}`); err != nil {
		b.Fatal(err)
	}
	c := db.As(rules.Auth{OpenID: "nobody of them"}).Collection("posts")
	for name, call := range map[string]func() error{
		"query":    func() error { _, err := c.Where(virga.M{"status": "draft"}).Get(background); return err },
		"document": func() error { _, err := c.Doc(1).Get(background); return err },
	} {
		b.Run(name, func(b *testing.B) {
			contest(b, 100, each(func(int) error {
				if err := call(); !errors.Is(err, virga.ErrDenied) {
					return fmt.Errorf("not denied: %w", err)
				}
				return nil
			}))
		})
	}
}
