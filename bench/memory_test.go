package bench

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/btree"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
)

// BenchmarkMemory runs some of the operations on a database in memory. The floor
// is a btree of the same documents by their ids.
func BenchmarkMemory(b *testing.B) {
	db, err := virga.Open(virga.Memory)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	s := setting{db: db, coll: db.Collection(name)}
	tree := btree.NewG(32, func(x, y entry) bool { return strings.Compare(x.id, y.id) < 0 })
	for from := 0; from < size(); from += batchDocs {
		batch := docsFrom(nil, from, batchDocs)
		if _, err := s.coll.AddMany(background, batch); err != nil {
			b.Fatal(err)
		}
		for _, m := range batch {
			tree.ReplaceOrInsert(entry{m["_id"].(string), document.FromRaw(encoded(m))})
		}
	}
	s.checkGets(b)
	s.checkScan(b)
	want := s.checkSort(b)

	for _, f := range forms {
		b.Run("Get/"+f.name, func(b *testing.B) {
			contest(b, 100, each(s.get(f)), floor{"floor", each(treeGet(tree, f))})
		})
	}
	b.Run("GetParallel", func(b *testing.B) {
		contest(b, 800, eachOf(8, s.get(forms[0])), floor{"floor", eachOf(8, treeGet(tree, forms[0]))})
	})
	walk := floor{"floor", each(treeWalk(tree))}
	b.Run("Scan1pct", func(b *testing.B) { contest(b, 1, each(s.scan), walk) })
	b.Run("SortTop20", func(b *testing.B) { contest(b, 1, each(s.sortTop(want)), walk) })
	b.Run("InsertOne", memoryInserts)
	b.Run("UpdateOne", func(b *testing.B) { // last: it changes what the others count on
		s.checkUpdate(b)
		contest(b, 10, each(s.update), floor{"floor", each(treeReplace(tree))})
	})
}

// An entry is a document in a tree.
type entry struct {
	id  string
	doc document.Doc
}

func treeGet(tree *btree.BTreeG[entry], f form) func(i int) error {
	w := standard()
	return func(i int) error {
		e, ok := tree.Get(entry{id: w.ids[some(i)]})
		if !ok {
			return fmt.Errorf("document %d is not there", some(i))
		}
		return f.decode(e.doc)
	}
}

// treeWalk looks at the first byte of every document.
func treeWalk(tree *btree.BTreeG[entry]) func(int) error {
	return func(int) error {
		fields := 0
		tree.Ascend(func(e entry) bool {
			fields += int(e.doc.Raw()[0] & 0x0f)
			return true
		})
		if fields != 10*size() {
			return fmt.Errorf("%d fields", fields)
		}
		return nil
	}
}

// treeReplace puts a document in its own place, and takes a clone of the tree
// first as a commit that readers do not wait for must.
func treeReplace(tree *btree.BTreeG[entry]) func(i int) error {
	w := standard()
	return func(i int) error {
		tree.Clone()
		e, _ := tree.Get(entry{id: w.ids[some(i)]})
		tree.ReplaceOrInsert(e)
		return nil
	}
}

func memoryInserts(b *testing.B) {
	db, err := virga.Open(virga.Memory)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	s := setting{db: db, coll: db.Collection(name)}
	tree := btree.NewG(32, func(x, y entry) bool { return strings.Compare(x.id, y.id) < 0 })
	var entries []entry
	contest(b, 10, s.inserts(1), floor{"floor", prepared(1,
		func(from, n int) {
			entries = entries[:0]
			for i := range n {
				d := At(seed, uint64(from+i))
				entries = append(entries, entry{d.ID, document.FromRaw(encoded(d.M()))})
			}
		},
		func(i int) error {
			tree.Clone()
			tree.ReplaceOrInsert(entries[i])
			return nil
		})})
	s.checkCount(b, b.N)
}
