package virga

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/txn"
)

// A Tx is a transaction: many reads and writes that happen together or not at all.
// It sees the database as it was when the transaction began, and what it has
// written itself. Its collections can do everything but what changes definitions.
// It is safe for concurrent use.
type Tx struct {
	db      *DB
	tx      *txn.Tx
	managed bool // by RunTransaction, which commits it

	mu     sync.Mutex // guards both below
	rolled bool       // Rollback was called
	reason error      // with this
}

// Collection returns the collection of that name within the transaction.
func (tx *Tx) Collection(name string) *Collection {
	c := tx.db.Collection(name)
	c.tx = tx
	return c
}

// Commit makes the transaction happen, see [DB.StartTransaction]. [ErrConflict]
// says that it did not and that running it again may succeed. Within
// [DB.RunTransaction] it is [ErrInvalid]: that commits when its function returns.
func (tx *Tx) Commit(ctx context.Context) error {
	err := usable(ctx)
	switch {
	case err != nil:
	case tx.managed:
		err = fmt.Errorf("the transaction is committed when its function returns: %w", fault.ErrInvalid)
	default:
		return tx.commit(ctx)
	}
	return fault.Wrap("commit", "", "", err)
}

func (tx *Tx) commit(ctx context.Context) error {
	err := tx.db.observed("commit", "", "", tx).run(ctx, func() error { return tx.tx.Commit(ctx) })
	return fault.Wrap("commit", "", "", err)
}

// Rollback ends the transaction; nothing of it happens. Within
// [DB.RunTransaction], that call returns exactly reason, which may be nil,
// whatever its function returns. Rollback returns reason.
func (tx *Tx) Rollback(reason error) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.rolled, tx.reason = true, reason
	tx.tx.Rollback()
	return reason
}

// rolledBack reports whether Rollback was called, and with which reason.
func (tx *Tx) rolledBack() (bool, error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	return tx.rolled, tx.reason
}

// StartTransaction begins a transaction that the caller ends with [Tx.Commit] or
// [Tx.Rollback]. One that is not ended in time, 30 seconds unless told, has not
// happened; its locks are free by then and everything on it is [ErrTxnExpired].
// MaxExecutions and Queue of the options have no meaning here.
func (db *DB) StartTransaction(ctx context.Context, options ...txn.Options) (*Tx, error) {
	var tx *Tx
	err := db.observed("start transaction", "", "", nil).run(ctx, func() (err error) {
		tx, err = db.startTransaction(ctx, options)
		return err
	})
	if err != nil {
		return nil, fault.Wrap("start transaction", "", "", err)
	}
	return tx, nil
}

func (db *DB) startTransaction(ctx context.Context, options []txn.Options) (*Tx, error) {
	o, err := db.transactionOptions(ctx, options)
	if err == nil && o.Queue != nil {
		err = fmt.Errorf("a queue goes with RunTransaction: %w", fault.ErrInvalid)
	}
	if err != nil {
		return nil, err
	}
	tx, err := db.docs.Begin(ctx, o, nil)
	if err != nil {
		return nil, err
	}
	return &Tx{db: db, tx: tx}, nil
}

// View calls f with a transaction that only reads: everything f reads is of one
// moment. It is over when f returns; the time limit of transactions does not hold.
func (db *DB) View(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	if err := usable(ctx); err != nil {
		return fault.Wrap("view", "", "", err)
	}
	if err := db.forProgram("views"); err != nil {
		return fault.Wrap("view", "", "", err)
	}
	if f == nil {
		return fault.Wrap("view", "", "", errNoFunction)
	}
	view, err := db.docs.View()
	if err != nil {
		return fault.Wrap("view", "", "", err)
	}
	defer view.Rollback()
	return f(ctx, &Tx{db: db, tx: view})
}

var errNoFunction = fmt.Errorf("function is nil: %w", fault.ErrInvalid)

// RunTransaction runs f in a transaction and commits it when f returns nil. Any
// error of f rolls it back and is returned.
//
// When the transaction meets a conflict, at a write or at the commit, it is rolled
// back and f runs again, three times at most unless told. f must therefore leave
// no traces outside of the transaction. From the second run on the documents that
// the last one wrote are locked first, so that a transaction that writes the same
// documents each time succeeds then.
//
// The context handed to f marks the transaction: a write with it to a collection
// that is not the transaction's is [ErrInvalid], for it would wait for itself.
func (db *DB) RunTransaction(ctx context.Context, f func(ctx context.Context, tx *Tx) error, options ...txn.Options) error {
	return db.observed("transaction", "", "", nil).run(ctx, func() error { return db.transact(ctx, f, options) })
}

func (db *DB) transact(ctx context.Context, f func(ctx context.Context, tx *Tx) error, options []txn.Options) error {
	o, err := db.transactionOptions(ctx, options)
	if err == nil && f == nil {
		err = errNoFunction
	}
	if err != nil {
		return fault.Wrap("transaction", "", "", err)
	}
	if o.Queue == nil {
		return db.runTransaction(ctx, f, o)
	}
	ran := false
	err = o.Queue.Do(ctx, o.Key, func(ctx context.Context) error {
		ran = true
		return db.runTransaction(ctx, f, o)
	})
	if !ran {
		err = fault.Wrap("transaction", "", "", err)
	}
	return err
}

// transactionOptions checks that a transaction can begin under ctx.
func (db *DB) transactionOptions(ctx context.Context, options []txn.Options) (txn.Options, error) {
	if err := db.outside(ctx); err != nil {
		return txn.Options{}, err
	}
	if err := db.forProgram("transactions"); err != nil {
		return txn.Options{}, err
	}
	switch len(options) {
	case 0:
		return txn.Options{}.Complete()
	case 1:
		return options[0].Complete()
	}
	return txn.Options{}, fmt.Errorf("%d sets of options: %w", len(options), fault.ErrInvalid)
}

func (db *DB) runTransaction(ctx context.Context, f func(ctx context.Context, tx *Tx) error, o txn.Options) error {
	var keys []string // locked by the run before
	for run := 1; ; run++ {
		inner, err := db.docs.Begin(ctx, o, keys)
		if err != nil {
			return fault.Wrap("transaction", "", "", err)
		}
		tx := &Tx{db: db, tx: inner, managed: true}
		err = tx.run(ctx, f)
		if rolled, reason := tx.rolledBack(); rolled {
			return reason
		}
		if err == nil || !errors.Is(err, ErrConflict) || run >= o.MaxExecutions {
			return err
		}
		keys = inner.Keys()
		if err := db.pause(ctx, run); err != nil {
			return fault.Wrap("transaction", "", "", err)
		}
	}
}

// run runs f and commits, and in any case ends the transaction.
func (tx *Tx) run(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	defer tx.tx.Rollback() // also when f panics
	if err := f(context.WithValue(ctx, inTx{tx.db.core}, tx), tx); err != nil {
		return err
	}
	if rolled, _ := tx.rolledBack(); rolled {
		return nil
	}
	return tx.commit(ctx)
}

// pause waits a random moment before another run, longer after each.
func (db *DB) pause(ctx context.Context, run int) error {
	const most = time.Millisecond
	return db.clock.Pause(ctx, time.Duration(db.clock.Uint64()%uint64(most*time.Duration(run))))
}

// inTx is the key of a context that was handed to a transaction's function.
type inTx struct{ db *core }

// outside reports a context that belongs to a transaction of this database, and
// why else nothing can start under it.
func (db *DB) outside(ctx context.Context) error {
	if err := usable(ctx); err != nil {
		return err
	}
	if ctx.Value(inTx{db.core}) != nil {
		return fmt.Errorf("the context is that of a transaction, use the collections of the transaction: %w", fault.ErrInvalid)
	}
	return nil
}
