package virga

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/storagetest"
)

// TestOutFaults fails the n-th write of the engine while a collection is replaced,
// kills it, and finds the old collection or the new one, whole, with its indexes.
func TestOutFaults(t *testing.T) {
	old, replaced := 0, 0
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			engine := storagetest.NewCrashing()
			fired, err := outFault(t.Context(), engine, storagetest.FailNth(n, after, errPlanned, storagetest.Apply, storagetest.Sync))
			if err != nil {
				t.Fatalf("write %d, after %v: %v", n, after, err)
			}
			count, err := outAfterFault(t.Context(), engine.Kill())
			if err != nil {
				t.Fatalf("write %d, after %v: %v", n, after, err)
			}
			switch {
			case count == 3:
				old++
			case count == 2500:
				replaced++
			case count != 0 || !fired:
				t.Errorf("write %d, after %v: %d documents", n, after, count)
			}
			if !fired {
				break
			}
		}
	}
	if old < 6 || replaced < 2 {
		t.Errorf("%d times the old collection, %d times the new one", old, replaced)
	}
}

// outFault replaces a collection in a database whose engine fails by plan, and reports
// whether it has failed.
func outFault(ctx context.Context, e storage.Engine, plan storagetest.Plan) (bool, error) {
	var fired atomic.Bool
	c, err := configure(nil)
	if err != nil {
		return false, err
	}
	db, err := openStore("faulty", storagetest.Faulty(e, func(call storagetest.Call) error {
		err := plan(call)
		if err != nil {
			fired.Store(true)
		}
		return err
	}), c)
	if err == nil {
		err = outScript(ctx, db)
		err = errors.Join(err, db.Close())
	}
	if errors.Is(err, errPlanned) || errors.Is(err, ErrReadOnly) {
		err = nil
	}
	return fired.Load(), err
}

func outScript(ctx context.Context, db *DB) error {
	from, to := make([]D, 2500), []D{}
	for i := range from {
		from[i] = D{{"_id", i}, {"n", i}}
	}
	for i := range 3 {
		to = append(to, D{{"_id", i}, {"n", -i}})
	}
	if _, err := db.Collection("from").AddMany(ctx, from); err != nil {
		return err
	}
	if err := db.Collection("to").CreateIndex(ctx, index.Spec{Fields: index.By("n"), Unique: true}); err != nil {
		return err
	}
	if _, err := db.Collection("to").AddMany(ctx, to); err != nil {
		return err
	}
	_, err := db.Collection("from").Aggregate().Out("to").All(ctx)
	return err
}

// outAfterFault opens the database again and returns how many documents the replaced
// collection has.
func outAfterFault(ctx context.Context, e storage.Engine) (int64, error) {
	c, err := configure(nil)
	if err != nil {
		return 0, err
	}
	db, err := openStore("again", e, c)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	report, err := db.Check(ctx)
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		return 0, err
	}
	snap, err := db.docs.Snapshot()
	if err != nil {
		return 0, err
	}
	defer snap.Release()
	if n := snap.Catalog().Hidden(); n > 0 {
		return 0, fmt.Errorf("%d replacements are left", n)
	}
	n, err := db.Collection("to").Where(nil).Count(ctx)
	if err != nil || n == 0 {
		return n, err
	}
	indexes, err := db.Collection("to").Indexes(ctx)
	if !slices.ContainsFunc(indexes, func(x IndexInfo) bool { return x.Unique }) {
		return 0, fmt.Errorf("the unique index is gone: %v, %v", indexes, err)
	}
	return n, nil
}
