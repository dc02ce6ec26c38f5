package peers

import (
	"os"
	"slices"
	"strings"

	"github.com/virgadb/virga/bench"
)

// A peer is an open database with the documents of the workload. Reads return whole
// documents, decoded.
type peer interface {
	insert(docs []bench.Document) error // in one step
	get(id string) (bench.Document, error)
	setQty(id string, qty int64) error
	byName(name string) ([]bench.Document, error)
	topRange(status string, low, high float64, n int) ([]bench.Document, error) // price descending, low ≤ price ≤ high
	byQty(qty int64) ([]bench.Document, error)
	newest(n int) ([]bench.Document, error) // createdAt descending
	group() (map[string]group, error)       // by status
	close() error
}

// A group is the count, sum and average of price.
type group struct {
	n         int64
	sum, mean float64
}

// A kind is a database that a peer can be opened in.
type kind struct {
	name string
	open func(dir string, sync bool) (peer, error)
}

// kinds are all of them, or those that VIRGA_BENCH_PEERS names, ours first.
var kinds = slices.DeleteFunc([]kind{
	{"virga", openVirga},
	{"sqlite", openSQLite},
	{"sqlite-json", openSQLiteJSON},
	{"badgerhold", openBadgerhold},
	{"buntdb", openBuntdb},
}, func(k kind) bool {
	asked := os.Getenv("VIRGA_BENCH_PEERS")
	return asked != "" && k.name != "virga" && !slices.Contains(strings.Split(asked, ","), k.name)
})
