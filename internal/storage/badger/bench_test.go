package badger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	raw "github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/badger"
)

// The floor of every benchmark is Badger itself, opened the same way and doing the
// same in the same run, turn about. ratio is our time over its.

const benchDocs = 100_000

func benchKey(i int) []byte { return fmt.Appendf(nil, "d\x00\x00\x00\x01%012d", i) }

var benchValue = []byte(strings.Repeat("v", 300))

func openRaw(b *testing.B, dir string, sync bool) *raw.DB {
	db, err := raw.OpenManaged(raw.DefaultOptions(dir).WithLogger(nil).WithSyncWrites(sync).
		WithCompression(options.None).WithBlockCacheSize(0).WithMemTableSize(32 << 20).
		WithDetectConflicts(false).WithNumCompactors(2).WithMetricsEnabled(false).WithValueLogFileSize(64 << 20))
	must(b, err)
	b.Cleanup(func() { db.Close() })
	return db
}

// loaded returns a database of ours and one of Badger's with the same documents.
func loaded(b *testing.B) (*badger.Engine, *raw.DB) {
	dir := b.TempDir()
	ours, floor := filepath.Join(dir, "ours"), filepath.Join(dir, "floor")
	e, err := badger.Open(ours, badger.Options{})
	must(b, err)
	db := openRaw(b, floor, false)
	for i := 0; i < benchDocs; i += 1000 {
		txn := db.NewTransactionAt(e.Version(), true)
		var writes []storage.Write
		for j := range 1000 {
			writes = append(writes, storage.Write{Key: benchKey(i + j), Value: benchValue})
			must(b, txn.Set(benchKey(i+j), benchValue))
		}
		must(b, e.Apply(e.Version()+1, writes, false))
		must(b, txn.CommitAt(e.Version(), nil))
	}
	// Both are read from tables: closing writes them out.
	must(b, e.Close())
	must(b, db.Close())
	return open(b, ours, badger.Options{}), openRaw(b, floor, false)
}

// compare runs ours and the floor in turn, rounds of n calls, at least ten of each.
// It reports the best round of either: others differ by what else the machine did.
func compare(b *testing.B, n int, ours, floor func(n int)) {
	time1 := func(f func(n int)) time.Duration {
		start := time.Now()
		f(n)
		return time.Since(start)
	}
	ours(n)
	floor(n)
	o, f := time1(ours), time1(floor)
	b.ResetTimer()
	for i := 0; i < max(b.N, 10*n); i += n {
		o, f = min(o, time1(ours)), min(f, time1(floor))
	}
	b.ReportMetric(float64(o.Nanoseconds())/float64(n), "ours-ns")
	b.ReportMetric(float64(f.Nanoseconds())/float64(n), "floor-ns")
	b.ReportMetric(float64(o)/float64(f), "ratio")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRead reads 100,000 documents of 300 bytes from tables.
func BenchmarkRead(b *testing.B) {
	e, db := loaded(b)
	for _, c := range []struct {
		name string
		run  func(*testing.B, *badger.Engine, *raw.DB)
	}{{"get", benchGet}, {"missing", benchGetMissing}, {"scan", benchScan}, {"seek", benchSeek}} {
		b.Run(c.name, func(b *testing.B) { c.run(b, e, db) })
	}
}

func benchGet(b *testing.B, e *badger.Engine, db *raw.DB) {
	v := e.View()
	txn := db.NewTransactionAt(e.Version(), false)
	defer txn.Discard()
	rnd := rand.New(rand.NewPCG(1, 1))
	keys := make([][]byte, 1000)
	for i := range keys {
		keys[i] = benchKey(rnd.IntN(benchDocs))
	}
	compare(b, len(keys), func(n int) {
		for _, k := range keys {
			if entry, err := v.Get(k); err != nil || len(entry.Value) != 300 {
				b.Fatal(err)
			}
		}
	}, func(n int) {
		for _, k := range keys {
			item, err := txn.Get(k)
			must(b, err)
			if value, err := item.ValueCopy(nil); err != nil || len(value) != 300 {
				b.Fatal(err)
			}
		}
	})
}

func benchGetMissing(b *testing.B, e *badger.Engine, db *raw.DB) {
	v := e.View()
	txn := db.NewTransactionAt(e.Version(), false)
	defer txn.Discard()
	key := append(benchKey(500), 'x')
	compare(b, 1000, func(n int) {
		for range n {
			if entry, err := v.Get(key); err != nil || entry.Value != nil {
				b.Fatal(err)
			}
		}
	}, func(n int) {
		for range n {
			if _, err := txn.Get(key); !errors.Is(err, raw.ErrKeyNotFound) {
				b.Fatal(err)
			}
		}
	})
}

func benchScan(b *testing.B, e *badger.Engine, db *raw.DB) {
	for _, c := range []struct {
		name              string
		reverse, keysOnly bool
	}{{"values", false, false}, {"keys", false, true}, {"reverse", true, false}} {
		b.Run(c.name, func(b *testing.B) {
			v := e.View()
			txn := db.NewTransactionAt(e.Version(), false)
			defer txn.Discard()
			prefix, end := []byte("d\x00\x00\x00\x01"), []byte("d\x00\x00\x00\x02")
			compare(b, 5000, func(n int) {
				cur := v.Scan(storage.Range{Lo: prefix, Hi: end}, storage.ScanOptions{Reverse: c.reverse, KeysOnly: c.keysOnly})
				defer cur.Close()
				for n > 0 && cur.Next() {
					n--
					if len(cur.Key()) == 0 || !c.keysOnly && len(cur.Value()) != 300 {
						b.Fatal("wrong entry")
					}
				}
				if n != 0 {
					b.Fatal(n)
				}
			}, func(n int) {
				it := txn.NewIterator(raw.IteratorOptions{Prefix: prefix, Reverse: c.reverse})
				defer it.Close()
				if c.reverse {
					it.Seek(append(prefix, 0xff))
				} else {
					it.Seek(prefix)
				}
				for ; n > 0 && it.Valid(); it.Next() {
					n--
					item := it.Item()
					if len(item.Key()) == 0 {
						b.Fatal("wrong entry")
					}
					if !c.keysOnly {
						must(b, item.Value(func(v []byte) error {
							if len(v) != 300 {
								b.Fatal("wrong entry")
							}
							return nil
						}))
					}
				}
				if n != 0 {
					b.Fatal(n)
				}
			})
		})
	}
}

func benchSeek(b *testing.B, e *badger.Engine, db *raw.DB) {
	v := e.View()
	txn := db.NewTransactionAt(e.Version(), false)
	defer txn.Discard()
	prefix, end := []byte("d\x00\x00\x00\x01"), []byte("d\x00\x00\x00\x02")
	compare(b, 1000, func(n int) {
		for i := range n {
			cur := v.Scan(storage.Range{Lo: benchKey(i * 97), Hi: end}, storage.ScanOptions{})
			if !cur.Next() {
				b.Fatal(cur.Err())
			}
			cur.Close()
		}
	}, func(n int) {
		for i := range n {
			it := txn.NewIterator(raw.IteratorOptions{Prefix: prefix})
			if it.Seek(benchKey(i * 97)); !it.Valid() {
				b.Fatal("no entry")
			}
			it.Close()
		}
	})
}

// BenchmarkApply commits batches of one document and three index entries.
func BenchmarkApply(b *testing.B) {
	for _, durable := range []bool{false, true} {
		b.Run(fmt.Sprintf("durable=%t", durable), func(b *testing.B) {
			e := open(b, filepath.Join(b.TempDir(), "db"), badger.Options{})
			db := openRaw(b, b.TempDir(), durable)
			rnd := rand.New(rand.NewPCG(1, 1))
			batch := func() (keys [4][]byte) {
				for i := range keys {
					keys[i] = fmt.Appendf(nil, "%c%016x%016x", "diii"[i], rnd.Uint64(), rnd.Uint64())
				}
				return keys
			}
			value := func(i int) []byte {
				if i == 0 {
					return benchValue
				}
				return nil
			}
			compare(b, 50, func(n int) {
				for range n {
					var writes []storage.Write
					for i, k := range batch() {
						writes = append(writes, storage.Write{Key: k, Value: value(i)})
					}
					must(b, e.Apply(e.Version()+1, writes, durable))
				}
			}, func(n int) {
				for range n {
					version := db.MaxVersion()
					txn := db.NewTransactionAt(version, true)
					for i, k := range batch() {
						must(b, txn.Set(k, value(i)))
					}
					must(b, txn.CommitAt(version+1, nil))
				}
			})
		})
	}
}

func BenchmarkView(b *testing.B) {
	e := open(b, filepath.Join(b.TempDir(), "db"), badger.Options{})
	for b.Loop() {
		e.View().Release()
	}
}

func BenchmarkOpenClose(b *testing.B) {
	b.Run("new", func(b *testing.B) {
		dir := b.TempDir()
		i := 0
		openClose(b, func() string { i++; return filepath.Join(dir, fmt.Sprint(i)) })
	})
	b.Run("100000 documents", func(b *testing.B) {
		e, db := loaded(b)
		must(b, e.Close())
		must(b, db.Close())
		openClose(b, func() string { return e.Path() })
	})
}

// openClose reports the best times of Open and Close of a database, with one
// document written between them.
func openClose(b *testing.B, path func() string) {
	opening, closing := time.Hour, time.Hour
	for b.Loop() {
		start := time.Now()
		e, err := badger.Open(path(), badger.Options{})
		must(b, err)
		opening = min(opening, time.Since(start))
		must(b, e.Apply(e.Version()+1, []storage.Write{{Key: benchKey(0), Value: benchValue}}, false))
		start = time.Now()
		must(b, e.Close())
		closing = min(closing, time.Since(start))
	}
	b.ReportMetric(opening.Seconds()*1e3, "open-ms")
	b.ReportMetric(closing.Seconds()*1e3, "close-ms")
	b.ReportMetric(float64(residentMiB()), "rss-MiB")
}

// residentMiB returns the memory of this process that is neither mapped from files
// nor shared, 0 where that cannot be told.
func residentMiB() (n int) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "RssAnon:")
	fmt.Sscan(after, &n)
	return n >> 10
}
