package virga

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// A Bulk gathers writes to one collection and makes them in few commits. Its
// methods may be chained; a bad argument is reported by [Bulk.Commit]. It is used
// once, by one goroutine.
type Bulk struct {
	coll *Collection
	ops  []bulkOp
	done bool
}

// A BulkMode says how the writes of a [Bulk] hang together.
type BulkMode uint8

const (
	// Ordered makes the writes in the order given and stops at the first that
	// fails; those before it have happened. It is the default.
	Ordered BulkMode = iota
	// Unordered makes all writes that do not fail.
	Unordered
	// Atomic makes all writes or none, as a transaction does: together they may not
	// exceed the limits of one atomic step.
	Atomic
)

// BulkResult tells what a [Bulk] did.
type BulkResult struct {
	Inserted int         // by Insert
	Matched  int         // by Update, UpdateMany and Set: documents found
	Updated  int         // by them: documents changed or replaced
	Created  int         // by Set: documents that did not exist
	Removed  int         // by Remove and RemoveMany
	IDs      []ID        // of the inserted documents, in order
	Errors   []BulkError // writes that failed, in order
}

// A BulkError is the failure of one write of a [Bulk].
type BulkError struct {
	Index int // of the write, from 0
	Err   error
}

// Error formats e as "write 3: cause".
func (e BulkError) Error() string { return fmt.Sprintf("write %d: %v", e.Index, e.Err) }

// Unwrap returns the cause.
func (e BulkError) Unwrap() error { return e.Err }

// A bulkOp is one write. It counts what it does in res.
type bulkOp struct {
	id  ID // what it locks; the zero ID for a write by conditions
	run func(ctx context.Context, in *Collection, res *BulkResult) error
	err error // it cannot be run
}

// Bulk returns an empty bulk for the collection.
func (c *Collection) Bulk() *Bulk { return &Bulk{coll: c} }

// Len returns the number of writes gathered.
func (b *Bulk) Len() int { return len(b.ops) }

// Insert adds a new document, as [Collection.Add] does.
func (b *Bulk) Insert(data any) *Bulk {
	doc, err := b.coll.encode(data, b.coll.db.clock.Now())
	if err != nil {
		return b.add(bulkOp{err: err})
	}
	id := doc.ID()
	return b.add(bulkOp{id: id, run: func(ctx context.Context, in *Collection, res *BulkResult) error {
		if _, err := in.insert(ctx, []document.Doc{doc}); err != nil {
			return err
		}
		res.Inserted++
		res.IDs = append(res.IDs, id)
		return nil
	}})
}

// Set replaces or creates a document, as [DocRef.Set] does.
func (b *Bulk) Set(id, data any) *Bulk {
	return b.one(id, func(ctx context.Context, ref *DocRef, res *BulkResult) error {
		var one SetResult
		err := ref.set(ctx, data, &one)
		res.Matched += one.Updated
		res.Updated += one.Updated
		res.Created += one.Created
		return err
	})
}

// Update changes fields of a document, as [DocRef.Update] does.
func (b *Bulk) Update(id, data any) *Bulk {
	return b.one(id, func(ctx context.Context, ref *DocRef, res *BulkResult) error {
		var one UpdateResult
		err := ref.update(ctx, data, &one)
		res.Matched += one.Matched
		res.Updated += one.Updated
		return err
	})
}

// Remove removes a document, as [DocRef.Remove] does.
func (b *Bulk) Remove(id any) *Bulk {
	return b.one(id, func(ctx context.Context, ref *DocRef, res *BulkResult) error {
		one, err := ref.remove(ctx)
		res.Removed += one.Removed
		return err
	})
}

// UpdateMany changes fields of all documents that match, as [Query.Update] does.
func (b *Bulk) UpdateMany(cond, data any) *Bulk {
	return b.add(bulkOp{run: func(ctx context.Context, in *Collection, res *BulkResult) error {
		var many UpdateResult
		err := in.Where(cond).update(ctx, data, &many)
		res.Matched += many.Matched
		res.Updated += many.Updated
		return err
	}})
}

// RemoveMany removes all documents that match, as [Query.Remove] does.
func (b *Bulk) RemoveMany(cond any) *Bulk {
	return b.add(bulkOp{run: func(ctx context.Context, in *Collection, res *BulkResult) error {
		var many RemoveResult
		err := in.Where(cond).remove(ctx, &many)
		res.Removed += many.Removed
		return err
	}})
}

// one adds a write to the document whose _id is id.
func (b *Bulk) one(id any, run func(context.Context, *DocRef, *BulkResult) error) *Bulk {
	ref := b.coll.Doc(id)
	return b.add(bulkOp{id: ref.id, err: ref.err, run: func(ctx context.Context, in *Collection, res *BulkResult) error {
		return run(ctx, in.Doc(ref.id), res)
	}})
}

func (b *Bulk) add(op bulkOp) *Bulk {
	b.ops = append(b.ops, op)
	return b
}

// How much of an ordered or unordered bulk one commit makes.
const bulkChunk = 1000

// Commit makes the writes, in the mode given or [Ordered]. Writes to single
// documents that follow one another share commits, a thousand to one, so any
// number may be given; only [Atomic] has the limits of one atomic step.
//
// The error is that of the first write that failed, or what kept the bulk from
// going on; the result tells what was done all the same, and in Errors of every
// write that failed. After an error of Atomic nothing was done. In a transaction that
// is under way the first write that fails ends it, in every mode.
func (b *Bulk) Commit(ctx context.Context, mode ...BulkMode) (BulkResult, error) {
	coll, call := b.coll.observed("bulk")
	b.coll = coll
	var res BulkResult
	err := call.run(ctx, func() (err error) {
		res, err = b.commit(ctx, mode)
		if err == nil && len(res.Errors) > 0 {
			err = res.Errors[0]
		}
		return err
	})
	if call.lost() {
		res = BulkResult{}
	}
	return res, b.coll.fail("bulk", err)
}

func (b *Bulk) commit(ctx context.Context, modes []BulkMode) (BulkResult, error) {
	mode := Ordered
	switch {
	case len(modes) == 1:
		mode = modes[0]
	case len(modes) > 1:
		return BulkResult{}, fmt.Errorf("%d modes: %w", len(modes), fault.ErrInvalid)
	}
	if mode > Atomic {
		return BulkResult{}, fmt.Errorf("mode %d: %w", mode, fault.ErrInvalid)
	}
	if b.done {
		return BulkResult{}, fmt.Errorf("the bulk was committed already: %w", fault.ErrInvalid)
	}
	b.done = true
	if err := b.coll.ready(ctx); err != nil {
		return BulkResult{}, err
	}
	if b.coll.tx != nil {
		return b.inTransaction(ctx, b.coll)
	}
	if err := b.coll.db.outside(ctx); err != nil {
		return BulkResult{}, err
	}
	if mode == Atomic {
		return b.atomic(ctx)
	}
	return b.chunks(ctx, mode)
}

// atomic makes all writes in a transaction of their own.
func (b *Bulk) atomic(ctx context.Context) (BulkResult, error) {
	var res BulkResult
	err := b.coll.db.transact(ctx, func(ctx context.Context, tx *Tx) error {
		var err error
		res, err = b.inTransaction(ctx, tx.Collection(b.coll.name))
		return err
	}, nil)
	if err != nil {
		return BulkResult{Errors: res.Errors}, err
	}
	return res, nil
}

// inTransaction makes all writes in a transaction that is under way, which the first
// that fails ends, also one that is refused before it reaches the transaction.
func (b *Bulk) inTransaction(ctx context.Context, in *Collection) (BulkResult, error) {
	var res BulkResult
	for i, op := range b.ops {
		if err := op.do(ctx, in, &res); err != nil {
			in.tx.tx.Abort(err)
			return BulkResult{Errors: []BulkError{{i, err}}}, err
		}
	}
	return res, nil
}

// do runs one write.
func (op bulkOp) do(ctx context.Context, in *Collection, res *BulkResult) error {
	if op.err != nil {
		return op.err
	}
	return op.run(ctx, in, res)
}
