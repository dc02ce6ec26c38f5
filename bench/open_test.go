package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/virgadb/virga"
)

// BenchmarkReopen opens the loaded database and gets one document; closing it is
// outside of the time. The floor is the same of Badger.
func BenchmarkReopen(b *testing.B) {
	s := loaded(b, memories[1], virga.Sync, false)
	s.checkGets(b)
	path := s.db.Path()
	rawPath := s.raw.db.Opts().Dir
	if err := s.db.Close(); err != nil {
		b.Fatal(err)
	}
	if err := s.raw.db.Close(); err != nil {
		b.Fatal(err)
	}
	contest(b, 1, reopens(path), floor{"floor", rawReopens(rawPath)})
}

func reopens(path string) runner {
	return func(w *watch, n int) error {
		for i := range n {
			w.Start()
			db, err := virga.Open(path)
			if err != nil {
				return err
			}
			_, err = db.Collection(name).Doc(standard().ids[some(i)]).Get(background)
			w.Stop()
			if err != nil {
				return err
			}
			if err := db.Close(); err != nil {
				return err
			}
		}
		return nil
	}
}

func rawReopens(path string) runner {
	return func(w *watch, n int) error {
		for i := range n {
			w.Start()
			r, err := openRaw(path, true)
			if err != nil {
				return err
			}
			_, err = r.get(standard().keys[some(i)])
			w.Stop()
			if err != nil {
				return err
			}
			if err := r.db.Close(); err != nil {
				return err
			}
		}
		return nil
	}
}

// BenchmarkOpenEmpty creates a database in a new folder. The floor is the same of
// Badger.
func BenchmarkOpenEmpty(b *testing.B) {
	dir := b.TempDir()
	// creates times open, and what it returns closes outside of the time.
	creates := func(open func(path string) (func() error, error)) runner {
		return func(w *watch, n int) error {
			for i := range n {
				path := filepath.Join(dir, fmt.Sprint(i))
				w.Start()
				closes, err := open(path)
				w.Stop()
				if err != nil {
					return err
				}
				if err := closes(); err != nil {
					return err
				}
				if err := os.RemoveAll(path); err != nil {
					return err
				}
			}
			return nil
		}
	}
	contest(b, 1,
		creates(func(path string) (func() error, error) {
			db, err := virga.Open(path)
			if err != nil {
				return nil, err
			}
			return db.Close, nil
		}),
		floor{"floor", creates(func(path string) (func() error, error) {
			r, err := openRaw(path, true)
			if err != nil {
				return nil, err
			}
			return r.db.Close, nil
		})})
}

// BenchmarkOpenMemory opens and closes a database in memory. "heap-B" is what an
// open one keeps on the heap. The floor is an in-memory Badger with the small
// tables such use asks for.
func BenchmarkOpenMemory(b *testing.B) {
	heap := heapOf(b)
	contest(b, 1,
		each(func(int) error {
			db, err := virga.Open(virga.Memory)
			if err != nil {
				return err
			}
			return db.Close()
		}),
		floor{"floor", each(func(int) error {
			db, err := badger.OpenManaged(rawOptions("", false).
				WithInMemory(true).WithMemTableSize(8 << 20).WithValueThreshold(1 << 20))
			if err != nil {
				return err
			}
			return db.Close()
		})})
	b.ReportMetric(heap, "heap-B")
}

// heapOf returns the bytes of heap that an open database keeps.
func heapOf(b *testing.B) float64 {
	b.Helper()
	const n = 64
	var before, after runtime.MemStats
	all := make([]*virga.DB, n)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range all {
		db, err := virga.Open(virga.Memory)
		if err != nil {
			b.Fatal(err)
		}
		all[i] = db
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	for _, db := range all {
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
	return max(0, float64(after.HeapAlloc)-float64(before.HeapAlloc)) / n
}
