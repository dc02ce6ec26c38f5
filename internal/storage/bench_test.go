package storage_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/btree"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/internal/storage/storagetest"
)

// What these numbers are for: the cost that the store adds to its engine. The
// memory engine is the one with the least cost of its own; "copying" runs the
// same through cursors that do not share, as the disk engine's do not.
func filled(b *testing.B, n int, copying bool) *storage.Store {
	b.Helper()
	var e storage.Engine = memory.Open(memory.Options{})
	if copying {
		e = unshared{e}
	}
	s, err := storage.New(e, storage.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	for from := 0; from < n; from += 1000 {
		var writes []storage.Write
		for i := from; i < min(n, from+1000); i++ {
			writes = append(writes, set(fmt.Sprintf("doc%08d", i), make([]byte, 300)))
		}
		if err := commit(s, writes...); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	return s
}

// unshared hides that an engine's cursors are a tree's.
type unshared struct{ storage.Engine }

func (e unshared) View() storage.View { return unsharedView{e.Engine.View()} }

type unsharedView struct{ storage.View }

func (v unsharedView) Scan(r storage.Range, o storage.ScanOptions) storage.EngineCursor {
	return struct{ storage.EngineCursor }{v.View.Scan(r, o)}
}

func BenchmarkSnapshot(b *testing.B) {
	s := filled(b, 1000, false)
	b.ReportAllocs()
	for b.Loop() {
		snap, err := s.Snapshot()
		if err != nil {
			b.Fatal(err)
		}
		snap.Release()
	}
}

func BenchmarkSnapshotParallel(b *testing.B) {
	s := filled(b, 1000, false)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			snap, err := s.Snapshot()
			if err != nil {
				b.Error(err)
			}
			snap.Release()
		}
	})
}

// The time to a snapshot while two writers commit all the time.
func BenchmarkSnapshotUnderWrites(b *testing.B) {
	s := filled(b, 1000, false)
	var stop atomic.Bool
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for i := 0; !stop.Load(); i++ {
				if err := commit(s, set(fmt.Sprintf("doc%08d", (i*2+w)%1000), make([]byte, 300))); err != nil {
					b.Error(err)
				}
			}
		})
	}
	times := make([]time.Duration, 0, b.N)
	for b.Loop() {
		start := time.Now()
		snap, err := s.Snapshot()
		times = append(times, time.Since(start))
		if err != nil {
			b.Fatal(err)
		}
		snap.Release()
	}
	stop.Store(true)
	wg.Wait()
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2]), "p50-ns")
	b.ReportMetric(float64(times[len(times)*99/100]), "p99-ns")
}

func BenchmarkGet(b *testing.B) {
	s := filled(b, 100_000, false)
	snap, err := s.Snapshot()
	if err != nil {
		b.Fatal(err)
	}
	defer snap.Release()
	keys := make([][]byte, 4096)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "doc%08d", (i*7919)%100_000)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		e, err := snap.Get(keys[i%len(keys)])
		if err != nil || e.Value == nil {
			b.Fatal(err)
		}
		i++
	}
}

// Eight goroutines pass the gate; the key is the smallest there is, of one key.
func BenchmarkGateParallel(b *testing.B) {
	s := filled(b, 1, false)
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		snap, err := s.Snapshot()
		if err != nil {
			b.Error(err)
			return
		}
		defer snap.Release()
		k := []byte("doc00000000")
		for pb.Next() {
			if _, err := snap.Get(k); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkScan100k(b *testing.B) {
	for _, copying := range []bool{false, true} {
		for _, reverse := range []bool{false, true} {
			b.Run(fmt.Sprintf("copying=%v/reverse=%v", copying, reverse), func(b *testing.B) {
				s := filled(b, 100_000, copying)
				snap, err := s.Snapshot()
				if err != nil {
					b.Fatal(err)
				}
				defer snap.Release()
				b.ReportAllocs()
				for b.Loop() {
					n := 0
					c := snap.Scan(storage.Range{}, storage.ScanOptions{Reverse: reverse})
					for c.Next() {
						n += len(c.Value())
					}
					if c.Close(); n != 100_000*300 {
						b.Fatal(n, c.Err())
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/entry")
			})
		}
	}
}

func BenchmarkScanFirst20(b *testing.B) {
	for _, copying := range []bool{false, true} {
		b.Run(fmt.Sprintf("copying=%v", copying), func(b *testing.B) {
			s := filled(b, 100_000, copying)
			snap, err := s.Snapshot()
			if err != nil {
				b.Fatal(err)
			}
			defer snap.Release()
			b.ReportAllocs()
			for b.Loop() {
				c := snap.Scan(storage.Range{Lo: []byte("doc00050000")}, storage.ScanOptions{})
				for i := 0; i < 20; i++ {
					c.Next()
				}
				c.Close()
			}
		})
	}
}

// The engine's own cursor, for the difference.
func BenchmarkTreeScan100k(b *testing.B) {
	tree := storage.NewTree()
	for i := range 100_000 {
		tree.Set(fmt.Appendf(nil, "doc%08d", i), make([]byte, 300), 1)
	}
	for b.Loop() {
		n := 0
		c := tree.Scan(storage.Range{}, storage.ScanOptions{})
		for c.Next() {
			n += len(c.Value())
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/entry")
}

// Each commit writes a document and three index entries.
func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := filled(b, 10_000, false)
			b.ReportAllocs()
			var next atomic.Int64
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						r := &storage.Request{Writes: []storage.Write{
							set(fmt.Sprintf("doc%08d", n*7919%1_000_000), make([]byte, 300)),
							set(fmt.Sprintf("idx1%08d", n*104729%1_000_000), nil),
							set(fmt.Sprintf("idx2%08d", n), nil),
							set(fmt.Sprintf("idx3%08d", n*31%1_000_000), nil),
						}}
						if _, err := s.Commit(context.Background(), r); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// A commit to an engine whose fsync takes 200 microseconds, as this kind of disk does.
func BenchmarkCommitSlowDisk(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			e := storagetest.Faulty(memory.Open(memory.Options{}), func(c storagetest.Call) error {
				if c.Op == storagetest.Apply && !c.After {
					for start := time.Now(); time.Since(start) < 200*time.Microsecond; {
						time.Sleep(10 * time.Microsecond)
					}
				}
				return nil
			})
			s, err := storage.New(e, storage.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			var next atomic.Int64
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						if err := commit(s, set(fmt.Sprintf("doc%08d", n), make([]byte, 300))); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(s.Stats().Requests)/float64(s.Stats().Commits), "requests/group")
		})
	}
}

// BenchmarkMirrorGet reads keys of 100,000 by random. The floor is a plain btree
// of strings.
func BenchmarkMirrorGet(b *testing.B) {
	const n = 100_000
	s, err := storage.New(unshared{memory.Open(memory.Options{})}, mirrorOptions(1<<30))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	type pair struct{ key, value string }
	tree := btree.NewG(32, func(x, y pair) bool { return x.key < y.key })
	rnd := rand.New(rand.NewPCG(1, 1))
	keys := make([][]byte, n)
	var writes []storage.Write
	for i := range keys {
		keys[i] = regionKey('d', 1, "\x30%024x", randomBytes(rnd, 12))
		value := randomBytes(rnd, 230)
		writes = append(writes, storage.Write{Key: keys[i], Value: value})
		tree.ReplaceOrInsert(pair{string(keys[i]), string(value)})
		if len(writes) == 1000 {
			if err := commit(s, writes...); err != nil {
				b.Fatal(err)
			}
			writes = nil
		}
	}
	for ready := false; !ready; {
		snap, err := s.Snapshot()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := snap.Get(keys[0]); err != nil {
			b.Fatal(err)
		}
		ready = snap.Mirrored(keys[0])
		snap.Release()
	}
	key := func(i int) []byte { return keys[i*7919%n] }
	read := func(i int) bool {
		snap, _ := s.Snapshot()
		e, _ := snap.Get(key(i))
		snap.Release()
		return e.Value != nil
	}
	b.Run("floor", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, ok := tree.Get(pair{key: string(key(i))}); !ok {
				b.Fatal("not there")
			}
		}
	})
	b.Run("snapshot", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if !read(i) {
				b.Fatal("not there")
			}
		}
	})
	b.Run("goroutines=8", func(b *testing.B) {
		b.SetParallelism(4)
		b.RunParallel(func(pb *testing.PB) {
			for i := rand.Int(); pb.Next(); i++ {
				if !read(i % n) {
					b.Error("not there")
				}
			}
		})
	})
}
