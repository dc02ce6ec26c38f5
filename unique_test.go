package virga

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

var uniqueSpec = index.Spec{Name: "v", Fields: index.By("v"), Unique: true}

// A transaction that has written a value before a unique index shows who else has it
// must not take it.
func TestUniqueBuildBesideTransaction(t *testing.T) {
	ctx := context.Background()
	tests := map[string]struct {
		write func(in *Collection) error
		want  error
	}{
		"takes a value": {func(in *Collection) error {
			_, err := in.Add(ctx, M{"_id": "b", "v": 5})
			return err
		}, ErrDuplicate},
		"updates to a value": {func(in *Collection) error {
			_, err := in.Doc(1).Update(ctx, M{"v": 5})
			return err
		}, ErrDuplicate},
		"swaps values": {func(in *Collection) error {
			for _, to := range []struct{ id, v int }{{1, -1}, {5, 1}, {1, 5}} {
				if _, err := in.Doc(to.id).Update(ctx, M{"v": to.v}); err != nil {
					return err
				}
			}
			return nil
		}, nil},
		"gives back what it took": {func(in *Collection) error {
			for _, id := range []string{"b", "c"} {
				if _, err := in.Add(ctx, M{"_id": id, "v": 77}); err != nil {
					return err
				}
				if _, err := in.Doc(id).Remove(ctx); err != nil {
					return err
				}
			}
			return nil
		}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			engines(t, func(t *testing.T, path string) {
				db := openWith(t, path, Fast)
				c := db.Collection("c")
				for i := range 10 {
					mustAdd(t, c, M{"_id": i, "v": i})
				}
				var tx *Tx
				err := c.CreateIndexes(ctx, []index.Spec{uniqueSpec}, func(_ index.Spec, done, _ int64) {
					if done > 0 {
						return // the first call comes when the index is defined and empty
					}
					var err error
					if tx, err = db.StartTransaction(ctx); err == nil {
						err = test.write(tx.Collection("c"))
					}
					if err != nil {
						t.Error(err)
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				if err := tx.Commit(ctx); !errors.Is(err, test.want) {
					t.Errorf("commit: %v, want %v", err, test.want)
				}
			})
		})
	}
}

// A value that another writer has given back since a transaction began still belongs to
// who had it then: were the transaction to take it, its queries by the index would find
// one document of the two that it sees.
func TestUniqueValueGivenBack(t *testing.T) {
	ctx := context.Background()
	engines(t, func(t *testing.T, path string) {
		db := openWith(t, path, Fast)
		c := db.Collection("c")
		if err := c.CreateIndex(ctx, uniqueSpec); err != nil {
			t.Fatal(err)
		}
		mustAdd(t, c, M{"_id": "a", "v": 1})
		tx, err := db.StartTransaction(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Doc("a").Remove(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Collection("c").Add(ctx, M{"_id": "b", "v": 1}); !errors.Is(err, ErrConflict) {
			t.Errorf("add: %v, want a conflict", err)
		}
		mustAdd(t, c, M{"_id": "b", "v": 1})
	})
}

// Writers of every kind take, swap and give back few values while a unique index comes
// and goes. Whatever a transaction sees, it sees by every way alike; and from the moment
// the index is there to when it goes no two documents have a value in common.
func TestUniqueValuesMoveAbout(t *testing.T) {
	seed := newSeed(t)
	engines(t, func(t *testing.T, path string) {
		u := &uniqueRig{t: t, db: openWith(t, path, Fast)}
		u.c = u.db.Collection("c")
		if err := u.c.CreateIndex(t.Context(), index.Spec{Name: "wv", Fields: index.By("w", "v")}); err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for w := range 5 {
			wg.Go(func() {
				rnd := random(seed, uint64(w))
				for {
					select {
					case <-stop:
						return
					default:
						u.write(rnd)
					}
				}
			})
		}
		for i := range 6 * effort() {
			u.comeAndGo(random(seed, 1000+uint64(i)))
		}
		close(stop)
		wg.Wait()
	})
}

type uniqueRig struct {
	t  *testing.T
	db *DB
	c  *Collection
}

const uniqueValues = 8

// write makes one step of few writes, as a transaction, a bulk or by themselves.
func (u *uniqueRig) write(rnd *rand.Rand) {
	ctx := u.t.Context()
	var err error
	switch rnd.IntN(4) {
	case 0:
		err = u.db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error { return u.inTransaction(ctx, tx.Collection("c"), rnd) })
	case 1:
		b := u.c.Bulk()
		for range 1 + rnd.IntN(4) {
			b.Set(rnd.IntN(uniqueValues), M{"w": 0, "v": rnd.IntN(uniqueValues)}).Remove(rnd.IntN(uniqueValues))
		}
		_, err = b.Commit(ctx, BulkMode(rnd.IntN(3)))
	case 2:
		_, err = u.c.Doc(rnd.IntN(uniqueValues)).Set(ctx, M{"w": 1, "v": rnd.IntN(uniqueValues)})
	case 3:
		_, err = u.c.Where(M{"w": 0}).Update(ctx, M{"v": query.Inc(1)})
	}
	if err != nil && !errors.Is(err, ErrDuplicate) && !errors.Is(err, ErrConflict) {
		u.t.Errorf("write: %v", err)
	}
}

// inTransaction swaps, takes and gives back values, and looks at them in between.
func (u *uniqueRig) inTransaction(ctx context.Context, in *Collection, rnd *rand.Rand) error {
	for range 1 + rnd.IntN(5) {
		one, other, v := rnd.IntN(uniqueValues), rnd.IntN(uniqueValues), rnd.IntN(uniqueValues)
		steps := []M{{"_id": one, "v": v}}
		switch rnd.IntN(3) {
		case 0:
			steps = []M{{"_id": one, "v": -1}, {"_id": other, "v": one}, {"_id": one, "v": other}}
		case 1:
			if _, err := in.Doc(other).Remove(ctx); err != nil {
				return err
			}
		}
		for _, s := range steps {
			if _, err := in.Doc(s["_id"]).Set(ctx, M{"w": rnd.IntN(2), "v": s["v"]}); err != nil {
				return err
			}
		}
		if err := u.look(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

// look counts the documents of each value by every way there is.
func (u *uniqueRig) look(ctx context.Context, in *Collection) error {
	scanned, counted, grouped := map[string]int64{}, map[string]int64{}, map[string]int64{}
	for doc, err := range in.Where(M{}).Hint(NoIndex).Each(ctx) {
		if err != nil {
			return err
		}
		scanned[doc.Lookup("v").String()]++
	}
	for v := -1; v < 2*uniqueValues; v++ {
		n, err := in.Where(M{"v": v}).Hint("v").Count(ctx)
		if errors.Is(err, ErrNotFound) { // it was not there when the transaction began
			n, err = in.Where(M{"v": v}).Count(ctx)
		}
		if err != nil {
			return err
		}
		if n > 0 {
			counted[fmt.Sprint(v)] = n
		}
	}
	for doc, err := range in.Where(M{"w": query.Gte(0)}).OrderBy("w", Asc).OrderBy("v", Desc).Hint("wv").Each(ctx) {
		if err != nil {
			return err
		}
		grouped[doc.Lookup("v").String()]++
	}
	for v := range scanned { // updates by themselves lead out of the range
		if _, ok := counted[v]; !ok {
			delete(scanned, v)
			delete(grouped, v)
		}
	}
	if !maps.Equal(scanned, counted) || !maps.Equal(scanned, grouped) {
		u.t.Errorf("documents of each value: %v by a scan, %v by value, %v by w and v", scanned, counted, grouped)
	}
	return nil
}

// comeAndGo makes the index beside the writers, looks whether it holds, and drops it.
func (u *uniqueRig) comeAndGo(rnd *rand.Rand) {
	ctx := u.t.Context()
	for {
		err := u.c.CreateIndex(ctx, uniqueSpec)
		if err == nil {
			break
		}
		if !errors.Is(err, ErrDuplicate) {
			u.t.Errorf("create index: %v", err)
			return
		}
		if _, err := u.c.Where(M{"_id": query.Gte(rnd.IntN(uniqueValues))}).Remove(ctx); err != nil {
			u.t.Error(err)
		}
	}
	for range 20 {
		seen := map[string]int{}
		err := u.db.View(ctx, func(ctx context.Context, tx *Tx) error {
			for doc, err := range tx.Collection("c").Where(M{}).Each(ctx) {
				if err != nil {
					return err
				}
				if seen[doc.Lookup("v").String()]++; seen[doc.Lookup("v").String()] > 1 {
					u.t.Errorf("two documents have %s", doc.Lookup("v"))
				}
			}
			return u.look(ctx, tx.Collection("c"))
		})
		if err != nil {
			u.t.Error(err)
		}
	}
	mustCheck(u.t, u.db)
	if err := u.c.DropIndex(ctx, "v"); err != nil {
		u.t.Error(err)
	}
}
