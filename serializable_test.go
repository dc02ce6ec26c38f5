package virga

import (
	"context"
	"errors"
	"testing"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// What a serializable transaction has read also changes when collections come and go,
// and when the index it read by goes before somebody writes.
func TestSerializableBesideDefinitions(t *testing.T) {
	ctx := context.Background()
	tests := map[string]struct {
		change func(db *DB) error
		want   error
	}{
		"dropped": {func(db *DB) error { return db.DropCollection(ctx, "read") }, ErrConflict},
		"replaced": {func(db *DB) error {
			_, err := db.Collection("other").Aggregate().Out("read").All(ctx)
			return err
		}, ErrConflict},
		"dropped and made again": {func(db *DB) error {
			if err := db.DropCollection(ctx, "read"); err != nil {
				return err
			}
			return db.CreateCollection(ctx, "read")
		}, ErrConflict},
		"made": {func(db *DB) error {
			_, err := db.Collection("later").Add(ctx, M{"v": 1})
			return err
		}, ErrConflict},
		"without its index": {func(db *DB) error {
			if err := db.Collection("read").DropIndex(ctx, "v"); err != nil {
				return err
			}
			_, err := db.Collection("read").Add(ctx, M{"v": 9})
			return err
		}, ErrConflict},
		"with another index": {func(db *DB) error {
			return db.Collection("read").CreateIndex(ctx, index.Spec{Fields: index.By("w")})
		}, nil},
		"another dropped": {func(db *DB) error { return db.DropCollection(ctx, "other") }, nil},
		"another made":    {func(db *DB) error { return db.CreateCollection(ctx, "unread") }, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			db := openTest(t)
			for i := range 5 {
				mustAdd(t, db.Collection("read"), M{"_id": i, "v": i})
				mustAdd(t, db.Collection("other"), M{"_id": i})
			}
			mustAdd(t, db.Collection("written"), M{"_id": "sum"})
			if err := db.Collection("read").CreateIndex(ctx, index.Spec{Name: "v", Fields: index.By("v")}); err != nil {
				t.Fatal(err)
			}
			tx, err := db.StartTransaction(ctx, txn.Options{Isolation: txn.Serializable})
			if err != nil {
				t.Fatal(err)
			}
			n := mustCount(t, tx.Collection("read").Where(M{"v": query.Gt(3)}).Hint("v")) + mustCount(t, tx.Collection("later").Where(nil))
			if err := test.change(db); err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Collection("written").Doc("sum").Update(ctx, M{"n": n}); err != nil {
				t.Fatal(err)
			}
			if err := tx.Commit(ctx); !errors.Is(err, test.want) {
				t.Errorf("commit: %v, want %v", err, test.want)
			}
		})
	}
}

// A collection that a serializable transaction makes itself is what it has found empty,
// as long as nobody else has written to it.
func TestSerializableMakesCollection(t *testing.T) {
	ctx := context.Background()
	for _, beside := range []bool{false, true} {
		db := openTest(t)
		tx, err := db.StartTransaction(ctx, txn.Options{Isolation: txn.Serializable})
		if err != nil {
			t.Fatal(err)
		}
		if n := mustCount(t, tx.Collection("c").Where(nil)); n != 0 {
			t.Fatalf("%d documents", n)
		}
		if beside {
			mustAdd(t, db.Collection("c"), M{"_id": "other"})
		}
		if _, err := tx.Collection("c").Add(ctx, M{"_id": "own"}); err != nil {
			t.Fatal(err)
		}
		err = tx.Commit(ctx)
		if got := errors.Is(err, ErrConflict); got != beside || !got && err != nil {
			t.Errorf("commit: %v, with another's document: %v", err, beside)
		}
	}
}

func mustCount(t *testing.T, q *Query) int64 {
	t.Helper()
	n, err := q.Count(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What an index has not held so far, an array or a shape, a serializable transaction has
// not looked for where that stands in it. It conflicts all the same with who writes the
// first one, when it has asked by the index.
func TestSerializableBesideFirstOfAKind(t *testing.T) {
	square := func(side float64) geo.Polygon {
		return geo.Polygon{{{10, 10}, {10 + side, 10}, {10 + side, 10 + side}, {10, 10 + side}, {10, 10}}}
	}
	tests := map[string]struct {
		fields []string
		before any
		cond   any
		after  any
	}{
		"an array":                 {[]string{"v"}, 0, query.Gt(3).Lt(5), []int{1, 7}},
		"a shape beside points":    {nil, geo.Point{50, 50}, query.GeoIntersects(geo.Point{10.5, 10.5}), square(1)},
		"a point beside shapes":    {nil, square(0.001), query.GeoWithin(square(1)), geo.Point{10.5, 10.5}},
		"a large one beside small": {nil, square(0.001), query.GeoIntersects(geo.Point{15, 15}), square(10)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			spec := index.Spec{Fields: index.By(test.fields...)}
			if len(test.fields) == 0 {
				needCells(t)
				spec.Geo = "v"
			}
			for _, dropped := range []bool{false, true} {
				db := openTest(t)
				c := db.Collection("read")
				for i := range 300 {
					mustAdd(t, c, M{"_id": i, "v": test.before})
				}
				if err := c.CreateIndex(ctx(), spec); err != nil {
					t.Fatal(err)
				}
				asked, unasked := startSerializable(t, db), startSerializable(t, db)
				found, err := asked.Collection("read").Where(M{"v": test.cond}).Get(ctx())
				if err != nil {
					t.Fatal(err)
				}
				if _, err := unasked.Collection("read").Doc(1).Get(ctx()); err != nil {
					t.Fatal(err)
				}
				if dropped {
					if err := c.DropIndex(ctx(), spec.Named().Name); err != nil {
						t.Fatal(err)
					}
				}
				mustAdd(t, c, M{"_id": "new", "v": test.after})
				if n, err := c.Where(M{"v": test.cond}).Count(ctx()); err != nil || n != int64(len(found)+1) {
					t.Fatalf("%d documents, there were %d: %v", n, len(found), err)
				}
				mustAdd(t, asked.Collection("asked"), M{"_id": 1})
				if err := asked.Commit(ctx()); !errors.Is(err, ErrConflict) {
					t.Errorf("dropped=%v: a transaction that has asked for it: %v", dropped, err)
				}
				mustAdd(t, unasked.Collection("unasked"), M{"_id": 1})
				if err := unasked.Commit(ctx()); err != nil {
					t.Errorf("dropped=%v: a transaction that has read one document: %v", dropped, err)
				}
			}
		})
	}
}

func startSerializable(t *testing.T, db *DB) *Tx {
	t.Helper()
	tx, err := db.StartTransaction(ctx(), txn.Options{Isolation: txn.Serializable})
	if err != nil {
		t.Fatal(err)
	}
	return tx
}
