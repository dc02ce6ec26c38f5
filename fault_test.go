package virga

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/badger"
	"github.com/virgadb/virga/internal/storage/storagetest"
)

// errPlanned is the error that an engine answers by plan.
var errPlanned = errors.New("planned failure")

// faultScript is what a database is doing when its engine fails.
const faultScript = `
{"do":"create","in":"p"}
{"do":"add","in":"p","data":{"_id":1,"v":1,"t":[1]}}
{"do":"index","in":"p","fields":{"v":1}}
{"do":"addmany","in":"p","data":[{"_id":2,"v":2},{"_id":3,"v":3},{"_id":4,"v":4}]}
{"do":"set","in":"p","id":5,"data":{"v":5},"pad":530000}
{"do":"update","in":"p","id":1,"data":{"$inc":{"v":10}}}
{"do":"set","in":"q","id":1,"data":{"v":1}}
{"do":"find","in":"p","where":{"v":{"$gt":1}},"order":{"v":-1}}
{"do":"updatewhere","in":"p","where":{"v":{"$lt":5}},"data":{"$inc":{"v":100}}}
{"do":"get","in":"p","id":5}
{"do":"set","in":"p","id":5,"data":{"v":6},"pad":540000}
{"do":"count","in":"p","where":{"v":3}}
{"do":"updateone","in":"p","where":{"v":103},"data":{"$set":{"v":7}}}
{"do":"remove","in":"p","id":2}
{"do":"removewhere","in":"p","where":{"v":104}}
{"do":"index","in":"p","fields":{"t":-1}}
{"do":"distinct","in":"p","path":"v"}
{"do":"unindex","in":"p","fields":{"v":1}}
{"do":"check"}
{"do":"drop","in":"p"}
{"do":"add","in":"p","data":{"_id":9,"v":9}}
{"do":"compact"}
{"do":"update","in":"q","id":1,"data":{"$set":{"v":2}}}
`

// A faultRun is a script on a database whose engine fails by plan.
type faultRun struct {
	model *naive
	maybe *op             // a write that failed and may have happened, the last that changed anything
	began map[string]bool // collections that a failed write may have created before its document
	fired atomic.Bool
	err   error // what is wrong with how the database takes it
}

// run opens a database over e, runs the script and closes it. A failure must be
// answered by a clear error, and only the call that it hit may be in doubt.
func (f *faultRun) run(e storage.Engine, plan storagetest.Plan, planned error, level storage.Durability) {
	f.model, f.began = newNaive(), map[string]bool{}
	fail := func(c storagetest.Call) error {
		err := plan(c)
		if err != nil {
			f.fired.Store(true)
		}
		return err
	}
	c, err := configure([]Option{func(c *config) { c.durability, c.every = level, time.Millisecond }})
	if err != nil {
		f.err = err
		return
	}
	db, err := openStore("faulty", storagetest.Faulty(e, fail), c)
	if err != nil {
		if !errors.Is(err, planned) {
			f.err = fmt.Errorf("open: %w", err)
		}
		return
	}
	ops, err := parseOps(faultScript)
	for i := range ops {
		if err == nil {
			err = f.step(db, ops[i], planned)
		}
	}
	f.err = err
	if err := db.Close(); err != nil && !errors.Is(err, planned) {
		f.err = errors.Join(f.err, fmt.Errorf("close: %w", err))
	}
}

func (f *faultRun) step(db *DB, o op, planned error) error {
	err := performAny(context.Background(), db, o)
	if err == nil {
		was := f.model.copy()
		f.model.apply(o)
		if len(differ(was, f.model)) > 0 {
			f.maybe = nil // writing went on, so that has not happened
		}
		return nil
	}
	where := (*Error)(nil)
	switch {
	case !errors.Is(err, planned) && !errors.Is(err, ErrReadOnly):
		return fmt.Errorf("%v: %w", o, err)
	case !errors.As(err, &where):
		return fmt.Errorf("%v: no *Error: %w", o, err)
	}
	f.began[o.In] = true
	if f.maybe == nil && !errors.Is(err, ErrFull) {
		f.maybe = &o
	}
	return nil
}

// performAny is perform, with the ops that read. Not being there is no error.
func performAny(ctx context.Context, db *DB, o op) (err error) {
	coll := db.Collection(o.In)
	switch o.Do {
	case "find":
		_, err = ordering(coll.Where(o.where()), o).Get(ctx)
	case "get":
		_, err = coll.Doc(o.ID).Get(ctx)
	case "count":
		_, err = coll.Where(o.where()).Count(ctx)
	case "distinct":
		_, err = coll.Where(o.where()).Distinct(ctx, o.Path)
	case "updateone":
		_, err = coll.Where(o.where()).UpdateAndReturn(ctx, o.update())
	case "check":
		var report CheckReport
		if report, err = db.Check(ctx); err == nil {
			err = report.Err()
		}
	case "compact":
		err = db.Compact(ctx)
	default:
		return perform(ctx, db, o)
	}
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// verify compares what e holds, opened without failures, with what was acknowledged.
func (f *faultRun) verify(e storage.Engine) error {
	if f.err != nil {
		return f.err
	}
	c, err := configure(nil)
	if err != nil {
		return err
	}
	db, err := openStore("healed", e, c)
	if err != nil {
		return fmt.Errorf("open again: %w", err)
	}
	defer db.Close()
	if err := performAny(context.Background(), db, op{Do: "check"}); err != nil {
		return err
	}
	stored, err := contents(db)
	if err != nil {
		return err
	}
	after, last := f.model.copy(), op{}
	if f.maybe != nil {
		last = *f.maybe
		after.apply(last)
	}
	for name := range f.began {
		if f.model.colls[name] == nil && len(stored.colls[name]) == 0 {
			delete(stored.colls, name)
			delete(after.colls, name)
		}
	}
	if err := between(stored, f.model, after, last); err != nil {
		return err
	}
	_, err = db.Collection("p").Doc("new").Set(context.Background(), M{"v": 1})
	return err
}

// contents returns all that a database holds.
func contents(db *DB) (*naive, error) {
	n := newNaive()
	names, err := db.Collections(context.Background())
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		n.make(name)
		for doc, err := range db.Collection(name).Where(nil).Each(context.Background()) {
			if err != nil {
				return nil, err
			}
			n.put(name, decoded(doc.Value()).(D))
		}
	}
	return n, nil
}

// TestFaults fails the n-th call of the engine, before or after its work, for
// every n there is; with little effort for some of them, others each time.
func TestFaults(t *testing.T) {
	runs, failed := 0, 0
	stride := max(1, 16/effort())
	first := 1 + random(newSeed(t), 0).IntN(stride)
	for _, c := range []struct {
		name  string
		err   error
		after bool
		ops   []storagetest.Op
	}{
		{"any call before", errPlanned, false, nil},
		{"any call after", errPlanned, true, nil},
		{"write before", errPlanned, false, []storagetest.Op{storagetest.Apply, storagetest.Sync}},
		{"write after", errPlanned, true, []storagetest.Op{storagetest.Apply, storagetest.Sync}},
		{"full disk", fmt.Errorf("no room: %w", ErrFull), false, []storagetest.Op{storagetest.Apply}},
	} {
		for n := first; ; n += stride {
			engine := storagetest.NewCrashing()
			var f faultRun
			within(t, fmt.Sprintf("%s %d", c.name, n), func() {
				f.run(engine, storagetest.FailNth(n, c.after, c.err, c.ops...), c.err, storage.Durability(n%3))
			})
			if err := f.verify(engine.Kill()); err != nil {
				failed++
				t.Errorf("%s, call %d: %v", c.name, n, err)
			}
			runs++
			if !f.fired.Load() || failed > 5 {
				break
			}
		}
	}
	t.Logf("faults: %d runs, %d failures", runs, failed)
}

// TestFaultsOnDisk fails some calls of the engine on disk.
func TestFaultsOnDisk(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	rnd := random(seed, 0)
	for range 1 + effort() {
		n, after, path := 1+rnd.IntN(150), rnd.IntN(2) == 0, t.TempDir()
		engine, err := badger.Open(path, badger.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var f faultRun
		f.run(engine, storagetest.FailNth(n, after, errPlanned), errPlanned, storage.Fast)
		engine, err = badger.Open(path, badger.Options{})
		if err != nil {
			t.Fatalf("seed %d, call %d: open again: %v", seed, n, err)
		}
		if err := f.verify(engine); err != nil {
			t.Errorf("seed %d, call %d, after %v: %v", seed, n, after, err)
		}
	}
}

// A failed write ends writing for all who wait, with an error that says why, and
// reading goes on.
func TestFaultUnderWriters(t *testing.T) {
	for n := 3; n < 40*effort() && n < 400; n += 7 {
		engine := storagetest.NewCrashing()
		c, err := configure(nil)
		if err != nil {
			t.Fatal(err)
		}
		plan := storagetest.FailNth(n, n%2 == 0, errPlanned, storagetest.Apply)
		db, err := openStore("faulty", storagetest.Faulty(engine, plan), c)
		if err != nil {
			t.Fatal(err)
		}
		var acknowledged sync.Map
		var wg sync.WaitGroup
		for w := range 6 {
			wg.Go(func() {
				for i := 0; ; i++ {
					id := fmt.Sprintf("%d-%d", w, i)
					_, err := db.Collection("c").Add(ctx(), M{"_id": id})
					if err == nil {
						acknowledged.Store(id, true)
						continue
					}
					if !errors.Is(err, ErrReadOnly) || !errors.Is(err, errPlanned) {
						t.Errorf("add: %v", err)
					}
					return
				}
			})
		}
		within(t, "writing", wg.Wait)
		if _, err := db.Collection("c").Where(nil).Count(ctx()); err != nil {
			t.Errorf("count: %v", err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		db, err = openStore("healed", engine.Kill(), c)
		if err != nil {
			t.Fatal(err)
		}
		acknowledged.Range(func(id, _ any) bool {
			if _, err := db.Collection("c").Doc(id).Get(ctx()); err != nil {
				t.Errorf("acknowledged, then: %v", err)
			}
			return true
		})
		mustCheck(t, db)
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}
