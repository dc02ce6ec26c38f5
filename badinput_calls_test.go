package virga

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
	"github.com/virgadb/virga/txn"
	"github.com/virgadb/virga/watch"
)

// callsOf returns every call that takes a context, by name. Those of the
// database itself begin with "db".
func callsOf(db *DB, name string) map[string]func(context.Context) error {
	c := db.Collection(name)
	q := c.Where(M{"a": 1})
	return map[string]func(context.Context) error{
		"db collections": func(ctx context.Context) error { _, err := db.Collections(ctx); return err },
		"db stats":       func(ctx context.Context) error { _, err := db.Stats(ctx); return err },
		"db check":       func(ctx context.Context) error { _, err := db.Check(ctx); return err },
		"db compact":     db.Compact,
		"db advise":      func(ctx context.Context) error { _, err := db.Advise(ctx); return err },
		"db settle":      db.Settle,
		"db view":        func(ctx context.Context) error { return db.View(ctx, func(context.Context, *Tx) error { return nil }) },
		"db transaction": func(ctx context.Context) error {
			return db.RunTransaction(ctx, func(context.Context, *Tx) error { return nil })
		},
		"db start transaction": func(ctx context.Context) error { _, err := db.StartTransaction(ctx); return err },
		"create collection":    func(ctx context.Context) error { return db.CreateCollection(ctx, name) },
		"drop collection":      func(ctx context.Context) error { return db.DropCollection(ctx, name) },
		"add":                  func(ctx context.Context) error { _, err := c.Add(ctx, M{}); return err },
		"add raw":              func(ctx context.Context) error { _, err := c.AddRaw(ctx, []byte{0x80}); return err },
		"add many":             func(ctx context.Context) error { _, err := c.AddMany(ctx, []M{{}}); return err },
		"bulk":                 func(ctx context.Context) error { _, err := c.Bulk().Insert(M{}).Commit(ctx); return err },
		"create index":         func(ctx context.Context) error { return c.CreateIndex(ctx, index.Spec{Fields: index.By("a")}) },
		"drop index":           func(ctx context.Context) error { return c.DropIndex(ctx, "a") },
		"indexes":              func(ctx context.Context) error { _, err := c.Indexes(ctx); return err },
		"doc get":              func(ctx context.Context) error { _, err := c.Doc(1).Get(ctx); return err },
		"doc set":              func(ctx context.Context) error { _, err := c.Doc(1).Set(ctx, M{}); return err },
		"doc update":           func(ctx context.Context) error { _, err := c.Doc(1).Update(ctx, M{"a": 1}); return err },
		"doc remove":           func(ctx context.Context) error { _, err := c.Doc(1).Remove(ctx); return err },
		"get":                  func(ctx context.Context) error { _, err := q.Get(ctx); return err },
		"one":                  func(ctx context.Context) error { _, err := q.One(ctx); return err },
		"exists":               func(ctx context.Context) error { _, err := q.Exists(ctx); return err },
		"count":                func(ctx context.Context) error { _, err := q.Count(ctx); return err },
		"count all":            func(ctx context.Context) error { _, err := c.Where(nil).Count(ctx); return err },
		"distinct":             func(ctx context.Context) error { _, err := q.Distinct(ctx, "a"); return err },
		"update":               func(ctx context.Context) error { _, err := q.Update(ctx, M{"a": 1}); return err },
		"remove":               func(ctx context.Context) error { _, err := q.Remove(ctx); return err },
		"update and return":    func(ctx context.Context) error { _, err := q.UpdateAndReturn(ctx, M{"a": 1}); return err },
		"watch":                func(ctx context.Context) error { _, err := q.Watch(ctx); return err },
		"doc watch":            func(ctx context.Context) error { _, err := c.Doc(1).Watch(ctx); return err },
		"bulk atomic":          func(ctx context.Context) error { _, err := c.Bulk().Insert(M{}).Commit(ctx, Atomic); return err },
		"explain":              func(ctx context.Context) error { _, err := q.Explain(ctx); return err },
		"explain count":        func(ctx context.Context) error { _, err := q.ExplainCount(ctx); return err },
		"explain update":       func(ctx context.Context) error { _, err := q.ExplainUpdate(ctx, M{"a": 1}); return err },
		"explain remove":       func(ctx context.Context) error { _, err := q.ExplainRemove(ctx); return err },
		"aggregate":            func(ctx context.Context) error { _, err := c.Aggregate().All(ctx); return err },
		"aggregate one":        func(ctx context.Context) error { _, err := c.Aggregate().Match(M{"a": 1}).One(ctx); return err },
		"aggregate out":        func(ctx context.Context) error { _, err := c.Aggregate().Out(name).All(ctx); return err },
		"aggregate explain":    func(ctx context.Context) error { _, err := c.Aggregate().Explain(ctx); return err },
		"set rules":            func(ctx context.Context) error { return c.SetRules(ctx, `{"read": true}`) },
		"set mode":             func(ctx context.Context) error { return c.SetMode(ctx, rules.ReadOnly) },
		"rules":                func(ctx context.Context) error { _, err := c.Rules(ctx); return err },
		"set schema":           func(ctx context.Context) error { return c.SetSchema(ctx, Schema{JSON: M{"type": "object"}}) },
		"schema":               func(ctx context.Context) error { _, err := c.Schema(ctx); return err },
		"typed get":            func(ctx context.Context) error { _, err := Of[M](c).Get(ctx, 1); return err },
		"typed one":            func(ctx context.Context) error { _, err := Of[M](c).Where(nil).One(ctx); return err },
		"each": func(ctx context.Context) error {
			for _, err := range q.Each(ctx) {
				return err
			}
			return nil
		},
	}
}

func TestBadContexts(t *testing.T) {
	cancelled, cancel := context.WithCancel(ctx())
	cancel()
	expired, stop := context.WithTimeout(ctx(), -time.Second)
	defer stop()
	for _, bad := range []struct {
		ctx  context.Context
		want error
	}{{nil, ErrInvalid}, {cancelled, context.Canceled}, {expired, context.DeadlineExceeded}} {
		c := teaShop(t)
		before := contentsOf(t, c)
		for name, call := range callsOf(c.db, "shop") {
			err := call(bad.ctx)
			if e := (*Error)(nil); !errors.Is(err, bad.want) || !errors.As(err, &e) || e.Op == "" {
				t.Errorf("%s with %v: %v", name, bad.ctx, err)
				continue
			}
			mustRead(t, err)
		}
		if after := contentsOf(t, c); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("the collection is now %s", after)
		}
	}
}

func TestCallsAfterClose(t *testing.T) {
	engines(t, func(t *testing.T, path string) {
		db, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		calls := callsOf(db, "shop")
		if _, err := db.Collection("shop").Add(ctx(), M{"a": 1}); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Close(), db.Close()); err != nil {
			t.Fatal(err)
		}
		for name, call := range calls {
			err := call(ctx())
			if e := (*Error)(nil); !errors.Is(err, ErrClosed) || !errors.As(err, &e) {
				t.Errorf("%s: %v", name, err)
				continue
			}
			mustRead(t, err)
		}
	})
}

// A loop may be left in every way there is, and the database is free afterwards.
func TestLeavingLoops(t *testing.T) {
	engines(t, func(t *testing.T, path string) {
		db, err := Open(path, Fast)
		if err != nil {
			t.Fatal(err)
		}
		c := db.Collection("c")
		if _, err := c.AddMany(ctx(), make([]struct{ A int }, 2000)); err != nil {
			t.Fatal(err)
		}
		for _, q := range []*Query{c.Where(nil), c.Where(M{"A": 0}).OrderBy("A", Desc), c.Where(nil).Skip(5).Limit(1000)} {
			leaveLoops(t, c, q)
		}
		within(t, "close", func() {
			for range c.Where(nil).Each(ctx()) {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	})
}

func leaveLoops(t *testing.T, c *Collection, q *Query) {
	seen := 0
	for range q.Each(ctx()) {
		if seen++; seen == 3 {
			break
		}
	}
	func() {
		for range q.Each(ctx()) {
			return
		}
	}()
	func() {
		defer func() {
			if r := recover(); r != "mine" {
				t.Errorf("the panic of the body arrives as %v", r)
			}
		}()
		for range q.Each(ctx()) {
			panic("mine")
		}
	}()
	each := q.Each(ctx())
	for range 2 { // a loop can run again, and in itself
		n := 0
		for _, err := range each {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 1 {
				for range each {
					break
				}
			}
		}
		if n < 1000 {
			t.Errorf("%d documents", n)
		}
	}
	within, cancel := context.WithCancel(ctx())
	defer cancel()
	var last error
	for _, last = range q.Each(within) {
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("a loop whose context ends: %v", last)
	}
	for doc, err := range q.Limit(10).Each(ctx()) { // the body writes what is read
		if err == nil {
			_, err = c.Doc(doc.ID()).Update(ctx(), M{"n": query.Inc(1)})
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// One handle of each kind serves many goroutines.
func TestSharedHandles(t *testing.T) {
	c := teaShop(t)
	q, ref, typed := c.Where(M{"a": query.Gte(0)}).OrderBy("a", Asc), c.Doc("tea"), Of[M](c)
	each := q.Each(ctx())
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for range 20 {
				_, a := q.Limit(w).Skip(0).Get(ctx())
				_, b := ref.Update(ctx(), M{"n": query.Inc(1)})
				_, d := typed.Where(nil).OrderBy("a", Desc).Get(ctx())
				_, e := q.Where(M{"a": 1}).UpdateAndReturn(ctx(), M{"m": query.Inc(1)})
				for _, err := range each {
					a = errors.Join(a, err)
				}
				if err := errors.Join(a, b, d, e); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	doc, err := ref.Get(ctx())
	if n, _ := doc.Lookup("n").Int64(); err != nil || n != 160 {
		t.Errorf("%v, %v", doc, err)
	}
}

// Transactions, bulks and streams refuse what they cannot do, and end cleanly.
func TestBadTransactions(t *testing.T) {
	c := teaShop(t)
	before := contentsOf(t, c)
	run := func(f func(context.Context, *Tx) error, options ...txn.Options) error {
		return c.db.RunTransaction(ctx(), f, options...)
	}
	var ended *Tx
	if err := run(func(_ context.Context, tx *Tx) error { ended = tx; return nil }); err != nil {
		t.Fatal(err)
	}
	nothing := func(context.Context, *Tx) error { return nil }
	for name, err := range map[string]error{
		"no function":      run(nil),
		"no view function": c.db.View(ctx(), nil),
		"bad options":      run(nothing, txn.Options{MaxExecutions: -1, Timeout: -1}),
		"options twice":    run(nothing, txn.Options{}, txn.Options{}),
		"write in a view":  c.db.View(ctx(), func(ctx context.Context, tx *Tx) error { _, err := tx.Collection("shop").Add(ctx, M{}); return err }),
		"write beside it":  run(func(ctx context.Context, _ *Tx) error { _, err := c.Add(ctx, M{}); return err }),
		"one in another":   run(func(ctx context.Context, _ *Tx) error { return c.db.RunTransaction(ctx, nothing) }),
		"index": run(func(ctx context.Context, tx *Tx) error {
			return tx.Collection("shop").CreateIndex(ctx, index.Spec{Fields: index.By("a")})
		}),
		"watch": run(func(ctx context.Context, tx *Tx) error {
			_, err := tx.Collection("shop").Where(nil).Watch(ctx)
			return err
		}),
		"bulk twice":    func() error { b := c.Bulk(); _, _ = b.Commit(ctx()); _, err := b.Commit(ctx()); return err }(),
		"bulk mode":     func() error { _, err := c.Bulk().Commit(ctx(), Atomic+1); return err }(),
		"watch options": func() error { _, err := c.Where(nil).Watch(ctx(), watch.Options{MaxRecords: -1}); return err }(),
		"watch skip":    func() error { _, err := c.Where(nil).Skip(1).Watch(ctx()); return err }(),
	} {
		if e := (*Error)(nil); !errors.Is(err, ErrInvalid) || !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := ended.Collection("shop").Add(ctx(), M{})
	if e := (*Error)(nil); !errors.As(err, &e) || ended.Commit(ctx()) == nil {
		t.Errorf("a transaction that has ended: %v", err)
	}
	func() {
		defer func() {
			if r := recover(); r != "mine" {
				t.Errorf("the panic arrives as %v", r)
			}
		}()
		_ = run(func(ctx context.Context, tx *Tx) error {
			_, err := tx.Collection("shop").Doc("tea").Update(ctx, M{"a": 9})
			if err != nil {
				t.Error(err)
			}
			panic("mine")
		})
	}()
	within(t, "a write behind a panic", func() {
		if _, err := c.Doc("tea").Update(ctx(), M{"a": 1}); err != nil {
			t.Error(err)
		}
	})
	if after := contentsOf(t, c); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the collection is now %s", after)
	}
}

func TestBadOptions(t *testing.T) {
	file := t.TempDir() + "/file"
	if err := writeFile(file, "no database"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		path    string
		options []Option
		want    error
	}{
		{"empty path", "", nil, ErrInvalid},
		{"interval of 0", Memory, []Option{Interval(0)}, ErrInvalid},
		{"negative interval", Memory, []Option{Interval(-time.Second)}, ErrInvalid},
		{"negative memory", Memory, []Option{WithMemory(-1)}, ErrInvalid},
		{"negative slowness", Memory, []Option{SlowQuery(-1)}, ErrInvalid},
		{"all of them", Memory, []Option{SlowQuery(-1), WithMemory(-1), Interval(0)}, ErrInvalid},
		{"memory, read-only", Memory, []Option{ReadOnly()}, ErrInvalid},
		{"nothing to read", t.TempDir() + "/none", []Option{ReadOnly()}, ErrNotFound},
		{"a file", file, nil, nil},
		{"below a file", file + "/x", nil, nil},
		{"NUL", "a\x00b", nil, nil},
	} {
		db, err := Open(c.path, c.options...)
		if err == nil {
			t.Errorf("%s: opened, %v", c.name, db.Close())
			continue
		}
		if e := (*Error)(nil); c.want != nil && !errors.Is(err, c.want) || !errors.As(err, &e) || e.Op != "open" || db != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		mustRead(t, err)
	}
	db := openWith(t, Memory, nil, Interval(math.MaxInt64), WithLogger(nil), WithMemory(0))
	if _, err := db.Collection("c").Add(ctx(), M{"a": 1}); err != nil {
		t.Error(err)
	}
}

// A pattern that would run for years ends after its second.
func TestSlowPattern(t *testing.T) {
	c := openTest(t).Collection("shop")
	if _, err := c.Add(ctx(), M{"_id": 1, "s": strings.Repeat("a", 5000) + "b"}); err != nil {
		t.Fatal(err)
	}
	_, err := c.Where(M{"s": query.Regex(`^(?=x?)(a+)+\1$`)}).Get(ctx())
	if e := (*Error)(nil); !errors.Is(err, ErrTimeout) || !errors.As(err, &e) || e.Op != "find" {
		t.Errorf("%v", err)
	} else {
		mustRead(t, err)
	}
	if n, err := c.Where(M{"s": query.Regex(`(a+)+$`)}).Count(ctx()); err != nil || n != 0 {
		t.Errorf("a pattern that needs no backtracking: %d, %v", n, err)
	}
}
