package virga

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

func TestBulkModes(t *testing.T) {
	ctx := context.Background()
	for _, x := range []struct {
		mode    BulkMode
		want    string
		ids     []any
		indexes string
	}{
		{Ordered, "inserted 2, matched 1, updated 1, created 1, removed 0", []any{1, 2, 3, 9}, "[4]"},
		{Unordered, "inserted 3, matched 3, updated 3, created 1, removed 1", []any{2, 3, 4, 9}, "[4 5 6]"},
		{Atomic, "inserted 0, matched 0, updated 0, created 0, removed 0", []any{1}, "[4]"},
	} {
		db := openTest(t, Memory)
		c := db.Collection("c")
		mustAdd(t, c, M{"_id": 1, "n": 1})
		b := c.Bulk().
			Insert(M{"_id": 2, "n": 2}).
			Insert(M{"_id": 3, "n": 2}).
			Update(1, M{"n": query.Inc(10)}).
			Set(9, M{"n": 9}).
			Insert(M{"_id": 2}).              // 4: duplicate
			Update(9, M{"n": query.Push(1)}). // 5: no array
			Insert(M{"$bad": 1}).             // 6: no document
			Insert(M{"_id": 4, "n": 4}).
			UpdateMany(M{"n": 2}, M{"seen": true}).
			Remove(1)
		res, err := b.Commit(ctx, x.mode)
		if err == nil {
			t.Errorf("mode %d: no error", x.mode)
		}
		got := fmt.Sprintf("inserted %d, matched %d, updated %d, created %d, removed %d", res.Inserted, res.Matched, res.Updated, res.Created, res.Removed)
		var indexes []int
		for _, e := range res.Errors {
			indexes = append(indexes, e.Index)
		}
		if got != x.want || fmt.Sprint(indexes) != x.indexes {
			t.Errorf("mode %d: %s, errors of %v: %v; want %s, %s", x.mode, got, indexes, err, x.want, x.indexes)
		}
		if !errors.Is(err, ErrDuplicate) {
			t.Errorf("mode %d: %v", x.mode, err)
		}
		wantIDs(t, c.Where(nil), x.ids...)
		if _, err := b.Commit(ctx); !errors.Is(err, ErrInvalid) {
			t.Errorf("second commit: %v", err)
		}
	}
}

func TestBulkSharesCommits(t *testing.T) {
	ctx := context.Background()
	engines(t, func(t *testing.T, path string) {
		db := openTest(t, path)
		c := db.Collection("c")
		if err := c.CreateIndex(ctx, index.Spec{Fields: index.By("u"), Unique: true}); err != nil {
			t.Fatal(err)
		}
		commits := func() uint64 {
			s, err := db.Stats(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return s.Commits
		}
		before := commits()
		b := c.Bulk()
		for i := range 2500 {
			b.Insert(M{"_id": i, "u": i})
		}
		res, err := b.Commit(ctx)
		if err != nil || res.Inserted != 2500 || len(res.IDs) != 2500 {
			t.Errorf("%d inserted: %v", res.Inserted, err)
		}
		if n := commits() - before; n > 4 {
			t.Errorf("2,500 inserts took %d commits", n)
		}
		large := c.Bulk()
		for i := range 40 {
			large.Insert(M{"u": fmt.Sprint("large", i), "b": make([]byte, 300_000)})
		}
		if res, err := large.Commit(ctx); err != nil || res.Inserted != 40 {
			t.Errorf("twelve megabytes: %d inserted, %v", res.Inserted, err)
		}
		again := c.Bulk()
		for i := range 40 {
			again.Insert(M{"u": fmt.Sprint("again", i), "b": make([]byte, 300_000)})
		}
		if res, err := again.Commit(ctx, Atomic); !errors.Is(err, ErrTooLarge) || res.Inserted != 0 {
			t.Errorf("twelve megabytes at once: %d inserted, %v", res.Inserted, err)
		}
	})
}

// Bulks and single writers of the same documents wait for one another.
func TestBulkBesideWriters(t *testing.T) {
	ctx := context.Background()
	db := openWith(t, t.TempDir(), Fast)
	c := db.Collection("c")
	const documents = 50
	for i := range documents {
		mustAdd(t, c, M{"_id": i, "n": 0})
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for range 5 {
				if w%2 == 0 {
					b := c.Bulk()
					for i := range documents {
						b.Update(i, M{"n": query.Inc(1)})
					}
					if res, err := b.Commit(ctx); err != nil || res.Updated != documents {
						t.Errorf("bulk: %+v, %v", res, err)
					}
					continue
				}
				for i := range documents {
					if _, err := c.Doc(i).Update(ctx, M{"n": query.Inc(1)}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if n, err := c.Where(M{"n": 40}).Count(ctx); n != documents || err != nil {
		t.Errorf("%d documents counted to 40, %v", n, err)
	}
}

func TestBulkInTransaction(t *testing.T) {
	ctx := context.Background()
	db := openTest(t, Memory)
	boom := errors.New("boom")
	err := db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
		res, err := tx.Collection("c").Bulk().Insert(M{"_id": 1}).Set(2, M{"a": 1}).RemoveMany(M{"a": 1}).Commit(ctx)
		if err != nil || res.Inserted != 1 || res.Created != 1 || res.Removed != 1 {
			t.Errorf("bulk in a transaction: %+v, %v", res, err)
		}
		wantIDs(t, tx.Collection("c").Where(nil), 1)
		return boom
	})
	if err != boom {
		t.Error(err)
	}
	wantIDs(t, db.Collection("c").Where(nil))
}

// A bulk that fails within a transaction leaves nothing of it to commit, also when the
// write could not even be asked for.
func TestBulkEndsItsTransaction(t *testing.T) {
	ctx := context.Background()
	for _, mode := range []BulkMode{Ordered, Unordered, Atomic} {
		for name, bad := range map[string]func(*Bulk) *Bulk{
			"no document":  func(b *Bulk) *Bulk { return b.Insert(M{"$bad": 1}) },
			"no update":    func(b *Bulk) *Bulk { return b.Update(1, M{"n": query.Inc("x")}) },
			"no condition": func(b *Bulk) *Bulk { return b.RemoveMany(nil) },
			"duplicate":    func(b *Bulk) *Bulk { return b.Insert(M{"_id": 1}) },
		} {
			db := openTest(t)
			mustAdd(t, db.Collection("c"), M{"_id": 1})
			tx, err := db.StartTransaction(ctx)
			if err != nil {
				t.Fatal(err)
			}
			res, err := bad(tx.Collection("c").Bulk().Insert(M{"_id": 2})).Commit(ctx, mode)
			if err == nil || res.Inserted > 0 || len(res.Errors) != 1 || res.Errors[0].Index != 1 {
				t.Errorf("mode %d, %s: %+v, %v", mode, name, res, err)
			}
			if err := tx.Commit(ctx); err == nil {
				t.Errorf("mode %d, %s: committed", mode, name)
			}
			wantIDs(t, db.Collection("c").Where(nil), 1)
		}
	}
}

// A view refuses writes and goes on, whoever asks for them.
func TestBulkInView(t *testing.T) {
	db := openTest(t)
	mustAdd(t, db.Collection("c"), M{"_id": 1})
	err := db.View(context.Background(), func(ctx context.Context, tx *Tx) error {
		in := tx.Collection("c")
		if _, err := in.Bulk().Insert(M{"_id": 2}).Commit(ctx); !errors.Is(err, ErrInvalid) {
			t.Errorf("bulk: %v", err)
		}
		wantIDs(t, in.Where(nil), 1)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
