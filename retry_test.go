package virga

import (
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/internal/storage/storagetest"
)

// TestWritesUnderADrop drops the collection while writes look at a document that they
// are about to change: nothing of it happens, and nothing is counted.
func TestWritesUnderADrop(t *testing.T) {
	for name, write := range map[string]func(c *Collection) (any, error){
		"update":            func(c *Collection) (any, error) { return c.Where(M{"n": 1}).Update(ctx(), M{"n": 2}) },
		"remove":            func(c *Collection) (any, error) { return c.Where(M{"n": 1}).Remove(ctx()) },
		"update and return": func(c *Collection) (any, error) { return c.Where(M{"n": 1}).UpdateAndReturn(ctx(), M{"n": 2}) },
		"update one":        func(c *Collection) (any, error) { return c.Doc("a").Update(ctx(), M{"n": 2}) },
		"remove one":        func(c *Collection) (any, error) { return c.Doc("a").Remove(ctx()) },
	} {
		t.Run(name, func(t *testing.T) {
			var armed atomic.Bool
			var db *DB
			plan := func(c storagetest.Call) error {
				if c.Op == storagetest.Get && c.After && armed.CompareAndSwap(true, false) {
					return db.DropCollection(ctx(), "c")
				}
				return nil
			}
			c, err := configure([]Option{WithMemory(0)}) // every read is the engine's
			if err != nil {
				t.Fatal(err)
			}
			if db, err = openStore("dropping", storagetest.Faulty(memory.Open(memory.Options{}), plan), c); err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			coll := db.Collection("c")
			mustAdd(t, coll, M{"_id": "a", "n": 1})
			armed.Store(true)
			res, err := write(coll)
			if armed.Load() {
				t.Fatal("the collection was not dropped")
			}
			if err != nil || !reflect.ValueOf(res).IsZero() {
				t.Errorf("%+v, %v, want nothing", res, err)
			}
			mustCheck(t, db)
			if names, err := db.Collections(ctx()); len(names) > 0 || err != nil {
				t.Errorf("left: %v, %v", names, err)
			}
		})
	}
}
