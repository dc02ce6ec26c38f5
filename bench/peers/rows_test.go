package peers

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"testing"

	"github.com/virgadb/virga/bench"
)

// levels are what is promised of a commit.
var levels = []struct {
	name string
	sync bool
}{{"fast", false}, {"sync", true}}

// BenchmarkInsertOne adds documents one by one to empty databases: row a.
func BenchmarkInsertOne(b *testing.B) {
	for _, level := range levels {
		b.Run(level.name, func(b *testing.B) {
			turns(b, opened(b, level.sync), func(p peer, i int) error { return p.insert([]bench.Document{document(i)}) })
		})
	}
}

// BenchmarkInsertMany1000 adds documents by the thousand, and tells the bytes on disk
// of each afterwards: rows b and l. An operation is a thousand documents.
func BenchmarkInsertMany1000(b *testing.B) {
	all, dirs := []contestant{}, []string{}
	for _, k := range kinds {
		dir := b.TempDir()
		p, err := k.open(dir, false)
		if err != nil {
			b.Fatal(err)
		}
		all, dirs = append(all, contestant{k.name, p}), append(dirs, dir)
	}
	turns(b, all, func(p peer, i int) error {
		docs := make([]bench.Document, batch)
		for j := range docs {
			docs[j] = document(i*batch + j)
		}
		return p.insert(docs)
	})
	for i, c := range all {
		if err := c.peer.close(); err != nil {
			b.Fatalf("%s: %v", c.name, err)
		}
		b.ReportMetric(float64(sizeOf(b, dirs[i]))/float64(b.N*batch), c.name+"-disk-B/doc")
	}
}

func sizeOf(b *testing.B, dir string) (size int64) {
	b.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return size
}

// BenchmarkRead asks loaded databases: rows c to h.
func BenchmarkRead(b *testing.B) {
	all := loaded(b, false)
	check(b, all)
	find := func(docs []bench.Document, err error) error {
		if err == nil && len(docs) == 0 {
			err = fmt.Errorf("nothing found")
		}
		return err
	}
	b.Run("Get", func(b *testing.B) {
		turns(b, all, func(p peer, i int) error {
			_, err := p.get(some(i).ID)
			return err
		})
	})
	b.Run("FindEqual", func(b *testing.B) {
		turns(b, all, func(p peer, i int) error { return find(p.byName(some(i).Name)) })
	})
	b.Run("TopRange20", func(b *testing.B) {
		turns(b, all, func(p peer, i int) error {
			status, low, high := rangeOf(i)
			return find(p.topRange(status, low, high, few))
		})
	})
	b.Run("Scan1pct", func(b *testing.B) {
		turns(b, all, func(p peer, i int) error { return find(p.byQty(some(i).Qty)) })
	})
	b.Run("SortTop20", func(b *testing.B) {
		turns(b, all, func(p peer, _ int) error { return find(p.newest(few)) })
	})
	b.Run("Group", func(b *testing.B) {
		turns(b, all, func(p peer, _ int) error {
			got, err := p.group()
			if err == nil {
				err = sameGroups(got, groups())
			}
			return err
		})
	})
}

// BenchmarkWrite changes loaded databases: rows i and j. An operation of Mixed is 800
// of 8 goroutines, 95 % of them reads.
func BenchmarkWrite(b *testing.B) {
	for _, level := range levels {
		all := loaded(b, level.sync)
		b.Run("UpdateOne/"+level.name, func(b *testing.B) {
			turns(b, all, func(p peer, i int) error { return p.setQty(some(i).ID, int64(i%bench.Qtys)) })
		})
		b.Run("Mixed/"+level.name, func(b *testing.B) {
			turns(b, all, mixed)
		})
	}
}

func mixed(p peer, i int) error {
	const goroutines, each = 8, 100
	errs := make([]error, goroutines)
	var workers sync.WaitGroup
	for g := range goroutines {
		workers.Go(func() {
			for n := 0; n < each && errs[g] == nil; n++ {
				k := (i*goroutines+g)*each + n
				if n%20 == 0 {
					// Each goroutine changes documents of its own.
					errs[g] = p.setQty(workload()[(k/goroutines*goroutines+g)%len(workload())].ID, int64(n))
					continue
				}
				_, errs[g] = p.get(some(k).ID)
			}
		})
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkReopen opens loaded databases, gets a document and finds some by an index:
// row k.
func BenchmarkReopen(b *testing.B) {
	dirs := map[string]string{}
	var all []contestant
	for _, k := range kinds {
		dirs[k.name] = b.TempDir()
		p, err := k.open(dirs[k.name], false)
		if err != nil {
			b.Fatal(err)
		}
		load(b, contestant{k.name, p})
		if err := p.close(); err != nil {
			b.Fatal(err)
		}
		all = append(all, contestant{k.name, &closed{kind: k, dir: dirs[k.name]}})
	}
	turns(b, all, func(p peer, i int) error { return p.(*closed).reopen(i) })
}

// closed is a peer that is not open.
type closed struct {
	peer
	kind kind
	dir  string
}

func (c *closed) reopen(i int) error {
	p, err := c.kind.open(c.dir, false)
	if err != nil {
		return err
	}
	defer p.close()
	if _, err := p.get(some(i).ID); err != nil {
		return err
	}
	docs, err := p.byName(some(i).Name)
	if err == nil && len(docs) == 0 {
		err = fmt.Errorf("nothing found")
	}
	return err
}
