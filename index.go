package virga

import (
	"context"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/txn"
)

// CreateIndex creates an index and fills it. Readers and writers go on meanwhile;
// queries use the index once CreateIndex has returned. Creating an index that is
// there already does nothing; another one of that name, or one of the same
// fields, is [ErrExists]. A collection that does not exist is created.
//
// A unique index over documents with the same values is [ErrDuplicate], which
// names up to ten of them. After any error, that of a done ctx included, nothing
// of the index is left.
func (c *Collection) CreateIndex(ctx context.Context, spec index.Spec) error {
	return c.CreateIndexes(ctx, []index.Spec{spec}, nil)
}

// CreateIndexes creates indexes one after the other, as [Collection.CreateIndex]
// does, and tells progress, if not nil, how many of the collection's documents it
// has looked at for the current one. When one fails, those before it stay.
func (c *Collection) CreateIndexes(ctx context.Context, specs []index.Spec, progress func(spec index.Spec, done, total int64)) error {
	c, call := c.observed("create index")
	return call.run(ctx, func() error { return c.fail("create index", c.createIndexes(ctx, specs, progress)) })
}

func (c *Collection) createIndexes(ctx context.Context, specs []index.Spec, progress func(spec index.Spec, done, total int64)) error {
	err := c.definable(ctx)
	if err == nil {
		err = c.exists()
	}
	if err != nil {
		return err
	}
	for _, spec := range specs {
		var tell txn.Progress
		if progress != nil {
			tell = func(done, total int64) { progress(spec.Named(), done, total) }
		}
		if err := c.db.docs.CreateIndex(ctx, c.name, spec, tell); err != nil {
			return err
		}
	}
	return nil
}

// DropIndex removes an index at once; its space is given back behind it. A name
// that is not there is [ErrNotFound].
func (c *Collection) DropIndex(ctx context.Context, name string) error {
	c, call := c.observed("drop index")
	err := call.run(ctx, func() error {
		if err := c.definable(ctx); err != nil {
			return err
		}
		return c.db.docs.DropIndex(ctx, c.name, name)
	})
	return c.fail("drop index", err)
}

// IndexInfo describes an index that exists.
type IndexInfo struct {
	index.Spec
	Entries  int64 // a document whose field is an array has several
	Bytes    int64 // what the entries take up, estimated from some of them
	Multikey bool  // a field runs through an array in some document
	Uses     int64 // queries that used it since the database was opened
}

// Indexes returns the indexes of the collection in the order of their names. The
// one on _id, which every collection has, is not among them.
func (c *Collection) Indexes(ctx context.Context) ([]IndexInfo, error) {
	err := c.ready(ctx)
	if err == nil {
		err = c.db.administers()
	}
	if err != nil {
		return nil, c.fail("indexes", err)
	}
	snap, err := c.snapshot()
	if err != nil {
		return nil, c.fail("indexes", err)
	}
	defer snap.Release()
	coll := snap.Catalog().Collection(c.name)
	if coll == nil {
		return nil, nil
	}
	var list []IndexInfo
	for _, x := range coll.Indexes() {
		info := IndexInfo{Spec: x.Spec(), Entries: snap.IndexStats(coll, x).Entries, Multikey: x.Traits().Multikey != 0, Uses: c.db.plan.Advisor.Uses(x.ID())}
		if info.Bytes, err = indexBytes(snap, x, info.Entries); err != nil {
			return nil, c.fail("indexes", err)
		}
		list = append(list, info)
	}
	return list, nil
}

// indexBytes estimates the bytes of an index from its first entries.
func indexBytes(snap txn.Snapshot, x *index.Index, entries int64) (int64, error) {
	const sample = 100
	cursor := snap.Entries(x, x.Span(), false)
	defer cursor.Close()
	var n, bytes int64
	for ; n < sample && cursor.Next(); n++ {
		p := cursor.Parts()
		bytes += int64(len(p.Fields) + 2*len(p.ID))
	}
	if n == 0 {
		return 0, cursor.Err()
	}
	return bytes * entries / n, cursor.Err()
}
