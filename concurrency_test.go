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

	"github.com/virgadb/virga/query"
)

// A crowd is writers and readers of one database at work together.
type crowd struct {
	t    *testing.T
	db   *DB
	stop atomic.Bool // readers are to end

	begun, done atomic.Int64 // increments of the counters: those that may and those that must be there
	batches     atomic.Int64
	writes      atomic.Int64
	reads       atomic.Int64
}

const (
	counters  = 8  // documents that are incremented, of which the first is hot
	batchSize = 12 // documents of a batch that is added and removed as a whole
	writers   = 8
	readers   = 3
)

func TestConcurrency(t *testing.T) {
	for _, c := range []struct {
		name   string
		disk   bool
		level  Option
		writes int // of each writer in a round
	}{
		{"memory", false, Sync, 100},
		{"badger sync", true, Sync, 25},
		{"badger interval", true, Interval(3 * time.Millisecond), 50},
		{"badger fast", true, Fast, 50},
	} {
		t.Run(c.name, func(t *testing.T) {
			seed, path := newSeed(t), Memory
			if c.disk {
				path = t.TempDir()
			}
			db := openWith(t, path, c.level)
			var writes, batches, reads int64
			for round := range effort() {
				w := &crowd{t: t, db: db}
				w.run(seed+uint64(round), c.writes)
				writes, batches, reads = writes+w.writes.Load(), batches+w.batches.Load(), reads+w.reads.Load()
			}
			t.Logf("%s: seed %d, %d writes, %d batches, %d reads, failed %v", c.name, seed, writes, batches, reads, t.Failed())
		})
	}
}

// run lets the crowd work, a number of writes each, and leaves nothing but counters.
func (w *crowd) run(seed uint64, writes int) {
	for i := range counters {
		w.must(w.db.Collection("counters").Doc(i).Set(ctx(), M{"n": 0, "kind": i % 2}))
	}
	var writing, reading sync.WaitGroup
	for i := range writers {
		writing.Go(func() {
			rnd := random(seed, uint64(i))
			for n := range writes {
				w.write(rnd, fmt.Sprintf("%d-%d", i, n))
			}
		})
	}
	for i := range readers {
		reading.Go(func() {
			rnd := random(seed, uint64(100+i))
			for !w.stop.Load() {
				w.read(rnd)
				w.reads.Add(1)
			}
		})
	}
	writing.Wait()
	w.stop.Store(true)
	reading.Wait()
	w.sum()
	w.whole()
	for _, name := range []string{"batches", "loose"} {
		if err := w.db.DropCollection(ctx(), name); err != nil && !errors.Is(err, ErrNotFound) {
			w.t.Errorf("drop: %v", err)
		}
	}
}

func ctx() context.Context { return context.Background() }

// must reports an error of a write: none of them may meet a conflict, or anything.
func (w *crowd) must(_ any, err error) {
	if err != nil {
		w.t.Errorf("write: %v", err)
	}
}

// write makes one random write.
func (w *crowd) write(rnd *rand.Rand, name string) {
	w.writes.Add(1)
	count := w.db.Collection("counters")
	switch rnd.IntN(10) {
	case 0, 1, 2: // the hot one
		w.increment(1, func() (int, error) {
			res, err := count.Doc(0).Update(ctx(), M{"n": query.Inc(1)})
			return res.Updated, err
		})
	case 3:
		w.increment(1, func() (int, error) {
			res, err := count.Where(M{"_id": rnd.IntN(counters)}).UpdateAndReturn(ctx(), M{"n": query.Inc(1)})
			return res.Updated, err
		})
	case 4: // the half of them
		w.increment(counters/2, func() (int, error) {
			res, err := count.Where(M{"kind": rnd.IntN(2)}).Update(ctx(), M{"n": query.Inc(1)})
			return res.Updated, err
		})
	case 5, 6:
		w.batch(name)
	case 7:
		coll := w.db.Collection("loose")
		id := rnd.IntN(20)
		w.must(coll.Doc(id).Set(ctx(), M{"name": name, "twice": M{"name": name}}))
		if rnd.IntN(2) == 0 {
			w.must(coll.Doc(id).Remove(ctx()))
		}
	case 8:
		id, err := w.db.Collection("loose").Add(ctx(), M{"name": name, "twice": M{"name": name}})
		w.must(id, err)
	case 9:
		w.must(w.db.Collection("loose").Where(M{"name": query.Lt(name)}).Remove(ctx()))
	}
}

// increment runs a write that adds n to the sum of the counters.
func (w *crowd) increment(n int, write func() (int, error)) {
	w.begun.Add(int64(n))
	updated, err := write()
	if err != nil || updated != n {
		w.t.Errorf("increment of %d: %d updated, %v", n, updated, err)
	}
	w.done.Add(int64(n))
}

// batch adds some documents at once.
func (w *crowd) batch(name string) {
	docs := make([]M, batchSize)
	for i := range docs {
		docs[i] = M{"batch": name, "i": i}
	}
	w.must(w.db.Collection("batches").AddMany(ctx(), docs))
	w.batches.Add(1)
}

// read looks at one moment and checks what holds at every one.
func (w *crowd) read(rnd *rand.Rand) {
	switch rnd.IntN(3) {
	case 0:
		w.sum()
	case 1:
		w.whole()
	case 2:
		for doc, err := range w.db.Collection("loose").Where(nil).Each(ctx()) {
			if err != nil {
				w.t.Errorf("read: %v", err)
			} else if a, b := doc.Lookup("name").String(), doc.Lookup("twice.name").String(); a != b {
				w.t.Errorf("torn document %v", doc)
			}
		}
	}
}

// sum checks that the counters add up to what was done before the read began, or
// more, but not to more than had begun when it ended. Adding to several at once is
// atomic for each only.
func (w *crowd) sum() {
	least := w.done.Load()
	sum := int64(0)
	for doc, err := range w.db.Collection("counters").Where(nil).OrderBy("n", Desc).Each(ctx()) {
		if err != nil {
			w.t.Errorf("read: %v", err)
			return
		}
		n, _ := doc.Lookup("n").Int64()
		sum += n
	}
	if most := w.begun.Load(); sum < least || sum > most {
		w.t.Errorf("the counters add up to %d, at least %d were done and at most %d begun", sum, least, most)
	}
}

// whole checks that every batch is seen wholly or not at all.
func (w *crowd) whole() {
	found := map[string]int{}
	least := w.batches.Load()
	for doc, err := range w.db.Collection("batches").Where(nil).Each(ctx()) {
		if err != nil {
			w.t.Errorf("read: %v", err)
			return
		}
		name, _ := doc.Lookup("batch").Text()
		found[name]++
	}
	for name, n := range found {
		if n != batchSize {
			w.t.Errorf("%d of %d documents of batch %s", n, batchSize, name)
		}
	}
	if int64(len(found)) < least {
		w.t.Errorf("%d batches found, %d were added", len(found), least)
	}
}

// Of several that take the first free task, no two get the same.
func TestUpdateAndReturnGivesEachOnce(t *testing.T) {
	db := openTest(t)
	tasks := db.Collection("tasks")
	n := 40 * effort()
	docs := make([]M, n)
	for i := range docs {
		docs[i] = M{"_id": i, "free": true, "rank": i % 7}
	}
	if _, err := tasks.AddMany(ctx(), docs); err != nil {
		t.Fatal(err)
	}
	var taken sync.Map
	var count atomic.Int64
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for {
				res, err := tasks.Where(M{"free": true}).OrderBy("rank", Desc).UpdateAndReturn(ctx(), M{"free": false})
				if err != nil {
					t.Error(err)
				}
				if err != nil || res.Matched == 0 {
					return
				}
				if _, twice := taken.LoadOrStore(res.Doc.ID(), true); twice {
					t.Errorf("%v was taken twice", res.Doc.ID())
				}
				count.Add(1)
			}
		})
	}
	wg.Wait()
	if int(count.Load()) != n {
		t.Errorf("%d tasks taken of %d", count.Load(), n)
	}
}

// Writers that come and go with collections under them lose nothing: a document
// that was acknowledged is there unless its collection was dropped after.
func TestWritesWhileCollectionsComeAndGo(t *testing.T) {
	db := openTest(t)
	var wg sync.WaitGroup
	end := time.Now().Add(time.Duration(100*effort()) * time.Millisecond)
	var writes, drops atomic.Int64
	for i := range 4 {
		wg.Go(func() {
			for n := 0; time.Now().Before(end); n++ {
				if _, err := db.Collection("c").Doc(fmt.Sprintf("%d-%d", i, n%50)).Set(ctx(), M{"n": n}); err != nil {
					t.Errorf("set: %v", err)
				}
				writes.Add(1)
			}
		})
	}
	wg.Go(func() {
		for time.Now().Before(end) {
			switch err := db.DropCollection(ctx(), "c"); {
			case err == nil:
				drops.Add(1)
			case !errors.Is(err, ErrNotFound):
				t.Errorf("drop: %v", err)
			}
			time.Sleep(time.Millisecond)
		}
	})
	wg.Go(func() {
		for time.Now().Before(end) {
			if err := db.CreateCollection(ctx(), "c"); err != nil && !errors.Is(err, ErrExists) {
				t.Errorf("create: %v", err)
			}
		}
	})
	wg.Wait()
	t.Logf("%d writes, %d drops", writes.Load(), drops.Load())
}
