package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/internal/trial"
)

// seed is that of the standard workload.
const seed = 1

// batchDocs is the number of documents that are added at a time.
const batchDocs = 1000

var (
	background = context.Background()
	epoch      = time.Unix(0, 0)
)

// size returns the number of documents of the workload.
var size = sync.OnceValue(func() int {
	if n, err := strconv.Atoi(os.Getenv("VIRGA_BENCH_DOCS")); err == nil && n >= batchDocs {
		return n / batchDocs * batchDocs
	}
	return Documents
})

// A workload is what is known of the documents without a database.
type workload struct {
	ids  []string // by the number of the document
	keys [][]byte // as the database makes them, by the number of the document
	qtys [Qtys]int
}

// standard makes the workload, once in a process.
var standard = sync.OnceValue(func() *workload {
	w := &workload{ids: make([]string, size()), keys: make([][]byte, size())}
	for i := range w.ids {
		d := At(seed, uint64(i))
		w.ids[i], w.keys[i] = d.ID, keyOf(d.ID)
		w.qtys[d.Qty]++
	}
	return w
})

// some returns the number of a document, a different one for each i, in no order.
func some(i int) int { return int(uint64(i) * 2_654_435_761 % uint64(size())) }

// files are closed databases with the whole workload, once in a process.
var files = sync.OnceValues(func() (dir string, err error) {
	dir, err = os.MkdirTemp(scratch, "loaded-")
	if err != nil {
		return "", err
	}
	if err := loadVirga(filepath.Join(dir, "virga"), func() {}, virga.Fast); err != nil {
		return "", err
	}
	return dir, loadRaw(filepath.Join(dir, "raw"), func() {})
})

// loadVirga loads the workload, calls loaded and closes the database.
func loadVirga(path string, loaded func(), options ...virga.Option) error {
	db, err := virga.Open(path, options...)
	if err != nil {
		return err
	}
	defer db.Close()
	for from := 0; from < size(); from += batchDocs {
		if _, err := db.Collection(name).AddMany(background, docsFrom(nil, from, batchDocs)); err != nil {
			return err
		}
	}
	loaded()
	return db.Close()
}

func loadRaw(path string, loaded func()) error {
	r, err := openRaw(path, false)
	if err != nil {
		return err
	}
	defer r.db.Close()
	for from := 0; from < size(); from += batchDocs {
		if err := r.commit(append(pairsFrom(nil, from, batchDocs), countOf(from+batchDocs))...); err != nil {
			return err
		}
	}
	loaded()
	return r.db.Close()
}

// name is that of the collection.
const name = "orders"

// A setting is a database and its floor, over the same documents.
type setting struct {
	db   *virga.DB
	coll *virga.Collection
	raw  *raw
}

// A memory is one of the ways in which what is read most can be kept.
type memory struct {
	name   string
	option virga.Option
}

// memories are all of it mirrored in memory, and nothing.
var memories = []memory{
	{"mirrored", virga.WithMemory(256 << 20)},
	{"unmirrored", virga.WithMemory(0)},
}

// load runs queries until what each of them reads is mirrored, if it is to be.
func (m memory) load(b *testing.B, db *virga.DB, queries ...*virga.Query) {
	b.Helper()
	for end := time.Now().Add(trial.Patience); m.name == memories[0].name; time.Sleep(time.Millisecond) {
		for _, q := range queries {
			if _, err := q.Get(background); err != nil {
				b.Fatal(err)
			}
		}
		stats, err := db.Stats(background)
		if err != nil {
			b.Fatal(err)
		}
		ready := 0
		for _, mirror := range stats.Mirrors {
			if !mirror.Loading {
				ready++
			}
		}
		if ready == len(queries) {
			return
		}
		if time.Now().After(end) {
			b.Fatalf("not mirrored: %+v", stats)
		}
	}
}

// loaded opens copies of the loaded files, and waits until what is to be mirrored
// is. Syncing of the floor follows sync.
func loaded(b *testing.B, m memory, option virga.Option, sync bool) setting {
	b.Helper()
	from, err := files()
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	for _, side := range []string{"virga", "raw"} {
		if err := copyFolder(filepath.Join(dir, side), filepath.Join(from, side)); err != nil {
			b.Fatal(err)
		}
	}
	s := open(b, dir, m, option, sync)
	m.load(b, s.db, s.coll.Where(nil).Limit(1))
	return s
}

// fresh opens two empty databases.
func fresh(b *testing.B, m memory, option virga.Option, sync bool) setting {
	b.Helper()
	return open(b, b.TempDir(), m, option, sync)
}

func open(b *testing.B, dir string, m memory, option virga.Option, sync bool) setting {
	b.Helper()
	db, err := virga.Open(filepath.Join(dir, "virga"), option, m.option)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	r, err := openRaw(filepath.Join(dir, "raw"), sync)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.db.Close() })
	return setting{db: db, coll: db.Collection(name), raw: r}
}

// checkGets compares documents of both sides with those of the generator.
func (s setting) checkGets(b *testing.B) {
	b.Helper()
	w := standard()
	for i := range 200 {
		n := some(i)
		want := pairOf(n)
		doc, err := s.coll.Doc(w.ids[n]).Get(background)
		if err != nil || !bytes.Equal(doc.Raw(), want.value) {
			b.Fatalf("document %d is %s, %v", n, doc, err)
		}
		if s.raw == nil {
			continue
		}
		value, err := s.raw.get(w.keys[n])
		if err != nil || !bytes.Equal(value, want.value) {
			b.Fatalf("the floor's document %d is %x, %v", n, value, err)
		}
	}
}

// checkCount compares the number of documents with want.
func (s setting) checkCount(b *testing.B, want int) {
	b.Helper()
	if n, err := s.coll.Where(nil).Count(background); err != nil || n != int64(want) {
		b.Fatalf("%d documents, %v, want %d", n, err, want)
	}
}

// copyFolder copies the files of one folder into a new one.
func copyFolder(to, from string) error {
	if err := os.MkdirAll(to, 0o777); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := copyFile(filepath.Join(to, e.Name()), filepath.Join(from, e.Name())); err != nil {
			return fmt.Errorf("copy %s: %w", e.Name(), err)
		}
	}
	return nil
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
