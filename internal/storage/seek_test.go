package storage_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/badger"
	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/internal/trial"
)

// eachEngine runs a test on the kinds of engines whose cursors differ: one whose
// cursors are a tree's, one that copies, and one on disk.
func eachEngine(t *testing.T, f func(t *testing.T, s *storage.Store, rnd *rand.Rand)) {
	for name, engine := range map[string]func() (storage.Engine, error){
		"tree":   func() (storage.Engine, error) { return memory.Open(memory.Options{}), nil },
		"copies": func() (storage.Engine, error) { return unshared{memory.Open(memory.Options{})}, nil },
		"badger": func() (storage.Engine, error) {
			return badger.Open(filepath.Join(t.TempDir(), "store"), badger.Options{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := engine()
			must(t, err)
			f(t, open(t, e, storage.Options{}), trial.Random(t))
		})
	}
}

// A cursor that seeks finds what a new one would, forwards and backwards, beyond its
// end and after it, on a tree and on an engine that copies.
func TestCursorsSeek(t *testing.T) {
	eachEngine(t, func(t *testing.T, s *storage.Store, rnd *rand.Rand) {
		var writes []storage.Write
		for range 2000 {
			writes = append(writes, set(fmt.Sprintf("k%05d", rnd.IntN(100_000)), []byte("v")))
		}
		must(t, commit(s, writes...))
		snap, err := s.Snapshot()
		must(t, err)
		defer snap.Release()
		all := storage.Range{Lo: []byte("k1"), Hi: []byte("k9")}
		c := snap.Scan(all, storage.ScanOptions{Seeks: true, KeysOnly: true})
		defer c.Close()
		for range trial.Times(500) {
			lo := []byte(fmt.Sprintf("k%05d", 10_000+rnd.IntN(85_000)))
			c.Seek(lo)
			fresh := snap.Scan(storage.Range{Lo: lo, Hi: all.Hi}, storage.ScanOptions{KeysOnly: true})
			for range rnd.IntN(400) {
				more := fresh.Next()
				if got := c.Next(); got != more || more && !bytes.Equal(c.Key(), fresh.Key()) {
					t.Fatalf("behind %s: %s, %v, want %s, %v", lo, c.Key(), got, fresh.Key(), more)
				}
				if !more {
					break
				}
			}
			must(t, c.Err())
			fresh.Close()
		}
	})
}
