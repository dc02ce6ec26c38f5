package peers

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/virgadb/virga/bench"
)

const seed = 1

// workload are the documents, once in a process.
var workload = sync.OnceValue(func() []bench.Document {
	n := bench.Documents
	if asked, err := strconv.Atoi(os.Getenv("VIRGA_BENCH_DOCS")); err == nil && asked > 0 {
		n = asked
	}
	docs := make([]bench.Document, n)
	for i := range docs {
		docs[i] = bench.At(seed, uint64(i))
	}
	return docs
})

// some returns a document of the workload, another one for each i.
func some(i int) bench.Document {
	return workload()[uint64(i)*2_654_435_761%uint64(len(workload()))]
}

// chosen returns the documents of the workload that are wanted, in order.
func chosen(want func(bench.Document) bool, order func(a, b bench.Document) int) []bench.Document {
	var docs []bench.Document
	for _, d := range workload() {
		if want(d) {
			docs = append(docs, d)
		}
	}
	slices.SortFunc(docs, func(a, b bench.Document) int { return cmp.Or(order(a, b), cmp.Compare(a.ID, b.ID)) })
	return docs
}

// same compares an answer with what is wanted, in any order unless strict.
func same(got, want []bench.Document, strict bool) error {
	got = slices.Clone(got)
	if !strict {
		byID := func(a, b bench.Document) int { return cmp.Compare(a.ID, b.ID) }
		slices.SortFunc(got, byID)
		want = slices.SortedFunc(slices.Values(want), byID)
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d documents, want %d", len(got), len(want))
	}
	for i := range got {
		got[i].CreatedAt = got[i].CreatedAt.UTC()
		if !reflect.DeepEqual(got[i], want[i]) {
			return fmt.Errorf("document %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	return nil
}

func sameGroups(got, want map[string]group) error {
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }
	for status, w := range want {
		if g := got[status]; g.n != w.n || !near(g.sum, w.sum) || !near(g.mean, w.mean) {
			return fmt.Errorf("status %s is %v, want %v", status, g, w)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d groups, want %d", len(got), len(want))
	}
	return nil
}

// groups computes the groups by status.
var groups = sync.OnceValue(func() map[string]group {
	all := map[string]group{}
	for _, d := range workload() {
		g := all[d.Status]
		g.n++
		g.sum += d.Price
		g.mean = g.sum / float64(g.n)
		all[d.Status] = g
	}
	return all
})

// rangeOf returns what the i-th search for a range asks.
func rangeOf(i int) (status string, low, high float64) {
	low = float64(i * 37 % 800)
	return some(i).Status, low, low + 200
}

const few = 20 // documents of a window

// check compares what every contestant answers with the documents.
func check(b *testing.B, all []contestant) {
	b.Helper()
	any := func(bench.Document) bool { return true }
	status, low, high := rangeOf(3)
	ranged := chosen(func(d bench.Document) bool { return d.Status == status && d.Price >= low && d.Price <= high },
		func(a, b bench.Document) int { return cmp.Compare(b.Price, a.Price) })
	newest := chosen(any, func(a, b bench.Document) int { return b.CreatedAt.Compare(a.CreatedAt) })
	named := chosen(func(d bench.Document) bool { return d.Name == some(7).Name }, func(a, b bench.Document) int { return 0 })
	counted := chosen(func(d bench.Document) bool { return d.Qty == 7 }, func(a, b bench.Document) int { return 0 })
	for _, c := range all {
		must := func(what string, err error) {
			if err != nil {
				b.Fatalf("%s, %s: %v", c.name, what, err)
			}
		}
		ask := func(what string, docs []bench.Document, err error, want []bench.Document, strict bool) {
			must(what, err)
			must(what, same(docs, want, strict))
		}
		d, err := c.peer.get(some(5).ID)
		ask("get", []bench.Document{d}, err, []bench.Document{some(5)}, true)
		docs, err := c.peer.byName(some(7).Name)
		ask("name", docs, err, named, false)
		docs, err = c.peer.topRange(status, low, high, few)
		ask("range", docs, err, ranged[:min(few, len(ranged))], true)
		docs, err = c.peer.byQty(7)
		ask("qty", docs, err, counted, false)
		docs, err = c.peer.newest(few)
		ask("newest", docs, err, newest[:few], true)
		got, err := c.peer.group()
		must("group", err)
		must("group", sameGroups(got, groups()))
		must("set", c.peer.setQty(some(9).ID, -1))
		changed, err := c.peer.get(some(9).ID)
		must("set", err)
		if changed.Qty != -1 {
			b.Fatalf("%s: qty is %d after it was set", c.name, changed.Qty)
		}
		must("set", c.peer.setQty(some(9).ID, some(9).Qty))
	}
}
