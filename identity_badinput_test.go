package virga

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
)

// TestBadRules is what SetRules, SetMode and Rules make of what can be no rules.
func TestBadRules(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	c := owned(t, db, "c")
	setRules(t, c, "READONLY")
	for name, text := range map[string]string{
		"no JSON": "{", "a list": "[]", "a word": "PUBLIC", "a lower mode": "private", "custom": "CUSTOM", "a number": "3",
		"an unknown key": `{"list": true}`, "a key twice": `{"read": true, "read": false}`, "an empty rule": `{"read": ""}`,
		"an unknown name": `{"read": "user.id == 1"}`, "no expression": `{"read": "doc.a =="}`, "an assignment": `{"read": "doc.a = 1"}`,
		"a zero byte": "{\"read\": \"\x00\"}", "no UTF-8": "\xff", "a long rule": `{"read": "` + strings.Repeat("!", 1100) + `true"}`,
		"a huge document": strings.Repeat(" ", 4<<20) + "{}", "depth": `{"read": "` + strings.Repeat("(", 500) + `"}`,
	} {
		var e *Error
		if err := c.SetRules(ctx, text); !errors.Is(err, ErrInvalid) || !errors.As(err, &e) || e.Op != "set rules" || e.Number != -501007 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, m := range []rules.Mode{rules.Custom, 9, 255} {
		if err := c.SetMode(ctx, m); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", m, err)
		}
	}
	if r, err := c.Rules(ctx); err != nil || r.Mode() != rules.ReadOnly {
		t.Errorf("what was refused has left %v, %v", r, err)
	}
	setRules(t, c, "")
	if r, err := c.Rules(ctx); err != nil || r.Mode() != rules.Private {
		t.Errorf("without rules: %v, %v", r, err)
	}
	var none context.Context
	gone, cancel := context.WithCancel(ctx)
	cancel()
	for name, call := range map[string]func(ctx context.Context, c *Collection) error{
		"set rules": func(ctx context.Context, c *Collection) error { return c.SetRules(ctx, "PRIVATE") },
		"set mode":  func(ctx context.Context, c *Collection) error { return c.SetMode(ctx, rules.Private) },
		"rules":     func(ctx context.Context, c *Collection) error { _, err := c.Rules(ctx); return err },
		"schema":    func(ctx context.Context, c *Collection) error { return c.SetSchema(ctx, Schema{JSON: "{}"}) },
	} {
		if err := call(none, c); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s without context: %v", name, err)
		}
		if err := call(gone, c); !errors.Is(err, context.Canceled) {
			t.Errorf("%s under a cancelled context: %v", name, err)
		}
		if err := call(ctx, db.Collection("a$")); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s of a bad name: %v", name, err)
		}
	}
	err := db.View(ctx, func(ctx context.Context, tx *Tx) error { return tx.Collection("c").SetRules(ctx, "PRIVATE") })
	if !errors.Is(err, ErrInvalid) {
		t.Errorf("in a transaction: %v", err)
	}
	if err := db.RunTransaction(ctx, func(ctx context.Context, _ *Tx) error { return c.SetRules(ctx, "PRIVATE") }); !errors.Is(err, ErrInvalid) {
		t.Errorf("under the context of a transaction: %v", err)
	}
}

// TestBadInputOfIdentities tries hostile identities, conditions and data.
func TestBadInputOfIdentities(t *testing.T) {
	ctx := context.Background()
	db := openTest(t)
	owned(t, db, "c")
	deep := any("{openid}")
	for range 5000 {
		deep = M{"a": deep}
	}
	for _, who := range []rules.Auth{{}, {OpenID: "\x00"}, {OpenID: "{openid}"}, {OpenID: "$x"}, {UID: "u"}, {OpenID: "\xff\xfe"}, {OpenID: strings.Repeat("x", 1<<20)}} {
		c := db.As(who).Collection("c")
		for name, call := range map[string]func() error{
			"get":       func() error { _, err := c.Where(nil).Get(ctx); return err },
			"add":       func() error { _, err := c.Add(ctx, M{"who": "{openid}"}); return err },
			"deep":      func() error { _, err := c.Where(deep).Get(ctx); return err },
			"deep add":  func() error { _, err := c.Add(ctx, M{"a": deep}); return err },
			"channel":   func() error { _, err := c.Add(ctx, M{"a": make(chan int)}); return err },
			"nil":       func() error { _, err := c.Add(ctx, nil); return err },
			"set nil":   func() error { _, err := c.Doc("a").Set(ctx, nil); return err },
			"update":    func() error { _, err := c.Doc("a").Update(ctx, nil); return err },
			"no list":   func() error { _, err := c.AddMany(ctx, 3); return err },
			"a command": func() error { _, err := c.Where(query.Gt("{openid}")).Get(ctx); return err },
			"raw bytes": func() error { _, err := c.AddRaw(ctx, []byte{0xc1}); return err },
			"match":     func() error { _, err := c.Aggregate().Match(deep).All(ctx); return err },
			"match nil": func() error { _, err := c.Aggregate().Match(nil).All(ctx); return err },
		} {
			if err := call(); err != nil {
				var e *Error
				if !errors.As(err, &e) {
					t.Errorf("%.10q %s: %v", who.OpenID, name, err)
				}
			}
		}
	}
	if n, err := db.Collection("c").Where(M{"_openid": "{openid}", "who": "{openid}"}).Count(ctx); err != nil || n != 1 {
		t.Errorf("of the identity that is called as the placeholder: %d, %v", n, err)
	}
	if docs, err := db.As(rules.Auth{OpenID: "{openid}"}).Collection("c").Where(nil).Get(ctx); err != nil || len(docs) != 1 {
		t.Errorf("%v, %v", docs, err)
	}
}

// TestIdentitiesOfAClosedDatabase use what is not open any more, in several goroutines.
func TestIdentitiesOfAClosedDatabase(t *testing.T) {
	ctx := context.Background()
	db, err := Open(Memory)
	if err != nil {
		t.Fatal(err)
	}
	c := owned(t, db, "c")
	a := db.As(alice)
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for {
				_, err := a.Collection("c").Where(nil).Get(ctx)
				if err == nil {
					_, err = a.Collection("c").Doc("a").Update(ctx, M{"n": query.Inc(1)})
				}
				if err != nil {
					if !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	work.Wait()
	for name, call := range map[string]func() error{
		"set rules":  func() error { return c.SetRules(ctx, "PRIVATE") },
		"rules":      func() error { _, err := c.Rules(ctx); return err },
		"set schema": func() error { return c.SetSchema(ctx, Schema{JSON: "{}"}) },
		"schema":     func() error { _, err := c.Schema(ctx); return err },
		"watch":      func() error { _, err := a.Collection("c").Where(nil).Watch(ctx); return err },
		"aggregate":  func() error { _, err := a.Collection("c").Aggregate().All(ctx); return err },
		"add":        func() error { _, err := a.Collection("c").Add(ctx, M{}); return err },
	} {
		if err := call(); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Rules and schemas are stored, found again, and kept by $out.
func TestRulesAreStored(t *testing.T) {
	ctx := context.Background()
	path := t.TempDir() + "/db"
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	const text = `{"read": "doc.n == 1", /* a comment */ "write": false}`
	setRules(t, owned(t, db, "c"), text)
	owned(t, db, "d")
	if _, err := db.Collection("d").Aggregate().Out("c").All(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openTest(t, path)
	if r, err := db.Collection("c").Rules(ctx); err != nil || r.String() != text {
		t.Errorf("%v, %v", r, err)
	}
	mine := db.As(alice).Collection("c")
	if docs, err := mine.Where(M{"n": 1}).Get(ctx); err != nil || len(docs) != 3 {
		t.Errorf("%v, %v", docs, err)
	}
	_, err = mine.Add(ctx, M{})
	mustBeDenied(t, "add", err)
	if err := db.DropCollection(ctx, "c"); err != nil {
		t.Fatal(err)
	}
	if _, err = mine.Add(ctx, M{}); err != nil {
		t.Errorf("a new collection of that name: %v", err)
	}
	if text := fmt.Sprint(db.As(alice).Path()); text != path {
		t.Error(text)
	}
}
