package storage_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/trial"
)

// What a mirror counts for must be what it takes: loaded in order, and after it
// has been written all over. The same without mirrors tells what the rest takes.
func TestMirrorHeap(t *testing.T) {
	for name, h := range map[string]heapCase{
		"documents": {'d', 25, 230},
		"entries":   {'i', 30, 0},
	} {
		t.Run(name, func(t *testing.T) {
			rnd := trial.Random(t)
			keys := make([][]byte, 20_000)
			for i := range keys {
				keys[i] = append(regionKey(h.space, 1, ""), randomBytes(rnd, h.key)...)
			}
			loaded, written := h.measure(t, keys, 1<<30)
			restLoaded, restWritten := h.measure(t, keys, 0)
			runtime.KeepAlive(keys)
			for what, m := range map[string]struct{ with, without heapSize }{"loaded": {loaded, restLoaded}, "written": {written, restWritten}} {
				n, counted, real := float64(len(keys)), float64(m.with.counted), float64(m.with.heap-m.without.heap)
				t.Logf("%s: %.0f bytes an entry accounted, %.0f in the heap, %.2f of it", what, counted/n, real/n, counted/real)
				if real < counted*3/4 || real > counted*4/3 {
					t.Errorf("%s: %.0f bytes accounted, %.0f in the heap", what, counted, real)
				}
			}
		})
	}
}

// A heapCase is the shape of a region: its space, and the bytes of its keys and values.
type heapCase struct {
	space      byte
	key, value int
}

type heapSize struct{ heap, counted int64 }

// measure returns what a store takes whose region has been loaded, and then
// written all over.
func (h heapCase) measure(t *testing.T, keys [][]byte, limit int64) (loaded, written heapSize) {
	before := liveHeap()
	s := open(t, new(counted).engine(), mirrorOptions(limit))
	defer s.Close()
	rnd := rand.New(rand.NewPCG(1, 1))
	size := func() heapSize { return heapSize{liveHeap() - before, s.Stats().Mirrors} }
	h.write(t, s, keys, rnd)
	if limit > 0 {
		mirror(t, s, h.space, 1)
	}
	loaded = size()
	rnd.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	h.write(t, s, keys, rnd)
	return loaded, size()
}

func (h heapCase) write(t *testing.T, s *storage.Store, keys [][]byte, rnd *rand.Rand) {
	for from := 0; from < len(keys); from += 1000 {
		var writes []storage.Write
		for _, key := range keys[from : from+1000] {
			writes = append(writes, storage.Write{Key: append([]byte(nil), key...), Value: randomBytes(rnd, h.value)})
		}
		must(t, commit(s, writes...))
	}
}

func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func randomBytes(rnd *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}
