package txn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/virgadb/virga/internal/fault"
)

// Rebuild makes counts and indexes anew from the documents. It is for a store that
// lost recent commits in a power cut, and perhaps not the last ones only: then a
// document may be there without its entries, or the other way around. A unique
// index that the documents break is dropped, which is logged as an error.
func (d *Documents) Rebuild(ctx context.Context, log *slog.Logger) error {
	snap, err := d.Snapshot()
	if err != nil {
		return err
	}
	catalog := snap.Catalog()
	snap.Release()
	for _, coll := range catalog.Collections() {
		if err := d.recount(ctx, coll.Name); err != nil {
			return fmt.Errorf("collection %s: %w", coll.Name, err)
		}
		for _, x := range coll.indexes {
			if err := d.rebuildIndex(ctx, coll.Name, x, log); err != nil {
				return fmt.Errorf("collection %s: %w", coll.Name, err)
			}
		}
	}
	return nil
}

// recount counts the documents of a collection and corrects its count.
func (d *Documents) recount(ctx context.Context, name string) error {
	snap, err := d.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Release()
	coll := snap.Catalog().Collection(name)
	var n int64
	cursor := snap.Scan(coll)
	defer cursor.Close()
	for cursor.Next() {
		if n%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		n++
	}
	if err := cursor.Err(); err != nil || n == snap.Count(coll) {
		return err
	}
	return d.commit(ctx, []*work{{coll: coll, miscount: n - snap.Count(coll)}}, nil)
}

// rebuildIndex builds an index anew. The old one stays in its place until the new one
// is ready: a process that ends in between must not take the index with it.
func (d *Documents) rebuildIndex(ctx context.Context, coll string, x definedIndex, log *slog.Logger) error {
	err := d.build(ctx, &build{docs: d, coll: coll, spec: x.Spec(), anew: true, progress: func(done, total int64) {}})
	if errors.Is(err, fault.ErrDuplicate) {
		log.Error("dropped a unique index that recovered documents break", "collection", coll, "index", x.Name(), "cause", err)
		return d.DropIndex(ctx, coll, x.Name())
	}
	return err
}
