package virga

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/storage/storagetest"
	"github.com/virgadb/virga/internal/trial"
	"github.com/virgadb/virga/query"
)

// engines are the paths a test runs with: a database in memory and one in a folder.
func engines(t *testing.T, f func(t *testing.T, path string)) {
	t.Run("memory", func(t *testing.T) { f(t, Memory) })
	t.Run("badger", func(t *testing.T) { f(t, t.TempDir()) })
}

func TestIndexIsMaintained(t *testing.T) {
	ctx := context.Background()
	engines(t, func(t *testing.T, path string) {
		db := openWith(t, path, Fast)
		c := db.Collection("c")
		for _, spec := range []index.Spec{
			{Fields: index.By("a", "-b")},
			{Fields: index.By("tags")},
			{Name: "long", Fields: index.By("s")},
			{Name: "sparse", Fields: index.By("x", "y"), Sparse: true},
			{Name: "unique", Fields: index.By("u"), Unique: true, Sparse: true},
		} {
			if err := c.CreateIndex(ctx, spec); err != nil {
				t.Fatal(err)
			}
		}
		rnd := rand.New(rand.NewPCG(1, 2))
		for i := range 400 {
			id := rnd.IntN(60)
			var err error
			switch rnd.IntN(5) {
			case 0, 1:
				_, err = c.Doc(id).Set(ctx, M{"a": rnd.IntN(3), "b": rnd.Float64(), "tags": []any{rnd.IntN(4), "t", nil}, "u": i})
			case 2:
				_, err = c.Doc(id).Update(ctx, M{"x": rnd.IntN(3), "s": strings.Repeat("long", rnd.IntN(1000))})
			case 3:
				_, err = c.Doc(id).Update(ctx, M{"tags": query.Push(i), "y": query.Remove(), "u": query.Remove()})
			case 4:
				_, err = c.Doc(id).Remove(ctx)
			}
			if err != nil && !errors.Is(err, ErrInvalid) {
				t.Fatal(err)
			}
		}
		infos, err := c.Indexes(ctx)
		if err != nil || len(infos) != 5 {
			t.Fatalf("indexes: %v, %v", infos, err)
		}
		if !infos[3].Multikey {
			t.Errorf("index on tags is not multikey: %+v", infos)
		}
	})
}

func TestIndexBuildBesideWriters(t *testing.T) {
	ctx := context.Background()
	engines(t, func(t *testing.T, path string) {
		db := openWith(t, path, Fast)
		c := db.Collection("c")
		var docs []M
		for i := range 3000 {
			docs = append(docs, M{"_id": i, "n": i % 7, "u": i})
		}
		if _, err := c.AddMany(ctx, docs); err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(w), 7))
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					id := rnd.IntN(3200)
					var err error
					switch rnd.IntN(4) {
					case 0:
						_, err = c.Doc(id).Set(ctx, M{"n": rnd.IntN(9), "u": id})
					case 1:
						_, err = c.Doc(id).Update(ctx, M{"n": query.Inc(1), "tags": []int{1, 2}})
					case 2:
						_, err = c.Doc(id).Remove(ctx)
					case 3:
						_, err = c.Doc(id).Update(ctx, M{"u": fmt.Sprint("w", w, "-", i)})
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for range 3 {
			specs := []index.Spec{{Fields: index.By("n", "-u")}, {Fields: index.By("u"), Unique: true, Sparse: true}, {Fields: index.By("tags")}}
			if err := c.CreateIndexes(ctx, specs, nil); err != nil {
				t.Error(err)
			}
			report, err := db.Check(ctx)
			if err == nil {
				err = report.Err()
			}
			if err != nil {
				t.Error(err)
			}
			for _, spec := range specs {
				if err := c.DropIndex(ctx, spec.Named().Name); err != nil {
					t.Error(err)
				}
			}
		}
		if err := c.CreateIndex(ctx, index.Spec{Fields: index.By("n")}); err != nil {
			t.Error(err)
		}
		close(stop)
		wg.Wait()
	})
}

func TestUniqueIndex(t *testing.T) {
	ctx := context.Background()
	engines(t, func(t *testing.T, path string) {
		db := openTest(t, path)
		c := db.Collection("users")
		unique := index.Spec{Fields: index.By("email"), Unique: true}
		for i := range 30 {
			if _, err := c.Add(ctx, M{"_id": i, "email": fmt.Sprint(i % 15)}); err != nil {
				t.Fatal(err)
			}
		}
		err := c.CreateIndex(ctx, unique)
		if !errors.Is(err, ErrDuplicate) || strings.Count(err.Error(), "of document") != 10 {
			t.Errorf("unique index over duplicates: %v", err)
		}
		if infos, _ := c.Indexes(ctx); len(infos) != 0 {
			t.Errorf("a failed build left %v", infos)
		}
		if _, err := c.Where(M{"_id": query.Gte(15)}).Remove(ctx); err != nil {
			t.Fatal(err)
		}
		if err := c.CreateIndex(ctx, unique); err != nil {
			t.Fatal(err)
		}
		if err := c.CreateIndex(ctx, unique); err != nil {
			t.Errorf("creating it again: %v", err)
		}
		for name, f := range map[string]func() error{
			"add":        func() error { _, err := c.Add(ctx, M{"email": "3"}); return err },
			"set":        func() error { _, err := c.Doc(40).Set(ctx, M{"email": "3"}); return err },
			"update":     func() error { _, err := c.Doc(4).Update(ctx, M{"email": "3"}); return err },
			"add many":   func() error { _, err := c.AddMany(ctx, []M{{"email": "new"}, {"email": "new"}}); return err },
			"add nulls":  func() error { _, err := c.AddMany(ctx, []M{{"email": nil}, {}}); return err },
			"update all": func() error { _, err := c.Where(M{}).Update(ctx, M{"email": "same"}); return err },
		} {
			if err := f(); !errors.Is(err, ErrDuplicate) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := c.Doc(3).Update(ctx, M{"email": "three"}); err != nil {
			t.Error(err)
		}
		if _, err := c.Add(ctx, M{"email": "3"}); err != nil {
			t.Errorf("a value that was given up: %v", err)
		}
		raceForValue(t, c)
	})
}

// A number in a unique index may become another form of itself, whose entry has the same
// key, and a document without the field one with null.
func TestUniqueIndexTakesTheSameValueInAnotherForm(t *testing.T) {
	engines(t, func(t *testing.T, path string) {
		db := openWith(t, path, Fast)
		c := db.Collection("c")
		done(t, c.CreateIndex(ctx(), index.Spec{Fields: index.By("n"), Unique: true}))
		_, err := c.AddMany(ctx(), []M{{"_id": 1, "n": 7}, {"_id": 2}})
		done(t, err)
		for _, n := range []any{7.0, 7, 7.0} {
			_, err := c.Doc(1).Update(ctx(), M{"n": n})
			done(t, err)
			mustCheck(t, db)
		}
		done(t, db.RunTransaction(ctx(), func(ctx context.Context, tx *Tx) error {
			_, err := tx.Collection("c").Doc(1).Update(ctx, M{"n": 7})
			return err
		}))
		for _, v := range []any{nil, query.Remove()} {
			_, err := c.Doc(2).Update(ctx(), M{"n": v})
			done(t, err)
		}
		if _, err := c.Add(ctx(), M{"n": 7.0}); !errors.Is(err, ErrDuplicate) {
			t.Errorf("another document of 7: %v", err)
		}
	})
}

// raceForValue lets many writers add the same unique value: one may succeed.
func raceForValue(t *testing.T, c *Collection) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 16 {
		wg.Go(func() {
			_, err := c.Add(context.Background(), M{"email": "contested"})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !errors.Is(err, ErrDuplicate) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d writers got the same unique value", won)
	}
}

func TestIndexBuildIsCancelled(t *testing.T) {
	db := openTest(t, Memory)
	c := db.Collection("c")
	var docs []M
	for i := range 5000 {
		docs = append(docs, M{"_id": i})
	}
	if _, err := c.AddMany(context.Background(), docs); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err := c.CreateIndexes(ctx, []index.Spec{{Fields: index.By("a")}}, func(_ index.Spec, done, total int64) {
		if total != 5000 {
			t.Errorf("total %d", total)
		}
		if done > 1000 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled build: %v", err)
	}
	if infos, err := c.Indexes(context.Background()); len(infos) != 0 || err != nil {
		t.Errorf("left %v, %v", infos, err)
	}
	for deadline := time.Now().Add(trial.Patience); ; time.Sleep(time.Millisecond) {
		if stats, err := db.Stats(context.Background()); err != nil || stats.Sweeping == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the cancelled index is not swept")
		}
	}
}

// TestIndexBuildFails: what a failed build could not take away again is in nobody's
// way, and does not pass for a build under way.
func TestIndexBuildFails(t *testing.T) {
	full := fmt.Errorf("no room: %w", ErrFull)
	for name, failure := range map[string]error{"full disk": full, "failed write": errPlanned} {
		t.Run(name, func(t *testing.T) {
			var broken atomic.Bool
			plan := func(c storagetest.Call) error {
				if broken.Load() && c.Op == storagetest.Apply && !c.After {
					return failure
				}
				return nil
			}
			config, err := configure(nil)
			if err != nil {
				t.Fatal(err)
			}
			db, err := openStore("faulty", storagetest.Faulty(storagetest.NewCrashing(), plan), config)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			c := db.Collection("c")
			if _, err := c.AddMany(ctx(), []M{{"_id": 1, "a": 1}, {"_id": 2, "a": 2}}); err != nil {
				t.Fatal(err)
			}
			spec := index.Spec{Name: "a", Fields: index.By("a")}
			fail := func() {
				t.Helper()
				progress := func(index.Spec, int64, int64) { broken.Store(true) }
				if err := c.CreateIndexes(ctx(), []index.Spec{spec}, progress); !errors.Is(err, failure) {
					t.Fatalf("build: %v", err)
				}
			}
			fail()
			if failure != full {
				if err := c.DropIndex(ctx(), "a"); !errors.Is(err, ErrReadOnly) || !errors.Is(err, failure) {
					t.Errorf("drop: %v", err)
				}
				if err := c.CreateIndex(ctx(), spec); !errors.Is(err, ErrReadOnly) || !errors.Is(err, failure) {
					t.Errorf("create: %v", err)
				}
				return
			}
			broken.Store(false)
			if err := c.DropIndex(ctx(), "a"); err != nil {
				t.Errorf("drop: %v", err)
			}
			fail()
			broken.Store(false)
			if err := c.CreateIndex(ctx(), spec); err != nil {
				t.Errorf("create: %v", err)
			}
			if infos, err := c.Indexes(ctx()); len(infos) != 1 || infos[0].Entries != 2 || err != nil {
				t.Errorf("indexes %v, %v", infos, err)
			}
			mustCheck(t, db)
		})
	}
}

func TestBadIndexes(t *testing.T) {
	ctx := context.Background()
	db := openTest(t, Memory)
	c := db.Collection("c")
	if err := c.CreateIndex(ctx, index.Spec{Fields: index.By("a")}); err != nil {
		t.Fatal(err)
	}
	many := make([]string, 32)
	for i := range many {
		many[i] = fmt.Sprint("f", i)
	}
	for name, x := range map[string]struct {
		spec index.Spec
		want error
	}{
		"no fields":       {index.Spec{}, ErrInvalid},
		"32 fields":       {index.Spec{Fields: index.By(many...)}, ErrInvalid},
		"twice":           {index.Spec{Fields: index.By("a", "-a")}, ErrInvalid},
		"_id":             {index.Spec{Fields: index.By("_id")}, ErrInvalid},
		"the name _id_":   {index.Spec{Name: "_id_", Fields: index.By("b")}, ErrInvalid},
		"empty path":      {index.Spec{Fields: index.By("")}, ErrInvalid},
		"empty segment":   {index.Spec{Fields: index.By("a..b")}, ErrInvalid},
		"dollar":          {index.Spec{Fields: index.By("$a")}, ErrInvalid},
		"unique geo":      {index.Spec{Geo: "loc", Unique: true}, ErrInvalid},
		"other options":   {index.Spec{Fields: index.By("a"), Unique: true}, ErrExists},
		"other name":      {index.Spec{Name: "x", Fields: index.By("a")}, ErrExists},
		"NUL in the name": {index.Spec{Name: "x\x00", Fields: index.By("b")}, ErrInvalid},
	} {
		if err := c.CreateIndex(ctx, x.spec); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
	}
	if err := c.DropIndex(ctx, "missing"); !errors.Is(err, ErrNotFound) {
		t.Errorf("dropping an index that does not exist: %v", err)
	}
	if err := c.CreateIndex(ctx, index.Spec{Fields: index.By("p", "q")}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Add(ctx, M{"p": []int{1}, "q": []int{2}}); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "parallel arrays") {
		t.Errorf("parallel arrays: %v", err)
	}
}
