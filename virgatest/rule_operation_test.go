package virgatest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/virgatest"
)

// TestEveryOperationFails lets each operation fail, and checks that it did not happen.
func TestEveryOperationFails(t *testing.T) {
	start := func(db *virgatest.DB) *virga.Collection {
		c := db.Collection("a")
		if _, err := c.AddMany(ctx, []virga.M{{"_id": "x", "n": 1}, {"_id": "y", "n": 2}}); err != nil {
			t.Fatal(err)
		}
		if err := c.CreateIndex(ctx, index.Spec{Fields: index.By("m")}); err != nil {
			t.Fatal(err)
		}
		if err := db.Function("nothing", func(context.Context, any) (any, error) { return nil, nil }); err != nil {
			t.Fatal(err)
		}
		return c
	}
	for op, do := range operations {
		db := virgatest.New(t)
		c := start(db)
		rule := db.Inject(virgatest.Rule{Op: op, Fault: virgatest.Fail("DATABASE_REQUEST_FAILED")})
		before, _ := db.Stats(ctx)
		coded(t, do(db, c), "DATABASE_REQUEST_FAILED", nil)
		if after, _ := db.Stats(ctx); after.Version != before.Version {
			t.Errorf("%s: the database has changed", op)
		}
		if rule.Hits() != 1 {
			t.Errorf("%s: %d hits", op, rule.Hits())
		}
		rule.Remove()
		if err := do(db, c); err != nil {
			t.Errorf("%s without the rule: %v", op, err)
		}

		db = virgatest.New(t)
		c = start(db)
		if op == "snapshot" {
			continue
		}
		rule = db.Inject(virgatest.Rule{Op: op, Fault: virgatest.LoseReply()})
		coded(t, do(db, c), "SERVER_TIMEOUT", virga.ErrTimeout)
		if rule.Hits() != 1 {
			t.Errorf("%s: %d hits", op, rule.Hits())
		}
	}
}

// operations does every operation that a rule may name once.
var operations = map[string]func(*virgatest.DB, *virga.Collection) error{
	"get":    func(db *virgatest.DB, c *virga.Collection) error { _, err := c.Doc("x").Get(ctx); return err },
	"find":   func(db *virgatest.DB, c *virga.Collection) error { _, err := c.Where(nil).Get(ctx); return err },
	"exists": func(db *virgatest.DB, c *virga.Collection) error { _, err := c.Where(nil).Exists(ctx); return err },
	"count":  func(db *virgatest.DB, c *virga.Collection) error { _, err := c.Where(nil).Count(ctx); return err },
	"distinct": func(db *virgatest.DB, c *virga.Collection) error {
		_, err := c.Where(nil).Distinct(ctx, "n")
		return err
	},
	"aggregate": func(db *virgatest.DB, c *virga.Collection) error { _, err := c.Aggregate().All(ctx); return err },
	"add":       func(db *virgatest.DB, c *virga.Collection) error { _, err := c.Add(ctx, virga.M{}); return err },
	"set": func(db *virgatest.DB, c *virga.Collection) error {
		_, err := c.Doc("x").Set(ctx, virga.M{})
		return err
	},
	"update": func(db *virgatest.DB, c *virga.Collection) error {
		res, err := c.Where(virga.M{}).Update(ctx, virga.M{"z": 1})
		if err != nil && res != (virga.UpdateResult{}) {
			return fmt.Errorf("the result tells: %+v", res)
		}
		return err
	},
	"remove": func(db *virgatest.DB, c *virga.Collection) error {
		res, err := c.Where(virga.M{}).Remove(ctx)
		if err != nil && res != (virga.RemoveResult{}) {
			return fmt.Errorf("the result tells: %+v", res)
		}
		return err
	},
	"bulk": func(db *virgatest.DB, c *virga.Collection) error {
		res, err := c.Bulk().Insert(virga.M{}).Commit(ctx)
		if err != nil && res.Inserted > 0 {
			return fmt.Errorf("the result tells: %+v", res)
		}
		return err
	},
	"watch": func(db *virgatest.DB, c *virga.Collection) error {
		stream, err := c.Where(nil).Watch(ctx)
		if err == nil {
			stream.Close()
		}
		return err
	},
	"snapshot": func(db *virgatest.DB, c *virga.Collection) error {
		stream, err := c.Where(nil).Watch(ctx)
		if err == nil {
			defer stream.Close()
			_, err = stream.Next(ctx)
		}
		return err
	},
	"transaction": func(db *virgatest.DB, c *virga.Collection) error {
		return db.RunTransaction(ctx, func(context.Context, *virga.Tx) error { return nil })
	},
	"start transaction": func(db *virgatest.DB, c *virga.Collection) error {
		tx, err := db.StartTransaction(ctx)
		if err == nil {
			tx.Rollback(nil)
		}
		return err
	},
	"commit": func(db *virgatest.DB, c *virga.Collection) error {
		return db.RunTransaction(ctx, func(ctx context.Context, tx *virga.Tx) error {
			_, err := tx.Collection("a").Add(ctx, virga.M{})
			return err
		})
	},
	"create index": func(db *virgatest.DB, c *virga.Collection) error {
		return c.CreateIndex(ctx, index.Spec{Fields: index.By("n")})
	},
	"drop index": func(db *virgatest.DB, c *virga.Collection) error {
		return c.DropIndex(ctx, "m")
	},
	"set rules": func(db *virgatest.DB, c *virga.Collection) error { return c.SetRules(ctx, "READONLY") },
	"set schema": func(db *virgatest.DB, c *virga.Collection) error {
		return c.SetSchema(ctx, virga.Schema{JSON: virga.M{"maxProperties": 9}})
	},
	"call": func(db *virgatest.DB, c *virga.Collection) error {
		_, err := db.Call(ctx, "nothing", nil)
		return err
	},
	"create collection": func(db *virgatest.DB, c *virga.Collection) error { return db.CreateCollection(ctx, "b") },
	"drop collection":   func(db *virgatest.DB, c *virga.Collection) error { return db.DropCollection(ctx, "a") },
}
