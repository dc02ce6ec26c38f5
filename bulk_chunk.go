package virga

import (
	"context"
	"errors"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/txn"
)

// chunks makes the writes of a bulk one chunk after the other. A write by
// conditions is a chunk of its own: it may concern any number of documents.
func (b *Bulk) chunks(ctx context.Context, mode BulkMode) (BulkResult, error) {
	var res BulkResult
	for from := 0; from < len(b.ops); {
		to := b.chunkEnd(from)
		done, err := b.chunk(ctx, from, to, mode)
		res.add(done)
		if err != nil {
			return res, err
		}
		if len(res.Errors) > 0 && mode == Ordered {
			return res, nil
		}
		from = to
	}
	return res, nil
}

// chunkEnd returns where the chunk that begins at from ends.
func (b *Bulk) chunkEnd(from int) int {
	to := from
	for to < len(b.ops) && to-from < bulkChunk && b.ops[to].single() {
		to++
	}
	return max(to, from+1)
}

// single reports whether the write concerns at most one document.
func (op bulkOp) single() bool { return op.err != nil || !op.id.IsZero() }

// add adds what other tells to res.
func (res *BulkResult) add(other BulkResult) {
	res.Inserted += other.Inserted
	res.Matched += other.Matched
	res.Updated += other.Updated
	res.Created += other.Created
	res.Removed += other.Removed
	res.IDs = append(res.IDs, other.IDs...)
	res.Errors = append(res.Errors, other.Errors...)
}

// chunk makes the writes from one place to another in one commit, or in two halves
// when they are too large for one.
func (b *Bulk) chunk(ctx context.Context, from, to int, mode BulkMode) (BulkResult, error) {
	if to == from+1 {
		var res BulkResult
		if err := b.ops[from].do(ctx, b.coll, &res); err != nil {
			res.Errors = append(res.Errors, BulkError{from, err})
			return res, stops(err)
		}
		return res, nil
	}
	res, err := b.commitChunk(ctx, from, to, mode)
	if !errors.Is(err, fault.ErrTooLarge) {
		return res, err
	}
	middle := (from + to) / 2
	res, err = b.chunk(ctx, from, middle, mode)
	if err != nil || len(res.Errors) > 0 && mode == Ordered {
		return res, err
	}
	rest, err := b.chunk(ctx, middle, to, mode)
	res.add(rest)
	return res, err
}

// stops returns err when the writes after the one it is of cannot be made either.
func stops(err error) error {
	for _, reason := range []error{context.Canceled, context.DeadlineExceeded, fault.ErrClosed, fault.ErrReadOnly, fault.ErrFull} {
		if errors.Is(err, reason) {
			return err
		}
	}
	return nil
}

// commitChunk makes the writes in one transaction. It locks their documents first,
// waiting for other writers as plain writes do; a conflict over a unique value
// makes it start again with that value locked too.
func (b *Bulk) commitChunk(ctx context.Context, from, to int, mode BulkMode) (BulkResult, error) {
	locks, err := b.coll.db.docs.DocumentKeys(ctx, b.coll.name, b.ids(from, to))
	if err != nil {
		return BulkResult{}, err
	}
	for {
		inner, err := b.coll.db.docs.Begin(ctx, txn.Options{}, locks)
		if err != nil {
			return BulkResult{}, err
		}
		inner.Lenient()
		in := (&Tx{db: b.coll.db, tx: inner}).Collection(b.coll.name)
		res, err := b.try(ctx, in, from, to, mode)
		if err == nil {
			err = inner.Commit(ctx)
		}
		inner.Rollback()
		if err == nil {
			return res, nil
		}
		if !errors.Is(err, fault.ErrConflict) {
			return BulkResult{}, err
		}
		locks = inner.Keys()
	}
}

// ids returns the ids of the documents that the writes concern, each once.
func (b *Bulk) ids(from, to int) []document.Value {
	seen := make(map[ID]bool, to-from)
	var ids []document.Value
	for _, op := range b.ops[from:to] {
		if !op.id.IsZero() && !seen[op.id] {
			seen[op.id] = true
			ids = append(ids, op.id.Value())
		}
	}
	return ids
}

// try makes the writes in a transaction. Its error is a conflict, or what keeps
// all of them from being made; the failures of single writes are in the result.
func (b *Bulk) try(ctx context.Context, in *Collection, from, to int, mode BulkMode) (BulkResult, error) {
	var res BulkResult
	for i := from; i < to; i++ {
		err := b.ops[i].do(ctx, in, &res)
		if err == nil {
			continue
		}
		if errors.Is(err, fault.ErrConflict) || stops(err) != nil {
			return res, err
		}
		res.Errors = append(res.Errors, BulkError{i, err})
		if mode == Ordered {
			return res, nil
		}
	}
	return res, nil
}
