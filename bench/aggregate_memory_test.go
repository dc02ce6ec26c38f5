package bench

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/aggregate"
)

// million returns a database of 1,000,000 documents of some 150 bytes, in which a
// sort may hold 64 MiB and nothing is mirrored. It has been compacted and opened anew:
// writing and upkeep take memory, and give it back, at any moment.
func million(b *testing.B) *virga.Collection {
	b.Helper()
	path := b.TempDir()
	if err := fillMillion(path); err != nil {
		b.Fatal(err)
	}
	db, err := virga.Open(path, virga.Fast, virga.WithMemory(0))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db.Collection("c")
}

func fillMillion(path string) error {
	db, err := virga.Open(path, virga.Fast)
	if err != nil {
		return err
	}
	defer db.Close()
	const n, pad = 1_000_000, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for from := 0; from < n; from += 10_000 {
		docs := make([]virga.D, 10_000)
		for i := range docs {
			k := (from + i) * 7919 % n
			docs[i] = virga.D{{"_id", from + i}, {"k", k}, {"group", k % 100}, {"pad", pad}}
		}
		if _, err := db.Collection("c").AddMany(background, docs); err != nil {
			return err
		}
	}
	if err := db.Compact(background); err != nil {
		return err
	}
	return db.Close()
}

// growth calls f and returns by how many bytes the live heap had grown when f asked.
func growth(f func(look func())) uint64 {
	runtime.GC()
	debug.FreeOSMemory()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	most := uint64(0)
	f(func() {
		runtime.GC()
		runtime.ReadMemStats(&now)
		if now.HeapAlloc > before.HeapAlloc {
			most = max(most, now.HeapAlloc-before.HeapAlloc)
		}
	})
	return most
}

// BenchmarkSortMillion sorts 1,000,000 documents that do not fit in the 64 MiB a sort
// may hold, and looks at the heap while they come.
func BenchmarkSortMillion(b *testing.B) {
	coll := million(b)
	for b.Loop() {
		heap := growth(func(look func()) {
			n := 0
			for doc, err := range coll.Aggregate().Sort(virga.D{{"k", 1}}).Each(background) {
				if err != nil {
					b.Fatal(err)
				}
				if k, _ := doc.Lookup("k").Int64(); k != int64(n) {
					b.Fatalf("document %d has %d", n, k)
				}
				if n++; n == 500_000 {
					look()
				}
			}
			if n != 1_000_000 {
				b.Fatalf("%d documents", n)
			}
		})
		b.ReportMetric(float64(heap)/(1<<20), "heap-MiB")
		if heap > 160<<20 {
			b.Fatalf("the heap has grown by %d bytes", heap)
		}
	}
}

// BenchmarkGroupMillion groups 1,000,000 documents into 100 groups, and looks at the
// heap once they are there: it grows with the groups, not with the documents.
func BenchmarkGroupMillion(b *testing.B) {
	coll := million(b)
	for b.Loop() {
		heap := growth(func(look func()) {
			n := 0
			for _, err := range coll.Aggregate().Group("$group", virga.M{"max": aggregate.Max("$k"), "first": aggregate.First("$$ROOT")}).Each(background) {
				if err != nil {
					b.Fatal(err)
				}
				if n++; n == 1 {
					look()
				}
			}
			if n != 100 {
				b.Fatal(fmt.Errorf("%d groups", n))
			}
		})
		b.ReportMetric(float64(heap)/(1<<10), "heap-KiB")
		if heap > 4<<20 {
			b.Fatalf("the heap has grown by %d bytes", heap)
		}
	}
}
