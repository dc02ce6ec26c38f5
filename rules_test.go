package virga

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
)

var alice, bob = rules.Auth{OpenID: "alice"}, rules.Auth{OpenID: "bob"}

// owned fills a collection with a document of alice's, one of bob's and one of nobody's.
func owned(t testing.TB, db *DB, name string) *Collection {
	t.Helper()
	ctx := context.Background()
	if _, err := db.Collection(name).Where(M{}).Remove(ctx); err != nil {
		t.Fatal(err)
	}
	for _, doc := range []M{{"_id": "a", "_openid": "alice", "n": 1}, {"_id": "b", "_openid": "bob", "n": 1}, {"_id": "c", "n": 1}} {
		if _, err := db.Collection(name).Add(ctx, doc); err != nil {
			t.Fatal(err)
		}
	}
	return db.Collection(name)
}

// TestModes is the table of the four simple modes: what an identity may do with what
// is its own, with what is not, and with what is not there.
func TestModes(t *testing.T) {
	onEngines(t, func(t *testing.T, open func(...Option) *DB) {
		ctx := context.Background()
		db := open()
		for _, x := range []struct {
			mode                             rules.Mode
			readOwn, readOther, write, other string // ok, silent or denied
		}{
			{rules.ReadOnly, "ok", "ok", "ok", "silent"},
			{rules.Private, "ok", "silent", "ok", "silent"},
			{rules.AdminWrite, "ok", "ok", "denied", "denied"},
			{rules.AdminOnly, "denied", "denied", "denied", "denied"},
		} {
			admin := owned(t, db, "c")
			if err := admin.SetMode(ctx, x.mode); err != nil {
				t.Fatal(err)
			}
			c := db.As(alice).Collection("c")
			for _, doc := range []struct{ id, read, write string }{
				{"a", x.readOwn, x.write}, {"b", x.readOther, x.other}, {"c", x.readOther, x.other}, {"none", "", x.other},
			} {
				read := func(what string, n int, err error) {
					t.Helper()
					want := map[string]int{"ok": 1}[doc.read]
					if doc.read == "denied" || doc.read == "" && x.readOwn == "denied" {
						mustBeDenied(t, fmt.Sprint(x.mode, " ", what, " ", doc.id), err)
					} else if err != nil || n != want {
						t.Errorf("%s %s %s: %d, %v", x.mode, what, doc.id, n, err)
					}
				}
				got, err := c.Where(M{"_id": doc.id}).Get(ctx)
				read("get", len(got), err)
				n, err := c.Where(M{"_id": doc.id}).Count(ctx)
				read("count", int(n), err)
				rows, err := c.Aggregate().Match(M{"_id": doc.id}).All(ctx)
				read("aggregate", len(rows), err)
				found, err := c.Where(M{"_id": doc.id}).Exists(ctx)
				read("exists", map[bool]int{true: 1}[found], err)
				values, err := c.Where(M{"_id": doc.id}).Distinct(ctx, "n")
				read("distinct", len(values), err)
				one, err := c.Doc(doc.id).Get(ctx)
				if errors.Is(err, ErrNotFound) {
					err = nil
				}
				read("doc get", map[bool]int{false: 1}[one.IsZero()], err)

				write := func(what string, n int, err error) {
					t.Helper()
					want := map[string]int{"ok": 1}[doc.write]
					if doc.write == "denied" {
						mustBeDenied(t, fmt.Sprint(x.mode, " ", what, " ", doc.id), err)
					} else if err != nil || n != want {
						t.Errorf("%s %s %s: %d, %v", x.mode, what, doc.id, n, err)
					}
				}
				update, err := c.Doc(doc.id).Update(ctx, M{"n": query.Inc(1)})
				write("update", update.Updated, err)
				update, err = c.Where(M{"_id": doc.id}).Update(ctx, M{"n": query.Inc(1)})
				write("query update", update.Updated, err)
				bulk, err := c.Bulk().Update(doc.id, M{"n": query.Inc(1)}).Commit(ctx)
				write("bulk update", bulk.Updated, err)
				if doc.id != "none" {
					set, err := c.Doc(doc.id).Set(ctx, M{"n": 5})
					write("set", set.Updated, err)
				}
				remove, err := c.Where(M{"_id": doc.id}).Remove(ctx)
				write("query remove", remove.Removed, err)
				remove, err = c.Doc(doc.id).Remove(ctx)
				if doc.write == "ok" {
					remove.Removed++ // it is gone already
				}
				write("remove", remove.Removed, err)
			}
			_, err := c.Add(ctx, M{"_id": "new"})
			created, _ := admin.Doc("new").Get(ctx)
			switch owner, _ := created.Lookup("_openid").Text(); {
			case x.write == "denied":
				mustBeDenied(t, fmt.Sprint(x.mode, " add"), err)
			case err != nil || owner != "alice":
				t.Errorf("%s add: %s, %v", x.mode, created, err)
			}
			_, err = db.As(rules.Auth{}).Collection("c").Add(ctx, M{})
			mustBeDenied(t, fmt.Sprint(x.mode, " add by nobody"), err)
		}
	})
}

func mustBeDenied(t testing.TB, what string, err error) {
	t.Helper()
	var e *Error
	if !errors.Is(err, ErrDenied) || !errors.As(err, &e) || e.Number != -502003 || e.Code != "DATABASE_PERMISSION_DENIED" {
		t.Errorf("%s: not denied, %v", what, err)
	}
}
