package bench

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/badger"
)

// BenchmarkSnapshotUnderWrites takes and releases snapshots of the store while
// others write: an operation is one of them, "p50-ns" and "p99-ns" are quantiles
// of the taking alone, with some 50 ns for looking at the clock. The floor takes
// a transaction of Badger in managed mode, with nobody writing.
func BenchmarkSnapshotUnderWrites(b *testing.B) {
	for _, d := range []storage.Durability{storage.Fast, storage.Sync} {
		for _, writers := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/writers=%d", map[storage.Durability]string{storage.Fast: "fast", storage.Sync: "sync"}[d], writers), func(b *testing.B) {
				snapshots(b, d, writers)
			})
		}
	}
}

func snapshots(b *testing.B, d storage.Durability, writers int) {
	engine, err := badger.Open(filepath.Join(b.TempDir(), "store"), badger.Options{})
	if err != nil {
		b.Fatal(err)
	}
	store, err := storage.New(engine, storage.Options{Durability: d})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	r, err := openRaw(filepath.Join(b.TempDir(), "raw"), false)
	if err != nil {
		b.Fatal(err)
	}
	defer r.db.Close()
	var took []time.Duration
	ours := func(w *watch, n int) error {
		stop := writeMeanwhile(b, store, writers)
		defer stop()
		took = slices.Grow(took, n)
		w.Start()
		defer w.Stop()
		for range n {
			began := time.Now()
			snap, err := store.Snapshot()
			took = append(took, time.Since(began))
			if err != nil {
				return err
			}
			snap.Release()
		}
		return nil
	}
	contest(b, 10_000, ours, floor{"floor", each(func(int) error {
		r.db.NewTransactionAt(math.MaxUint64, false).Discard()
		return nil
	})})
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100]), "p99-ns")
	b.ReportMetric(float64(took[len(took)-1]), "max-ns")
}

// writeMeanwhile commits from that many goroutines until the function it returns
// is called. It returns once the first commit is made.
func writeMeanwhile(b *testing.B, store *storage.Store, writers int) (stop func()) {
	value := pairOf(0).value
	var ended atomic.Bool
	var all sync.WaitGroup
	first := make(chan struct{}, writers)
	for g := range writers {
		all.Go(func() {
			for i := 0; !ended.Load(); i++ {
				key := fmt.Appendf(nil, "d%02d%08d", g, i)
				_, err := store.Commit(background, &storage.Request{Writes: []storage.Write{{Key: key, Value: value}}})
				if err != nil {
					b.Error(err)
				}
				if i == 0 || err != nil {
					first <- struct{}{}
				}
				if err != nil {
					return
				}
			}
		})
	}
	<-first
	return func() {
		ended.Store(true)
		all.Wait()
	}
}
