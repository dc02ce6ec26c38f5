package virga

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/hook"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

func TestTransactionSeesItsOwnWrites(t *testing.T) {
	ctx := context.Background()
	engines(t, func(t *testing.T, path string) {
		db := openWith(t, path, Fast)
		c := db.Collection("c")
		if err := c.CreateIndex(ctx, index.Spec{Fields: index.By("n")}); err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			mustAdd(t, c, M{"_id": i, "n": i})
		}
		err := db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
			in := tx.Collection("c")
			if _, err := in.Doc(1).Update(ctx, M{"n": 10}); err != nil {
				return err
			}
			if _, err := in.Doc(2).Remove(ctx); err != nil {
				return err
			}
			if _, err := in.Add(ctx, M{"_id": 7, "n": 3}); err != nil {
				return err
			}
			wantIDs(t, in.Where(M{"n": query.Gte(3)}).OrderBy("n", Desc), 1, 4, 3, 7)
			wantIDs(t, in.Where(M{}), 0, 1, 3, 4, 7)
			wantIDs(t, in.Where(M{"n": 10}), 1)
			if n, err := in.Where(nil).Count(ctx); n != 5 || err != nil {
				t.Errorf("count in the transaction: %d, %v", n, err)
			}
			wantIDs(t, c.Where(M{}), 0, 1, 2, 3, 4) // outside nothing has happened
			res, err := in.Where(M{"n": 3}).Update(ctx, M{"n": query.Inc(100)})
			if err != nil || res.Updated != 2 {
				t.Errorf("update by query: %+v, %v", res, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		wantIDs(t, c.Where(M{}).OrderBy("n", Asc), 0, 4, 1, 3, 7)
	})
}

func mustAdd(t *testing.T, c *Collection, data any) {
	t.Helper()
	if _, err := c.Add(context.Background(), data); err != nil {
		t.Fatal(err)
	}
}

// wantIDs compares the ids a query finds, in order.
func wantIDs(t *testing.T, q *Query, want ...any) {
	t.Helper()
	docs, err := q.Get(context.Background())
	if err != nil {
		t.Error(err)
		return
	}
	got := make([]any, len(docs))
	for i, d := range docs {
		got[i] = d.ID()
	}
	if text := fmt.Sprint(want...); fmt.Sprint(got...) != text {
		t.Errorf("found %v, want %v", got, want)
	}
}

func TestTransactionEnds(t *testing.T) {
	ctx := context.Background()
	db := openTest(t, Memory)
	c := db.Collection("c")
	mustAdd(t, c, M{"_id": 1, "n": 0})
	boom := errors.New("boom")

	set := func(ctx context.Context, tx *Tx) error {
		_, err := tx.Collection("c").Doc(1).Update(ctx, M{"n": query.Inc(1)})
		return err
	}
	n := func() int64 {
		doc, err := c.Doc(1).Get(ctx)
		if err != nil {
			t.Fatal(err)
		}
		n, _ := doc.Lookup("n").Int64()
		return n
	}
	if err := db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error { return errors.Join(set(ctx, tx), boom) }); !errors.Is(err, boom) {
		t.Errorf("an error of the function: %v", err)
	}
	err := db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
		if err := set(ctx, tx); err != nil {
			return err
		}
		tx.Rollback(boom)
		if err := set(ctx, tx); !errors.Is(err, ErrTxnDone) {
			t.Errorf("use after rollback: %v", err)
		}
		return errors.New("another")
	})
	if err != boom {
		t.Errorf("rollback surfaces %v", err)
	}
	func() {
		defer func() { recover() }()
		db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
			if err := set(ctx, tx); err != nil {
				t.Error(err)
			}
			panic("in the function")
		})
	}()
	if n() != 0 {
		t.Errorf("rolled back transactions left n = %d", n())
	}
	if _, err := c.Doc(1).Update(ctx, M{"m": 1}); err != nil {
		t.Errorf("a lock is left: %v", err)
	}

	tx, err := db.StartTransaction(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := set(ctx, tx); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(ctx); !errors.Is(err, ErrTxnDone) {
		t.Errorf("second commit: %v", err)
	}
	if _, err := tx.Collection("c").Where(nil).Get(ctx); !errors.Is(err, ErrTxnDone) {
		t.Errorf("read after commit: %v", err)
	}
	if n() != 1 {
		t.Errorf("n = %d after a commit", n())
	}
}

func TestTransactionRefusals(t *testing.T) {
	ctx := context.Background()
	db := openTest(t, Memory)
	c := db.Collection("c")
	mustAdd(t, c, M{"_id": 1})
	err := db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
		in := tx.Collection("c")
		for name, f := range map[string]func() error{
			"plain write with its context": func() error { _, err := c.Add(ctx, M{}); return err },
			"nested transaction":           func() error { return db.RunTransaction(ctx, func(context.Context, *Tx) error { return nil }) },
			"nested start":                 func() error { _, err := db.StartTransaction(ctx); return err },
			"create index":                 func() error { return in.CreateIndex(ctx, index.Spec{Fields: index.By("a")}) },
			"drop index":                   func() error { return in.DropIndex(ctx, "a") },
			"create collection":            func() error { return db.CreateCollection(ctx, "d") },
			"drop collection":              func() error { return db.DropCollection(ctx, "c") },
		} {
			if err := f(); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	err = db.View(ctx, func(ctx context.Context, tx *Tx) error {
		wantIDs(t, tx.Collection("c").Where(M{}), 1)
		_, err := tx.Collection("c").Add(ctx, M{})
		return err
	})
	if !errors.Is(err, ErrInvalid) {
		t.Errorf("write in a view: %v", err)
	}
	big := make([]M, 5)
	for i := range big {
		big[i] = M{"b": make([]byte, 400_000)}
	}
	err = db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
		for range 3 {
			if _, err := tx.Collection("c").AddMany(ctx, big); err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("six megabytes in a transaction: %v", err)
	}
	wantIDs(t, c.Where(M{}), 1)
	for name, o := range map[string]txn.Options{
		"executions": {MaxExecutions: -1}, "timeout": {Timeout: -1}, "isolation": {Isolation: 9}, "key": {Key: "k"},
	} {
		if err := db.RunTransaction(ctx, func(context.Context, *Tx) error { return nil }, o); !errors.Is(err, ErrInvalid) {
			t.Errorf("options %s: %v", name, err)
		}
	}
}

func TestTransactionExpires(t *testing.T) {
	ctx := context.Background()
	tick := clock.NewManual(time.Unix(0, 0), 1)
	db := openWith(t, Memory, Hooked(hook.Hooks{Clock: tick}))
	c := db.Collection("c")
	mustAdd(t, c, M{"_id": 1})
	tx, err := db.StartTransaction(ctx, txn.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Collection("c").Doc(1).Update(ctx, M{"a": 1}); err != nil {
		t.Fatal(err)
	}
	behind := make(chan error)
	go func() {
		_, err := c.Doc(1).Update(ctx, M{"a": 2})
		behind <- err
	}()
	select {
	case err := <-behind:
		t.Fatalf("a plain write does not wait for the lock: %v", err)
	case <-time.After(5 * time.Millisecond):
	}
	tick.Advance(time.Second)
	if err := <-behind; err != nil {
		t.Errorf("a plain write behind an expired transaction: %v", err)
	}
	if err := tx.Commit(ctx); !errors.Is(err, ErrTxnExpired) {
		t.Errorf("commit of an expired transaction: %v", err)
	}
}

// Sixty-four writers move amounts between few accounts: the sum stays, nobody sees
// an error, and no reader sees a transfer half done.
func TestTransfers(t *testing.T) {
	ctx := context.Background()
	engines(t, func(t *testing.T, path string) {
		db := openWith(t, path, Fast)
		c := db.Collection("accounts")
		const accounts, each, writers = 20, 1000, 64
		for i := range accounts {
			mustAdd(t, c, M{"_id": i, "amount": each})
		}
		rounds := 3 * min(effort(), 10)
		var writing, done sync.WaitGroup
		var stop atomic.Bool
		done.Go(func() {
			for !stop.Load() {
				if sum := total(t, c); sum != accounts*each {
					t.Errorf("a reader saw %d", sum)
					return
				}
			}
		})
		var runs atomic.Int64
		for w := range writers {
			writing.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(w), 3))
				for range rounds {
					from, to := rnd.IntN(accounts), rnd.IntN(accounts)
					err := db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
						runs.Add(1)
						return transfer(ctx, tx.Collection("accounts"), from, to, rnd.IntN(50))
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		writing.Wait()
		stop.Store(true)
		done.Wait()
		if sum := total(t, c); sum != accounts*each {
			t.Errorf("the sum is %d", sum)
		}
		t.Logf("%d transfers in %d runs", writers*rounds, runs.Load())
	})
}

func transfer(ctx context.Context, c *Collection, from, to, amount int) error {
	doc, err := c.Doc(from).Get(ctx)
	if err != nil {
		return err
	}
	if n, _ := doc.Lookup("amount").Int64(); n < int64(amount) {
		return nil
	}
	if _, err := c.Doc(from).Update(ctx, M{"amount": query.Inc(-amount)}); err != nil {
		return err
	}
	_, err = c.Doc(to).Update(ctx, M{"amount": query.Inc(amount)})
	return err
}

func total(t *testing.T, c *Collection) int64 {
	var sum int64
	for doc, err := range c.Where(nil).Each(context.Background()) {
		if err != nil {
			t.Error(err)
		}
		n, _ := doc.Lookup("amount").Int64()
		sum += n
	}
	return sum
}

// Through a queue, which need not be made by NewQueue, transactions on one key never
// run twice.
func TestQueue(t *testing.T) {
	ctx := context.Background()
	db := openTest(t, Memory)
	c := db.Collection("stock")
	for i := range 4 {
		mustAdd(t, c, M{"_id": i, "n": 0})
	}
	q := new(txn.Queue)
	var runs atomic.Int64
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Go(func() {
			for i := range 20 {
				id := (w + i) % 4
				err := db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
					runs.Add(1)
					doc, err := tx.Collection("stock").Doc(id).Get(ctx)
					if err != nil {
						return err
					}
					n, _ := doc.Lookup("n").Int64()
					_, err = tx.Collection("stock").Doc(id).Update(ctx, M{"n": n + 1})
					return err
				}, txn.Options{Queue: q, Key: fmt.Sprint("stock:", id)})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if runs.Load() != 64*20 {
		t.Errorf("%d transactions ran %d times", 64*20, runs.Load())
	}
	docs, err := c.Where(nil).Get(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range docs {
		if n, _ := doc.Lookup("n").Int64(); n != 64*20/4 {
			t.Errorf("document %s counted %d", doc.ID(), n)
		}
	}
}

// A transaction whose turn never comes says so as every other call does.
func TestQueueWithoutATurn(t *testing.T) {
	db := openTest(t, Memory)
	o := txn.Options{Queue: txn.NewQueue(1), Key: "k"}
	started, end := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := db.RunTransaction(ctx(), func(context.Context, *Tx) error {
			close(started)
			<-end
			return nil
		}, o)
		if err != nil {
			t.Error(err)
		}
	})
	<-started
	ended, cancel := context.WithCancel(ctx())
	nothing := func(context.Context, *Tx) error { t.Error("it ran"); return nil }
	wg.Go(func() {
		where := (*Error)(nil)
		if err := db.RunTransaction(ended, nothing, o); !errors.Is(err, context.Canceled) || !errors.As(err, &where) || where.Op != "transaction" {
			t.Errorf("cancelled: %v", err)
		}
	})
	for o.Queue.Waiting() == 0 {
		time.Sleep(time.Millisecond)
	}
	where := (*Error)(nil)
	if err := db.RunTransaction(ctx(), nothing, o); !errors.Is(err, ErrTooLarge) || !errors.As(err, &where) || where.Op != "transaction" {
		t.Errorf("behind too many: %v", err)
	}
	cancel()
	for o.Queue.Waiting() > 0 {
		time.Sleep(time.Millisecond)
	}
	close(end)
	wg.Wait()
}
