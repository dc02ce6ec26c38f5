package virga

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/trial"
	"github.com/virgadb/virga/query"
)

// mirrorsOf returns the mirrors that are in use, by "collection" and
// "collection.index", with their entries.
func mirrorsOf(t *testing.T, db *DB) map[string]int {
	t.Helper()
	stats, err := db.Stats(ctx())
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]int{}
	var bytes int64
	for _, m := range stats.Mirrors {
		bytes += m.Bytes
		name := m.Collection
		if m.Index != "" {
			name += "." + m.Index
		}
		if !m.Loading {
			names[name] = m.Entries
		}
	}
	if stats.MemoryBytes < bytes {
		t.Errorf("%d bytes in memory, of which %d are mirrors", stats.MemoryBytes, bytes)
	}
	return names
}

// mirrorAll reads by f until that many mirrors are in use.
func mirrorAll(t *testing.T, db *DB, n int, f func()) map[string]int {
	t.Helper()
	for end := time.Now().Add(trial.Patience); ; time.Sleep(time.Millisecond) {
		f()
		if names := mirrorsOf(t, db); len(names) == n {
			return names
		} else if time.Now().After(end) {
			t.Fatalf("mirrored: %v", names)
		}
	}
}

// Stats names what is mirrored, answers stay the same, and what is dropped goes.
func TestMirrors(t *testing.T) {
	db := openWith(t, t.TempDir(), Fast)
	c := db.Collection("orders")
	if err := c.CreateIndex(ctx(), index.Spec{Name: "by_n", Fields: index.By("n")}); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if _, err := c.Add(ctx(), M{"_id": i, "n": i % 10}); err != nil {
			t.Fatal(err)
		}
	}
	read := func() {
		docs, err := c.Where(M{"n": 3}).Hint("by_n").Get(ctx())
		if err != nil || len(docs) != 20 {
			t.Fatalf("%d documents, %v", len(docs), err)
		}
		for i := range 200 {
			if _, err := c.Doc(i).Get(ctx()); err != nil {
				t.Fatal(err)
			}
		}
	}
	names := mirrorAll(t, db, 2, read)
	if names["orders"] != 200 || names["orders.by_n"] != 200 {
		t.Errorf("mirrored: %v", names)
	}
	if _, err := c.Where(M{"n": 4}).Update(ctx(), M{"n": 3}); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Where(M{"n": 3}).Hint("by_n").Count(ctx()); n != 40 || err != nil {
		t.Errorf("%d documents, %v", n, err)
	}
	if err := c.DropIndex(ctx(), "by_n"); err != nil {
		t.Fatal(err)
	}
	if names := mirrorsOf(t, db); len(names) != 1 {
		t.Errorf("without the index mirrored: %v", names)
	}
	if err := db.DropCollection(ctx(), "orders"); err != nil {
		t.Fatal(err)
	}
	if names := mirrorsOf(t, db); len(names) != 0 {
		t.Errorf("without the collection mirrored: %v", names)
	}
}

func TestNoMirrors(t *testing.T) {
	for path, options := range map[string][]Option{Memory: nil, t.TempDir(): {Fast, WithMemory(0)}} {
		db := openWith(t, path, options...)
		c := db.Collection("orders")
		for i := range 100 {
			if _, err := c.Add(ctx(), M{"_id": i}); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Where(nil).Get(ctx()); err != nil {
				t.Fatal(err)
			}
		}
		if names := mirrorsOf(t, db); len(names) != 0 {
			t.Errorf("%s: mirrored: %v", path, names)
		}
	}
}

// Readers, writers and Check at once, with so little memory that mirrors come and
// go: every query finds, by index and by scan, what one moment holds.
func TestMirrorsComeAndGo(t *testing.T) {
	seed := newSeed(t)
	rnd := random(seed, 0)
	memory := int64(8_000 + rnd.IntN(60_000))
	db := openWith(t, t.TempDir(), Fast, WithMemory(memory))
	var reads, mirrored atomic.Int64
	var all sync.WaitGroup
	longest, cancel := context.WithTimeout(ctx(), time.Duration(effort())*1500*time.Millisecond+trial.Patience)
	defer cancel()
	run, stop := context.WithTimeout(longest, time.Duration(effort())*1500*time.Millisecond)
	defer stop()
	start := func(n int, f func(rnd *rand.Rand) error) {
		all.Go(func() {
			for rnd := random(seed, uint64(n)); run.Err() == nil || mirrored.Load() == 0 && longest.Err() == nil; {
				if err := f(rnd); err != nil {
					t.Errorf("seed %d: %v", seed, err)
					cancel()
				}
			}
		})
	}
	const collections, documents = 3, 200
	for n := range collections {
		c := db.Collection(fmt.Sprint("c", n))
		if err := c.CreateIndex(ctx(), index.Spec{Name: "n", Fields: index.By("n")}); err != nil {
			t.Fatal(err)
		}
		start(1+n, func(rnd *rand.Rand) error {
			id := rnd.IntN(documents)
			if rnd.IntN(4) == 0 {
				_, err := c.Doc(id).Remove(ctx())
				return err
			}
			_, err := c.Doc(id).Set(ctx(), M{"n": rnd.IntN(20), "pad": fmt.Sprintf("%*d", rnd.IntN(300), 0)})
			return err
		})
	}
	for n := range 2 {
		start(10+n, func(rnd *rand.Rand) error {
			reads.Add(1)
			time.Sleep(time.Millisecond) // or writers would hardly get on
			return sameByIndex(db, fmt.Sprint("c", rnd.IntN(collections)), rnd.IntN(20))
		})
	}
	start(20, func(*rand.Rand) error {
		report, err := db.Check(ctx())
		if err == nil {
			err = report.Err()
		}
		return err
	})
	start(21, func(*rand.Rand) error {
		stats, err := db.Stats(ctx())
		if held := db.store.Stats().Mirrors; held > memory-memory/4 {
			return fmt.Errorf("%d bytes of mirrors with %d of memory", held, memory)
		}
		mirrored.Add(int64(len(stats.Mirrors)))
		time.Sleep(time.Millisecond)
		return err
	})
	all.Wait()
	st := db.store.Stats()
	t.Logf("seed %d, memory %d: %d reads, %d commits, %d loads, %d drops", seed, memory, reads.Load(), st.Commits, st.MirrorLoads, st.MirrorDrops)
	if st.MirrorLoads == 0 || mirrored.Load() == 0 {
		t.Error("nothing was mirrored")
	}
}

// sameByIndex compares, in one transaction, what an index and a scan find.
func sameByIndex(db *DB, name string, n int) error {
	tx, err := db.StartTransaction(ctx())
	if err != nil {
		return err
	}
	defer tx.Rollback(nil)
	q := tx.Collection(name).Where(M{"n": query.Eq(n)})
	byIndex, err := q.Hint("n").Get(ctx())
	if err != nil {
		return err
	}
	byScan, err := q.Hint(NoIndex).Get(ctx())
	if err != nil {
		return err
	}
	if len(byIndex) != len(byScan) {
		return fmt.Errorf("%s, n = %d: %d documents by index, %d by scan", name, n, len(byIndex), len(byScan))
	}
	for i := range byIndex {
		if string(byIndex[i].Raw()) != string(byScan[i].Raw()) {
			return fmt.Errorf("%s, n = %d: %s by index, %s by scan", name, n, byIndex[i], byScan[i])
		}
	}
	return nil
}
