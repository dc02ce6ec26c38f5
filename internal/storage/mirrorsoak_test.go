package storage_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/badger"
	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/internal/storage/storagetest"
	"github.com/virgadb/virga/internal/trial"
)

// A soak is a store of collections, each a region of documents and one of index
// entries that must agree in every snapshot, with room to mirror some of them.
type soak struct {
	store *storage.Store
	limit int64
	live  [soakWriters]atomic.Int32 // the number of each writer's collection
	next  atomic.Int32
	seed  uint64

	mirrored, stored, mixed atomic.Int64 // reads, by what served the two regions
}

const (
	soakWriters = 4
	soakKeys    = 300
)

// docValue is the document that index entry soakEntry points to.
func docValue(id, n int) []byte {
	return append(fmt.Appendf(nil, "%06d", n), bytes.Repeat([]byte{'.'}, id%97)...)
}

func soakDoc(coll int32, id int) []byte { return regionKey('d', int(coll), "%04d", id) }

func soakEntry(coll int32, id, n int) []byte { return regionKey('i', int(coll), "%06d%04d", n, id) }

// write changes documents of one collection at random, with their entries, and
// drops the collection for a new one now and then.
func (s *soak) write(ctx context.Context, w int, rnd *rand.Rand) error {
	have := map[int]int{}
	coll := s.next.Add(1)
	s.live[w].Store(coll)
	for ctx.Err() == nil {
		var r storage.Request
		if rnd.IntN(2000) == 0 && s.next.Load() < 250 {
			r.Garbage = []storage.Range{regionRange('d', int(coll)), regionRange('i', int(coll))}
			coll = s.next.Add(1)
			s.live[w].Store(coll)
			clear(have)
		}
		for range 1 + rnd.IntN(8) {
			id, n := rnd.IntN(soakKeys), rnd.IntN(1000)
			old, had := have[id]
			if had {
				r.Writes = append(r.Writes, storage.Write{Key: soakEntry(coll, id, old), Delete: true})
			}
			if rnd.IntN(4) == 0 {
				delete(have, id)
				r.Writes = append(r.Writes, storage.Write{Key: soakDoc(coll, id), Delete: true})
				continue
			}
			have[id] = n
			r.Writes = append(r.Writes,
				storage.Write{Key: soakDoc(coll, id), Value: docValue(id, n)},
				storage.Write{Key: soakEntry(coll, id, n)})
		}
		if _, err := s.store.Commit(ctx, &r); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// read compares the two regions of a collection in one snapshot.
func (s *soak) read(rnd *rand.Rand) error {
	snap, err := s.store.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Release()
	coll := s.live[rnd.IntN(soakWriters)].Load()
	d, i := snap.Mirrored(soakDoc(coll, 0)), snap.Mirrored(soakEntry(coll, 0, 0))
	switch {
	case d && i:
		s.mirrored.Add(1)
	case !d && !i:
		s.stored.Add(1)
	default:
		s.mixed.Add(1)
	}
	for range 1 + rnd.IntN(2) {
		if err := s.compare(snap, coll, rnd); err != nil {
			return fmt.Errorf("version %d, documents mirrored %v, entries %v: %w", snap.Version(), d, i, err)
		}
	}
	return nil
}

func (s *soak) compare(snap *storage.Snapshot, coll int32, rnd *rand.Rand) error {
	docs := map[string]string{}
	c := snap.Scan(regionRange('d', int(coll)), storage.ScanOptions{Reverse: rnd.IntN(2) == 0})
	defer c.Close()
	for c.Next() {
		docs[string(c.Key()[storage.RegionLen:])] = string(c.Own())
	}
	if c.Err() != nil {
		return c.Err()
	}
	e := snap.Scan(regionRange('i', int(coll)), storage.ScanOptions{Reverse: rnd.IntN(2) == 0, KeysOnly: true})
	defer e.Close()
	entries := 0
	for ; e.Next(); entries++ {
		key := e.Key()[storage.RegionLen:]
		n, id := string(key[:6]), string(key[6:])
		doc, ok := docs[id]
		if !ok || doc[:6] != n {
			return fmt.Errorf("entry %s of document %s, which is %q", n, id, doc)
		}
		if rnd.IntN(20) > 0 {
			continue
		}
		got, err := snap.Get(append(regionRange('d', int(coll)).Lo, id...))
		if err != nil || string(got.Value) != doc {
			return fmt.Errorf("document %s is %q by its key and %q in a scan, %w", id, got.Value, doc, err)
		}
	}
	if e.Err() != nil {
		return e.Err()
	}
	if entries != len(docs) {
		return fmt.Errorf("%d entries of %d documents", entries, len(docs))
	}
	return nil
}

// watch holds the store to its limit.
func (s *soak) watch() error {
	if used := s.store.Stats().Mirrors; used > s.limit || used < 0 {
		return fmt.Errorf("%d bytes of %d", used, s.limit)
	}
	return nil
}

// run does all of it at once.
func (s *soak) run(t *testing.T, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	var all sync.WaitGroup
	steps := []func(*rand.Rand) error{
		s.read, s.read, s.read,
		func(*rand.Rand) error { return s.watch() },
		func(*rand.Rand) error { return s.store.Verify(context.Background()) },
		func(rnd *rand.Rand) error {
			storage.DropMirror(s.store, rnd.IntN(100))
			time.Sleep(3 * time.Millisecond)
			return nil
		},
	}
	for w := range soakWriters {
		all.Go(func() {
			if err := s.write(ctx, w, rand.New(rand.NewPCG(s.seed, uint64(w)))); err != nil {
				t.Errorf("writer %d: %v", w, err)
				cancel()
			}
		})
	}
	for i, step := range steps {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(s.seed, uint64(100+i)))
			for ctx.Err() == nil {
				if err := step(rnd); err != nil {
					t.Error(err)
					cancel()
				}
				time.Sleep(200 * time.Microsecond) // or writers would hardly get on
			}
		})
	}
	all.Wait()
}

// Everything at once, with room for some regions only: no snapshot mixes
// versions, mirrors are what the engine holds, and the limit holds.
func TestMirrorSoak(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) storage.Engine{
		"memory": func(*testing.T) storage.Engine {
			return storagetest.Faulty(memory.Open(memory.Options{}), func(storagetest.Call) error { return nil })
		},
		"badger": func(t *testing.T) storage.Engine {
			e, err := badger.Open(filepath.Join(t.TempDir(), "store"), badger.Options{})
			must(t, err)
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			rnd := trial.Random(t)
			var loads, mirrored uint64
			end := time.Now().Add(trial.Patience)
			for round := 0; round < 3 || (loads == 0 || mirrored == 0) && time.Now().Before(end); round++ {
				s := &soak{limit: int64(3_000 + rnd.IntN(60_000)), seed: rnd.Uint64()}
				s.store = openMirrored(t, open(t), mirrorOptions(s.limit))
				s.run(t, time.Duration(trial.Effort())*400*time.Millisecond)
				st := s.store.Stats()
				t.Logf("round %d, limit %d: %d loads, %d drops; %d reads of mirrors, %d of both, %d of the engine; %d commits",
					round, s.limit, st.MirrorLoads, st.MirrorDrops, s.mirrored.Load(), s.mixed.Load(), s.stored.Load(), st.Commits)
				loads, mirrored = loads+st.MirrorLoads, mirrored+uint64(s.mirrored.Load()+s.mixed.Load())
				must(t, s.store.Close())
			}
			if loads == 0 || mirrored == 0 {
				t.Error("nothing was mirrored")
			}
		})
	}
}
