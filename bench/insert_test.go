package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/virgadb/virga"
)

// A durability is one of those a database is opened with.
type durability struct {
	name   string
	option virga.Option
	sync   bool
}

var durabilities = []durability{
	{"fast", virga.Fast, false},
	{"interval", virga.Interval(100 * time.Millisecond), false},
	{"sync", virga.Sync, true},
}

// merge is how many documents a hand would put into one commit for the second
// floor of writers that sync.
const merge = 64

// BenchmarkInsertOne adds documents one by one. The floor is a commit of the same
// keys from as many goroutines. Where both sync, "merged" is one goroutine that
// commits the keys of 64 documents at a time. "docs/commit" is how many documents
// shared a commit of the database.
func BenchmarkInsertOne(b *testing.B) {
	for _, m := range memories {
		for _, d := range durabilities {
			for _, writers := range []int{1, 8, 64} {
				b.Run(fmt.Sprintf("%s/%s/writers=%d", m.name, d.name, writers), func(b *testing.B) {
					insertOne(b, m, d, writers)
				})
			}
		}
	}
}

func insertOne(b *testing.B, m memory, d durability, writers int) {
	s := fresh(b, m, d.option, d.sync)
	floors := []floor{{"floor", rawInserts(s.raw, writers)}}
	least := max(10, 8*writers)
	if d.sync && writers > 1 {
		least = max(least, 2*merge)
		floors = append(floors, floor{"merged", mergedInserts(s.raw)})
	}
	contest(b, least, s.inserts(writers), floors...)
	s.checkCount(b, b.N)
	if stats, err := s.db.Stats(background); err == nil && writers > 1 {
		b.ReportMetric(float64(stats.Writes)/float64(stats.Commits), "docs/commit")
	}
	if doc, err := s.coll.Doc(At(seed, 0).ID).Get(background); err != nil || string(doc.Raw()) != string(pairOf(0).value) {
		b.Fatalf("document 0 is %s, %v", doc, err)
	}
}

// inserts adds documents 0, 1, 2 and so on.
func (s setting) inserts(writers int) runner {
	var docs []virga.M
	return prepared(writers,
		func(from, n int) { docs = docsFrom(docs[:0], from, n) },
		func(i int) error {
			_, err := s.coll.Add(background, docs[i])
			return err
		})
}

// rawInserts writes what [setting.inserts] writes.
func rawInserts(r *raw, writers int) runner {
	var pairs []pair
	return prepared(writers,
		func(from, n int) { pairs = pairsFrom(pairs[:0], from, n) },
		func(i int) error { return r.commit(pairs[i], countOf(i+1)) })
}

// mergedInserts writes other documents, so as not to find its keys there.
func mergedInserts(r *raw) runner {
	const apart = 1 << 40
	next := apart
	return func(w *watch, n int) error {
		pairs := pairsFrom(nil, next, n)
		next += n
		w.Start()
		defer w.Stop()
		for at := 0; at < n; at += merge {
			group := append(pairs[at:min(at+merge, n):min(at+merge, n)], countOf(next))
			if err := r.commit(group...); err != nil {
				return err
			}
		}
		return nil
	}
}

// docsFrom appends n documents to docs, the first being number from.
func docsFrom(docs []virga.M, from, n int) []virga.M {
	for i := range n {
		docs = append(docs, At(seed, uint64(from+i)).M())
	}
	return docs
}

// pairsFrom appends the same as it is stored.
func pairsFrom(pairs []pair, from, n int) []pair {
	for i := range n {
		pairs = append(pairs, pairOf(from+i))
	}
	return pairs
}

// BenchmarkInsertMany1000 adds documents in batches of 1,000; an operation is a
// batch. The floor is one commit of the same keys. See [reportLoad] for the
// metrics of space.
func BenchmarkInsertMany1000(b *testing.B) {
	eachMemory(b, func(b *testing.B, m memory, d durability) {
		s := fresh(b, m, d.option, d.sync)
		contest(b, 2, s.batchInserts(), floor{"floor", rawBatchInserts(s.raw)})
		s.checkCount(b, b.N*batchDocs)
		if !d.sync && m.name == memories[0].name {
			reportLoad(b)
		}
	})
}

func (s setting) batchInserts() runner {
	var docs []virga.M
	return prepared(1,
		func(from, n int) { docs = docsFrom(docs[:0], from*batchDocs, n*batchDocs) },
		func(i int) error {
			_, err := s.coll.AddMany(background, docs[i*batchDocs:(i+1)*batchDocs])
			return err
		})
}

func rawBatchInserts(r *raw) runner {
	var pairs []pair
	return prepared(1,
		func(from, n int) { pairs = pairsFrom(pairs[:0], from*batchDocs, n*batchDocs) },
		func(i int) error {
			batch := pairs[i*batchDocs : (i+1)*batchDocs : (i+1)*batchDocs]
			return r.commit(append(batch, countOf(i))...)
		})
}
