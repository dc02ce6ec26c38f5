package virga

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// everyCall lists a call of each kind that touches the database.
func everyCall(db *DB) map[string]func() error {
	ctx, c := context.Background(), db.Collection("c")
	calls := everyWrite(db)
	for name, call := range map[string]func() error{
		"get":         func() error { _, err := c.Doc(1).Get(ctx); return err },
		"find":        func() error { _, err := c.Where(M{"v": 1}).Get(ctx); return err },
		"one":         func() error { _, err := c.Where(nil).One(ctx); return err },
		"count":       func() error { _, err := c.Where(nil).Count(ctx); return err },
		"exists":      func() error { _, err := c.Where(nil).Exists(ctx); return err },
		"distinct":    func() error { _, err := c.Where(nil).Distinct(ctx, "v"); return err },
		"collections": func() error { _, err := db.Collections(ctx); return err },
		"check":       func() error { _, err := db.Check(ctx); return err },
		"stats":       func() error { _, err := db.Stats(ctx); return err },
		"compact":     func() error { return db.Compact(ctx) },
		"each": func() error {
			for _, err := range c.Where(nil).Each(ctx) {
				return err
			}
			return nil
		},
		"typed":     func() error { _, err := Of[M](c).Get(ctx, 1); return err },
		"aggregate": func() error { _, err := c.Aggregate().Match(M{"v": 1}).All(ctx); return err },
		"explain":   func() error { _, err := c.Where(M{"v": 1}).Explain(ctx); return err },
		"advise":    func() error { _, err := db.Advise(ctx); return err },
		"indexes":   func() error { _, err := c.Indexes(ctx); return err },
		"settle":    func() error { return db.Settle(ctx) },
		"watch": func() error {
			stream, err := c.Where(nil).Watch(ctx)
			if err == nil {
				stream.Close()
			}
			return err
		},
		"view": func() error {
			return db.View(ctx, func(ctx context.Context, tx *Tx) error {
				_, err := tx.Collection("c").Where(nil).Count(ctx)
				return err
			})
		},
	} {
		calls[name] = call
	}
	return calls
}

// everyWrite lists a call of each kind that changes a database in which c holds a
// document 1.
func everyWrite(db *DB) map[string]func() error {
	ctx, c := context.Background(), db.Collection("c")
	return map[string]func() error{
		"add":          func() error { _, err := c.Add(ctx, M{"v": 1}); return err },
		"add raw":      func() error { _, err := c.AddRaw(ctx, []byte{0x80}); return err },
		"add many":     func() error { _, err := c.AddMany(ctx, []M{{"v": 1}, {"v": 2}}); return err },
		"set":          func() error { _, err := c.Doc(1).Set(ctx, M{"v": 2}); return err },
		"update":       func() error { _, err := c.Doc(1).Update(ctx, M{"v": query.Inc(1)}); return err },
		"remove":       func() error { _, err := c.Doc(1).Remove(ctx); return err },
		"update where": func() error { _, err := c.Where(M{}).Update(ctx, M{"v": query.Inc(1)}); return err },
		"update one":   func() error { _, err := c.Where(M{}).UpdateAndReturn(ctx, M{"v": query.Inc(1)}); return err },
		"remove where": func() error { _, err := c.Where(M{}).Remove(ctx); return err },
		"create":       func() error { return db.CreateCollection(ctx, "new") },
		"bulk":         func() error { _, err := c.Bulk().Insert(M{"v": 1}).Commit(ctx); return err },
		"out":          func() error { _, err := c.Aggregate().Out("c").All(ctx); return err },
		"index":        func() error { return c.CreateIndex(ctx, index.Spec{Fields: index.By("new")}) },
		"transaction":  func() error { return addInTransaction(ctx, db, txn.Options{}) },
		"queue": func() error {
			return addInTransaction(ctx, db, txn.Options{Queue: txn.NewQueue(0), Key: "k"})
		},
		"start": func() error {
			tx, err := db.StartTransaction(ctx)
			if err != nil {
				return err
			}
			defer tx.Rollback(nil)
			if _, err := tx.Collection("c").Add(ctx, M{"v": 1}); err != nil {
				return err
			}
			return tx.Commit(ctx)
		},
		"drop": func() error { return db.DropCollection(ctx, "c") },
	}
}

func addInTransaction(ctx context.Context, db *DB, o txn.Options) error {
	return db.RunTransaction(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.Collection("c").Add(ctx, M{"v": 1})
		return err
	}, o)
}

func TestEveryCallAfterClose(t *testing.T) {
	for _, path := range []string{Memory, t.TempDir()} {
		db, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Collection("c").Doc(1).Set(ctx(), M{"v": 1}); err != nil {
			t.Fatal(err)
		}
		doc, err := db.Collection("c").Doc(1).Get(ctx())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := db.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
		for name, call := range everyCall(db) {
			where := (*Error)(nil)
			if err := call(); !errors.Is(err, ErrClosed) || !errors.As(err, &where) {
				t.Errorf("%s: %v, want ErrClosed in an *Error", name, err)
			}
		}
		if got := doc.String(); got != `{"_id":1,"v":1}` {
			t.Errorf("a document read before is %s now", got)
		}
	}
}

// TestCloseUnderWork closes a database while everything is done in it at once.
// Every call ends, with its result or with ErrClosed.
func TestCloseUnderWork(t *testing.T) {
	seed := newSeed(t)
	rnd := random(seed, 0)
	calls := 0
	for round := range 2 + 2*effort() {
		path, level := Memory, Sync
		if round%2 == 1 {
			path = t.TempDir()
			level = []Option{Sync, Interval(time.Millisecond), Fast}[round/2%3]
		}
		wait := time.Duration(rnd.IntN(20)) * time.Millisecond
		calls += closeUnderWork(t, path, level, wait)
		if t.Failed() {
			t.Fatalf("seed %d, round %d, %s", seed, round, path)
		}
	}
	t.Logf("close: seed %d, %d calls", seed, calls)
}

func closeUnderWork(t *testing.T, path string, level Option, wait time.Duration) int {
	db, err := Open(path, level)
	if err != nil {
		t.Fatal(err)
	}
	docs := make([]M, 2000)
	for i := range docs {
		docs[i] = M{"_id": i, "v": i % 10}
	}
	if _, err := db.Collection("many").AddMany(ctx(), docs); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	calls := 0
	repeat := func(name string, call func() error) {
		wg.Go(func() {
			for {
				err := call()
				mu.Lock()
				calls++
				mu.Unlock()
				if errors.Is(err, ErrClosed) {
					return
				}
				expected := slices.ContainsFunc([]error{ErrNotFound, ErrExists, ErrDuplicate, ErrConflict}, func(e error) bool { return errors.Is(err, e) })
				if err != nil && !expected {
					t.Errorf("%s: %v", name, err)
					return
				}
			}
		})
	}
	for name, call := range everyCall(db) {
		repeat(name, call)
	}
	hot := db.Collection("hot").Doc("hot")
	for range 6 { // all but one wait for the lock of the one document
		repeat("hot", func() error {
			_, err := hot.Set(ctx(), M{"v": 1})
			return err
		})
	}
	repeat("loop that calls back", func() error { return loopThatCallsBack(db) })
	repeat("sorted loop", func() error {
		for _, err := range db.Collection("many").Where(M{"v": query.Gt(2)}).OrderBy("v", Desc).Each(ctx()) {
			if err != nil {
				return err
			}
		}
		return nil
	})
	time.Sleep(wait)
	for range 3 {
		wg.Go(func() {
			if err := db.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	within(t, "closing", wg.Wait)
	return calls
}

// loopThatCallsBack reads and writes the collection that it walks.
func loopThatCallsBack(db *DB) error {
	c := db.Collection("many")
	n := 0
	for doc, err := range c.Where(nil).Each(ctx()) {
		if err != nil {
			return err
		}
		if n++; n%50 > 0 {
			continue
		}
		if _, err := c.Doc(doc.ID()).Update(ctx(), M{"seen": query.Inc(1)}); err != nil {
			return err
		}
		for _, err := range c.Where(M{"v": 3}).Limit(3).Each(ctx()) {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Close inside a loop ends the loop at its next step, and does not wait for it.
func TestCloseInsideLoop(t *testing.T) {
	for _, path := range []string{Memory, t.TempDir()} {
		db, err := Open(path, Fast)
		if err != nil {
			t.Fatal(err)
		}
		docs := make([]M, 5000)
		for i := range docs {
			docs[i] = M{"_id": i, "text": strings.Repeat("x", 100)}
		}
		if _, err := db.Collection("c").AddMany(ctx(), docs); err != nil {
			t.Fatal(err)
		}
		within(t, "the loop", func() {
			n, last := 0, error(nil)
			for doc, err := range db.Collection("c").Where(nil).Each(ctx()) {
				if last = err; err != nil {
					continue
				}
				if want := fmt.Sprint(n); doc.ID().String() != want {
					t.Errorf("document %s, want %s", doc.ID(), want)
				}
				if n++; n == 3 {
					if err := db.Close(); err != nil {
						t.Error(err)
					}
				}
			}
			if !errors.Is(last, ErrClosed) {
				t.Errorf("%s: the loop ended with %v after %d documents", path, last, n)
			}
			if n != 3 {
				t.Errorf("%s: %d documents, want the 3 before Close", path, n)
			}
		})
	}
}

// A loop that is left, or ended by its context, holds nothing.
func TestLoopsLetGo(t *testing.T) {
	db := openTest(t, t.TempDir())
	c := db.Collection("c")
	docs := make([]M, 3000)
	for i := range docs {
		docs[i] = M{"_id": i}
	}
	if _, err := c.AddMany(ctx(), docs); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		for range c.Where(nil).Each(ctx()) {
			break
		}
		canceled, cancel := context.WithCancel(ctx())
		n, last := 0, error(nil)
		for _, err := range c.Where(nil).Each(canceled) {
			if n++; n == i+1 {
				cancel()
			}
			last = err
		}
		cancel()
		if !errors.Is(last, context.Canceled) || n > 1000 {
			t.Errorf("a canceled loop ended with %v after %d documents", last, n)
		}
	}
	s := db.store.Stats()
	if s.Cursors != 0 || s.Oldest != s.Version {
		t.Errorf("%d cursors are open, version %d of %d is held", s.Cursors, s.Oldest, s.Version)
	}
}
