package storage_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/storagetest"
	"github.com/virgadb/virga/internal/trial"
)

// A tale is a sequence of commits with the value each key had after each.
type tale struct {
	values map[string][]byte
	parts  map[string]storage.PartSet
}

// step makes one random commit: values small and large that replace each other,
// deletions, and ranges that are dropped.
func (h *tale) step(t *testing.T, s *storage.Store, rnd *rand.Rand) {
	t.Helper()
	k := fmt.Sprint("k", rnd.IntN(5))
	w := storage.Write{Key: []byte(k), Replaces: h.parts[k]}
	r := &storage.Request{}
	switch rnd.IntN(6) {
	case 0:
		w.Delete = true
	case 1, 2:
		w.Value = large(rnd.IntN(100), 2+rnd.IntN(2))
	case 3:
		r.Garbage = []storage.Range{h.fresh(t, s, rnd)}
		w.Value = []byte("dropped")
	default:
		w.Value = fmt.Append(nil, rnd.Uint64())
	}
	h.values[k] = w.Value
	r.Writes = []storage.Write{w}
	_, err := s.Commit(context.Background(), r)
	must(t, err)
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	e, err := snap.Get(w.Key)
	must(t, err)
	h.parts[k] = e.Parts
}

// fresh fills a range that will be dropped: some small keys and a large one.
func (h *tale) fresh(t *testing.T, s *storage.Store, rnd *rand.Rand) storage.Range {
	t.Helper()
	id := rnd.Uint32()
	lo := fmt.Appendf(nil, "r%08x", id)
	must(t, commit(s, set(string(lo)+"a", []byte("x")), set(string(lo)+"b", large(1, 2))))
	return storage.Range{Lo: lo, Hi: append(bytes.Clone(lo), 0xff)}
}

// A store is cut off at random moments and opened again over what is left, which
// depends on what was synced. Nothing torn, nothing stray, and no acknowledged
// commit is missing that the durability promised.
func TestCrash(t *testing.T) {
	rnd := trial.Random(t)
	cuts := 0
	for _, d := range []storage.Durability{storage.Sync, storage.Fast} {
		e := storagetest.NewCrashing()
		h := &tale{map[string][]byte{}, map[string]storage.PartSet{}}
		for range 15 * trial.Effort() {
			s, err := storage.New(e, storage.Options{Durability: d})
			must(t, err)
			for range rnd.IntN(20) {
				h.step(t, s, rnd)
			}
			killed := e.Kill()
			h.check(t, killed, true)
			odds := rnd.Float64()
			cut := e.PowerCut(func(uint64) bool { return rnd.Float64() < odds })
			must(t, s.Close())
			h.check(t, cut, d == storage.Sync)
			cuts += 2
			if d == storage.Sync || rnd.IntN(2) == 0 {
				e = killed
				continue
			}
			e = cut
			h.relearn(t, e)
		}
	}
	t.Logf("%d crashes", cuts)
}

// check opens a store over what a crash has left. With all set, the tale must be
// there to its last commit.
func (h *tale) check(t *testing.T, e *storagetest.Crashing, all bool) {
	t.Helper()
	s, err := storage.New(e, storage.Options{})
	must(t, err)
	defer s.Close()
	s.Start(storage.Hooks{}, nil)
	must(t, s.Verify(context.Background()))
	eventually(t, "sweep", func() bool { return s.Stats().Garbage == 0 })
	must(t, s.Verify(context.Background()))
	for k, want := range h.values {
		if got, _ := get(t, s, k); all && !bytes.Equal(got, want) {
			t.Fatalf("%s holds %d bytes, want %d", k, len(got), len(want))
		}
	}
}

// relearn takes what a power cut has left for the truth.
func (h *tale) relearn(t *testing.T, e *storagetest.Crashing) {
	t.Helper()
	s, err := storage.New(e, storage.Options{})
	must(t, err)
	defer s.Close()
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	for k := range h.values {
		got, err := snap.Get([]byte(k))
		must(t, err)
		h.values[k], h.parts[k] = got.Value, got.Parts
	}
}

// The commit that happens to remember the highest number may not be the one that
// uses it, and must survive as surely. So must each commit that others count on.
func TestPowerCutBetweenCommitsThatCountOnEachOther(t *testing.T) {
	e := storagetest.NewCrashing()
	hold := newStall()
	s := open(t, storagetest.Faulty(e, hold.plan), storage.Options{Durability: storage.Fast})
	first := start(context.Background(), s, request("first"))
	<-hold.enter
	small := request("small") // takes the numbers of those behind it along
	small.Alone = true
	other := queued(t, context.Background(), s, 0, small)
	big := queued(t, context.Background(), s, 1, &storage.Request{Writes: []storage.Write{set("big", large(1, 3))}})
	drop := request("drop")
	drop.Alone = true
	drop.Garbage = []storage.Range{{Lo: []byte("x"), Hi: []byte("y")}}
	dropped := queued(t, context.Background(), s, 2, drop)
	hold.leave <- struct{}{}
	end := hold.pass()
	defer end()
	var head uint64
	for _, c := range []<-chan result{first, other, dropped, big} {
		r := <-c
		must(t, r.err)
		head = r.version
	}
	for _, keep := range []bool{false, true} {
		cut := e.PowerCut(func(version uint64) bool { return keep && version == head })
		s := open(t, cut, storage.Options{})
		if _, ok := get(t, s, "drop"); !ok {
			t.Error("the commit that dropped a range is lost")
		}
		if v, ok := get(t, s, "big"); ok != keep || ok && !bytes.Equal(v, large(1, 3)) {
			t.Errorf("head kept %v, value %d bytes", keep, len(v))
		}
		must(t, replace(s, set("big", large(2, 3))))
		eventually(t, "sweep", func() bool { return s.Stats().Garbage == 0 })
		if v, _ := get(t, s, "big"); !bytes.Equal(v, large(2, 3)) {
			t.Error("the value is damaged")
		}
		must(t, s.Verify(context.Background()))
	}
}

// The keys of a dropped range go in several commits, its record with the last.
// A power cut must not take one of the first and spare the last.
func TestPowerCutInASweep(t *testing.T) {
	e := storagetest.NewCrashing()
	s := open(t, e, storage.Options{Durability: storage.Fast})
	for n := range 5 {
		var writes []storage.Write
		for i := range 1000 {
			writes = append(writes, set(fmt.Sprintf("x%d-%d", n, i), nil))
		}
		must(t, commit(s, writes...))
	}
	must(t, s.Sync())
	_, err := s.Commit(context.Background(), &storage.Request{Garbage: []storage.Range{{Lo: []byte("x"), Hi: []byte("y")}}})
	must(t, err)
	eventually(t, "sweep", func() bool { return s.Stats().Garbage == 0 })
	last := s.Stats().Version
	cut := e.PowerCut(func(version uint64) bool { return version == last })
	if n := len(keysOf(cut, 'g')); n != 0 {
		t.Fatalf("%d records are left", n)
	}
	s = open(t, cut, storage.Options{})
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	if c := snap.Scan(storage.Range{}, storage.ScanOptions{}); c.Next() {
		c.Close()
		t.Error("keys of the range have come back, and nothing will remove them")
	}
}
