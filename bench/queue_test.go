package bench

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// queueSpec is the index by which a queue is taken from.
var queueSpec = index.Spec{Fields: index.By("at")}

// taken returns how many documents have been put into the queue, all of them in
// the order of at, and how many of the first have been removed again: 200,000 and
// 190,000.
func taken() (put, removed int) { return 2 * size(), 2 * size() * 19 / 20 }

// queueFiles is a closed database with the queue, once in a process.
var queueFiles = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp(scratch, "queue-")
	if err != nil {
		return "", err
	}
	db, err := virga.Open(dir, virga.Fast, virga.WithMemory(0))
	if err != nil {
		return "", err
	}
	defer db.Close()
	c := db.Collection(name)
	if err := c.CreateIndex(background, queueSpec); err != nil {
		return "", err
	}
	put, removed := taken()
	for from := 0; from < put; from += batchDocs {
		docs := make([]virga.D, batchDocs)
		for i := range docs {
			docs[i] = virga.D{{Key: "_id", Value: from + i}, {Key: "at", Value: from + i}}
		}
		if _, err := c.AddMany(background, docs); err != nil {
			return "", err
		}
	}
	for from := 0; from < removed; from += batchDocs {
		bulk := c.Bulk()
		for i := from; i < min(from+batchDocs, removed); i++ {
			bulk.Remove(i)
		}
		if _, err := bulk.Commit(background); err != nil {
			return "", err
		}
	}
	return dir, db.Close()
})

// BenchmarkHeadDeleted takes the first twenty of an index after 190,000 entries at
// its head have been removed, once a scan has passed them. The floor takes the
// last twenty, where none has been removed.
func BenchmarkHeadDeleted(b *testing.B) {
	reopened(b, queueFiles, []string{virga.NoIndex, queueSpec.Named().Name}, func(b *testing.B, c *virga.Collection) {
		put, removed := taken()
		take := func(dir virga.Direction, first int) func(int) error {
			q := c.Where(virga.M{"at": query.Gte(0)}).OrderBy("at", dir).Limit(20)
			return func(int) error {
				docs, err := q.Get(background)
				if err != nil || len(docs) != 20 {
					return fmt.Errorf("%d documents: %w", len(docs), err)
				}
				if at, _ := docs[0].Lookup("at").Int64(); at != int64(first) {
					return fmt.Errorf("the first is %d, want %d", at, first)
				}
				return nil
			}
		}
		head, tail := take(virga.Asc, removed), take(virga.Desc, put-1)
		if err := head(0); err != nil {
			b.Fatal(err)
		}
		contest(b, 10, each(head), floor{"tail", each(tail)})
	})
}
