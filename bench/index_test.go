package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// specs are the indexes of the workload.
var specs = []index.Spec{{Fields: index.By("name")}, {Fields: index.By("status", "price")}}

// indexedFiles is a closed database with the whole workload and its indexes, once
// in a process.
var indexedFiles = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp(scratch, "indexed-")
	if err != nil {
		return "", err
	}
	db, err := virga.Open(dir, virga.Fast)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := db.Collection(name).CreateIndexes(background, specs, nil); err != nil {
		return "", err
	}
	for from := 0; from < size(); from += batchDocs {
		if _, err := db.Collection(name).AddMany(background, docsFrom(nil, from, batchDocs)); err != nil {
			return "", err
		}
	}
	return dir, db.Close()
})

// indexed runs f on a copy of the indexed database, mirrored and not.
func indexed(b *testing.B, f func(b *testing.B, c *virga.Collection)) {
	reopened(b, indexedFiles, []string{virga.NoIndex, specs[0].Named().Name, specs[1].Named().Name}, f)
}

// reopened runs f on copies of a closed database: one of which the documents, and
// the indexes that hints name, are mirrored, and one of which nothing is.
func reopened(b *testing.B, files func() (string, error), hints []string, f func(b *testing.B, c *virga.Collection)) {
	for _, m := range memories {
		b.Run(m.name, func(b *testing.B) {
			from, err := files()
			if err != nil {
				b.Fatal(err)
			}
			path := filepath.Join(b.TempDir(), "virga")
			if err := copyFolder(path, from); err != nil {
				b.Fatal(err)
			}
			db, err := virga.Open(path, virga.Fast, m.option)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { db.Close() })
			c := db.Collection(name)
			var first []*virga.Query
			for _, hint := range hints {
				first = append(first, c.Where(nil).Hint(hint).Limit(1))
			}
			m.load(b, db, first...)
			f(b, c)
		})
	}
}

// warm runs the operation some times before it is timed.
func warm(b *testing.B, op func(i int) error) {
	b.Helper()
	for i := range 200 {
		if err := op(i); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFindEqual finds the documents of one name, about ten, by its index. The
// floor reads as many documents by _id.
func BenchmarkFindEqual(b *testing.B) {
	indexed(b, func(b *testing.B, c *virga.Collection) {
		names := namesOf()
		op := func(i int) error {
			want := names[i%len(names)]
			docs, err := c.Where(virga.M{"name": want.name}).Get(background)
			if err == nil && len(docs) != want.documents {
				err = fmt.Errorf("%d documents of %s, want %d", len(docs), want.name, want.documents)
			}
			return err
		}
		warm(b, op)
		contest(b, 50, each(op), floor{"floor", each(getsOf(c, 10))})
	})
}

// A named is a value of name and how many documents have it.
type named struct {
	name      string
	documents int
}

// namesOf returns some names of the workload.
var namesOf = sync.OnceValue(func() []named {
	count := map[string]int{}
	for i := range size() {
		count[At(seed, uint64(i)).Name]++
	}
	var all []named
	for i := range 1000 {
		n := At(seed, uint64(some(i))).Name
		all = append(all, named{n, count[n]})
	}
	return all
})

// getsOf reads n documents by _id.
func getsOf(c *virga.Collection, n int) func(i int) error {
	ids := standard().ids
	return func(i int) error {
		for k := range n {
			if _, err := c.Doc(ids[some(i*n+k)]).Get(background); err != nil {
				return err
			}
		}
		return nil
	}
}

// BenchmarkTopRange20 finds the twenty dearest documents of one status within a
// range of prices that a fifth of them lie in. The floor reads twenty by _id.
func BenchmarkTopRange20(b *testing.B) {
	indexed(b, func(b *testing.B, c *virga.Collection) {
		op := func(i int) error {
			low := float64(i * 7 % 800)
			docs, err := c.Where(virga.M{"status": statuses[i%Statuses], "price": query.Gte(low).Lte(low + 200)}).
				OrderBy("price", virga.Desc).Limit(20).Get(background)
			if err != nil || len(docs) != 20 {
				return fmt.Errorf("%d documents: %w", len(docs), err)
			}
			for k := 1; k < len(docs); k++ {
				before, _ := docs[k-1].Lookup("price").Float64()
				if price, _ := docs[k].Lookup("price").Float64(); price > before {
					return fmt.Errorf("price %v behind %v", price, before)
				}
			}
			return nil
		}
		warm(b, op)
		contest(b, 20, each(op), floor{"floor", each(getsOf(c, 20))})
	})
}

// BenchmarkCountCovered counts the documents of one status, a fifth of all, from
// the index alone. The floor counts all documents of a status by reading them.
func BenchmarkCountCovered(b *testing.B) {
	indexed(b, func(b *testing.B, c *virga.Collection) {
		want := map[string]int64{}
		for i := range size() {
			want[At(seed, uint64(i)).Status]++
		}
		count := func(q *virga.Query, status string) error {
			n, err := q.Count(background)
			if err == nil && n != want[status] {
				err = fmt.Errorf("%d documents are %s, want %d", n, status, want[status])
			}
			return err
		}
		op := func(i int) error {
			s := statuses[i%Statuses]
			return count(c.Where(virga.M{"status": s}), s)
		}
		for i := range 3 {
			if err := op(i); err != nil {
				b.Fatal(err)
			}
		}
		contest(b, 2, each(op), floor{"scan", each(func(i int) error {
			s := statuses[i%Statuses]
			return count(c.Where(virga.M{"status": s}).Hint(virga.NoIndex), s)
		})})
	})
}

// BenchmarkPage5000 reads page 5,000, of twenty documents, of an order: by keyset,
// behind the last document of the page before, and, as the floor, by skipping.
func BenchmarkPage5000(b *testing.B) {
	indexed(b, func(b *testing.B, c *virga.Collection) {
		const page = 20
		skip := min(5000*page, size()) - page
		ordered := c.Where(nil).OrderBy("name", virga.Asc)
		last, err := ordered.Skip(skip - 1).One(background)
		if err != nil {
			b.Fatal(err)
		}
		want, err := ordered.Skip(skip).Limit(page).Get(background)
		if err != nil || len(want) != page {
			b.Fatalf("%d documents, %v", len(want), err)
		}
		read := func(q *virga.Query) error {
			docs, err := q.Limit(page).Get(background)
			if err != nil || len(docs) != page || !bytes.Equal(docs[page-1].Raw(), want[page-1].Raw()) {
				return fmt.Errorf("page of %d documents: %w", len(docs), err)
			}
			return nil
		}
		op := func(int) error { return read(ordered.After(last)) }
		warm(b, op)
		contest(b, 1, each(op), floor{"skip", each(func(int) error { return read(ordered.Skip(skip)) })})
	})
}

// BenchmarkComposite finds the documents of one status within a range of prices,
// a thousandth or a hundredth of all, by the index over both. The floors have less
// to go by: "single" an index over status, and "scan" none. An "x-scan" of 0.2 is
// five times as fast as a scan.
func BenchmarkComposite(b *testing.B) {
	indexed(b, func(b *testing.B, c *virga.Collection) {
		if err := c.CreateIndex(background, index.Spec{Name: "single", Fields: index.By("status")}); err != nil {
			b.Fatal(err)
		}
		for _, width := range []float64{5, 50} {
			b.Run(fmt.Sprintf("width=%v", width), func(b *testing.B) { composite(b, c, width) })
		}
	})
}

func composite(b *testing.B, c *virga.Collection, width float64) {
	var want [Statuses]int
	for i := range size() {
		d := At(seed, uint64(i))
		for s, status := range statuses {
			if low := lowOf(s); d.Status == status && d.Price >= low && d.Price <= low+width {
				want[s]++
			}
		}
	}
	find := func(hint string) func(i int) error {
		return func(i int) error {
			s := i % Statuses
			docs, err := c.Where(virga.M{"status": statuses[s], "price": query.Gte(lowOf(s)).Lte(lowOf(s) + width)}).Hint(hint).Get(background)
			if err == nil && len(docs) != want[s] {
				err = fmt.Errorf("%d documents are %s, want %d", len(docs), statuses[s], want[s])
			}
			return err
		}
	}
	op := find("")
	for i := range Statuses {
		if err := op(i); err != nil {
			b.Fatal(err)
		}
	}
	contest(b, 1, each(op), floor{"scan", each(find(virga.NoIndex))}, floor{"single", each(find("single"))})
}

// lowOf returns the lowest price that is looked for with status s.
func lowOf(s int) float64 { return 100 + 150*float64(s) }

// BenchmarkInsertThreeIndexes adds documents one by one to a collection with three
// indexes. The floor commits as many keys, as long, in one transaction.
func BenchmarkInsertThreeIndexes(b *testing.B) {
	for _, m := range memories {
		b.Run(m.name, func(b *testing.B) {
			dir := b.TempDir()
			db, err := virga.Open(filepath.Join(dir, "virga"), virga.Fast, m.option)
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			c := db.Collection(name)
			three := append(specs, index.Spec{Fields: index.By("createdAt")})
			if err := c.CreateIndexes(background, three, nil); err != nil {
				b.Fatal(err)
			}
			r, err := openRaw(filepath.Join(dir, "raw"), false)
			if err != nil {
				b.Fatal(err)
			}
			defer r.db.Close()
			s := setting{db: db, coll: c, raw: r}
			contest(b, 50, s.inserts(1), floor{"floor", rawIndexed(r)})
			s.checkCount(b, b.N)
		})
	}
}

// rawIndexed commits a document, three entries and the counts of four.
func rawIndexed(r *raw) runner {
	var pairs []pair
	var entries [][3]pair
	return prepared(1, func(from, n int) {
		pairs = pairsFrom(pairs[:0], from, n)
		entries = entries[:0]
		for i := from; i < from+n; i++ {
			d := At(seed, uint64(i))
			entries = append(entries, [3]pair{
				{key: []byte("i\x00\x00\x00\x01" + d.Name + "\x00\x01" + d.ID + "...")},
				{key: []byte("i\x00\x00\x00\x02" + d.Status + "\x00\x01" + fmt.Sprintf("%09.4f", d.Price) + d.ID + "...")},
				{key: []byte("i\x00\x00\x00\x03" + d.CreatedAt.Format("20060102T") + d.ID + "...")},
			})
		}
	}, func(i int) error {
		count := countOf(i + 1)
		return r.commit(pairs[i], entries[i][0], entries[i][1], entries[i][2], count)
	})
}
