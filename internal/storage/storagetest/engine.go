package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/trial"
)

var engineCases = []testCase{
	{"empty", "a new engine has version 0 and no keys", examEmpty},
	{"order", "keys are walked in the order of their bytes, both ways, within bounds", examOrder},
	{"edges", "empty values, long keys and values, odd ranges and cursors used past their end are ordinary", examEdges},
	{"batch", "a batch is one version; the later of two writes of a key counts; it may be as big as the contract says", examBatch},
	{"views", "a view never changes, whatever is applied and retired beside it", examViews},
	{"bytes", "a value that Get returned is valid for ever", examBytes},
	{"reopen", "closing keeps data and version", examReopen},
	{"concurrent", "views may be read while batches are applied, synced and compacted", examConcurrent},
}

// opened opens an engine for a test that closes it itself or leaves it to cleanup.
func opened(t *testing.T, open func() storage.Engine) storage.Engine {
	e := open()
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return e
}

func examEmpty(t *testing.T, open func() storage.Engine) {
	e := opened(t, open)
	if e.Version() != 0 {
		t.Errorf("version %d", e.Version())
	}
	v := e.View()
	defer v.Release()
	if err := (model{}).checkScan(v.Scan(storage.Range{}, storage.ScanOptions{}), storage.Range{}, storage.ScanOptions{}, -1); err != nil {
		t.Error(err)
	}
	if err := (model{}).checkGet(v, key("k")); err != nil {
		t.Error(err)
	}
	must(t, e.Sync())
	must(t, e.Verify(context.Background()))
	must(t, e.Compact(context.Background()))
}

func examOrder(t *testing.T, open func() storage.Engine) {
	rnd := trial.Random(t)
	e := opened(t, open)
	var writes []storage.Write
	for i := range 3000 {
		writes = append(writes, set(key("k%05d", rnd.IntN(20000)), key("%d", i)))
	}
	writes = append(writes, set([]byte{0}, []byte("first")), set([]byte{0xff, 0xff}, []byte("last")))
	must(t, e.Apply(1, writes, false))
	m := model{}.with(1, writes)
	v := e.View()
	defer v.Release()
	for range 200 * trial.Effort() {
		r, o := storage.Range{Lo: key("k%05d", rnd.IntN(20000)), Hi: key("k%05d", rnd.IntN(20000))}, randomOptions(rnd)
		switch rnd.IntN(6) {
		case 0:
			r.Lo = nil
		case 1:
			r.Hi = nil
		case 2:
			r.Hi = append(bytes.Clone(r.Lo), 'x')
		}
		leave := -1
		if rnd.IntN(2) == 0 {
			leave = rnd.IntN(600)
		}
		if err := m.checkScan(v.Scan(r, o), r, o, leave); err != nil {
			t.Fatal(err)
		}
	}
}

func examEdges(t *testing.T, open func() storage.Engine) {
	e := opened(t, open)
	long := bytes.Repeat([]byte{'k'}, storage.MaxKey)
	writes := []storage.Write{
		set(key("a"), []byte{}),
		set(key("a\x00"), []byte{0}),
		set(key("b"), pattern(storage.LargeValue, 1)),
		set(long, []byte("long")),
		del(key("never there")),
	}
	must(t, e.Apply(1, writes, true))
	must(t, e.Apply(2, nil, true))
	if e.Version() != 2 {
		t.Errorf("version %d after an empty batch", e.Version())
	}
	m := model{}.with(1, writes)
	v := e.View()
	defer v.Release()
	for _, k := range [][]byte{key("a"), key("a\x00"), key("a\x00\x00"), key("b"), long, long[1:], {}} {
		if len(k) == 0 {
			continue // the store never asks for the empty key
		}
		if err := m.checkGet(v, k); err != nil {
			t.Error(err)
		}
	}
	ranges := []storage.Range{{}, {Hi: []byte{}}, {Lo: key("a"), Hi: key("a")}, {Lo: key("b"), Hi: key("a")},
		{Lo: key("a\x00"), Hi: key("b")}, {Lo: long, Hi: nil}, {Lo: key("z")}, {Hi: key("A")}, {Lo: []byte{0xff}, Hi: []byte{0}}}
	for _, r := range ranges {
		for _, o := range []storage.ScanOptions{{}, {Reverse: true}, {KeysOnly: true}, {Reverse: true, KeysOnly: true}} {
			if err := m.checkScan(v.Scan(r, o), r, o, -1); err != nil {
				t.Error(err)
			}
		}
	}
	c := v.Scan(storage.Range{}, storage.ScanOptions{})
	c.Close()
	c.Close()
}

func examBatch(t *testing.T, open func() storage.Engine) {
	e := opened(t, open)
	writes := []storage.Write{set(key("a"), key("1")), del(key("a")), set(key("a"), key("2")), set(key("b"), key("1")), del(key("b"))}
	must(t, e.Apply(1, writes, false))
	m := model{}.with(1, writes)

	many := make([]storage.Write, 0, storage.MaxBatchKeys)
	for i := range storage.MaxBatchKeys {
		many = append(many, set(key("many%08d", (i*7919)%storage.MaxBatchKeys), nil))
	}
	must(t, e.Apply(2, many, true))
	m = m.with(2, many)

	var big []storage.Write
	for size := 0; ; {
		w := set(key("big%d", len(big)), pattern(storage.LargeValue/2, byte(len(big))))
		if size += len(w.Key) + len(w.Value) + 12; size > storage.MaxBatchBytes {
			break
		}
		big = append(big, w)
	}
	must(t, e.Apply(3, big, true))
	m = m.with(3, big)

	v := e.View()
	defer v.Release()
	if err := m.checkScan(v.Scan(storage.Range{}, storage.ScanOptions{}), storage.Range{}, storage.ScanOptions{}, -1); err != nil {
		t.Error(err)
	}
}

// examViews holds many views of different versions and compares each with what
// the model said at its version, while random batches go on.
func examViews(t *testing.T, open func() storage.Engine) {
	rnd := trial.Random(t)
	e := opened(t, open)
	type held struct {
		view    storage.View
		model   model
		version uint64
	}
	now := model{}
	var views []held
	oldest := func(version uint64) uint64 {
		for _, h := range views {
			version = min(version, h.version)
		}
		return version
	}
	checks := 0
	for version := uint64(1); version <= uint64(600*trial.Effort()); version++ {
		writes := randomWrites(rnd)
		must(t, e.Apply(version, writes, rnd.IntN(50) == 0))
		now = now.with(version, writes)
		if rnd.IntN(4) == 0 {
			views = append(views, held{e.View(), now, version})
		}
		if len(views) > 10 {
			i := rnd.IntN(len(views))
			views[i].view.Release()
			views = append(views[:i], views[i+1:]...)
		}
		if rnd.IntN(10) == 0 {
			e.Retire(oldest(version))
		}
		for _, h := range views {
			r, o := randomRange(rnd), randomOptions(rnd)
			if err := h.model.checkScan(h.view.Scan(r, o), r, o, rnd.IntN(30)-1); err != nil {
				t.Fatalf("view of version %d at %d: %v", h.version, version, err)
			}
			if err := h.model.checkGet(h.view, randomKey(rnd)); err != nil {
				t.Fatalf("view of version %d at %d: %v", h.version, version, err)
			}
			checks++
		}
	}
	for _, h := range views {
		h.view.Release()
	}
	t.Logf("%d checks of views", checks)
}

func examBytes(t *testing.T, open func() storage.Engine) {
	e := opened(t, open)
	want := pattern(1000, 3)
	must(t, e.Apply(1, []storage.Write{set(key("k"), bytes.Clone(want))}, false))
	v := e.View()
	entry, err := v.Get(key("k"))
	must(t, err)
	v.Release()
	for version := uint64(2); version < 300; version++ {
		e.Retire(version - 1)
		must(t, e.Apply(version, []storage.Write{set(key("k"), pattern(1000, byte(version)))}, false))
	}
	must(t, e.Compact(context.Background()))
	if !bytes.Equal(entry.Value, want) {
		t.Error("the value changed under its owner")
	}
}

func examReopen(t *testing.T, open func() storage.Engine) {
	rnd := trial.Random(t)
	m, version := model{}, uint64(0)
	for round := range 4 {
		e := open()
		if e.Version() != version {
			t.Fatalf("round %d: version %d, want %d", round, e.Version(), version)
		}
		v := e.View()
		err := m.checkScan(v.Scan(storage.Range{}, storage.ScanOptions{}), storage.Range{}, storage.ScanOptions{}, -1)
		v.Release()
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		must(t, e.Verify(context.Background()))
		for range 50 {
			version++
			writes := randomWrites(rnd)
			must(t, e.Apply(version, writes, round%2 == 0))
			m = m.with(version, writes)
		}
		must(t, e.Sync())
		must(t, e.Close())
	}
}

// examConcurrent moves an amount between two keys; every view must see the same sum.
func examConcurrent(t *testing.T, open func() storage.Engine) {
	e := opened(t, open)
	balance := func(version uint64) []storage.Write {
		return []storage.Write{
			set(key("a"), key("%d", version)), set(key("b"), key("%d", 1_000_000-int(version))),
			set(key("pad%03d", version%500), pattern(200, byte(version))), del(key("pad%03d", (version+250)%500)),
		}
	}
	must(t, e.Apply(1, balance(1), false))
	var stop atomic.Bool
	var looks atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				if err := checkBalance(e); err != nil {
					t.Error(err)
					return
				}
				looks.Add(1)
			}
		})
	}
	end := time.Now().Add(time.Duration(trial.Effort()) * 300 * time.Millisecond)
	for version := uint64(2); time.Now().Before(end); version++ {
		must(t, e.Apply(version, balance(version), version%100 == 0))
		if version%300 == 0 {
			must(t, e.Sync())
			must(t, e.Compact(context.Background()))
		}
	}
	stop.Store(true)
	wg.Wait()
	t.Logf("%d looks at %d versions", looks.Load(), e.Version())
}

func checkBalance(e storage.Engine) error {
	v := e.View()
	defer v.Release()
	sum := func(get func(k string) (string, error)) error {
		a, err := get("a")
		if err != nil {
			return err
		}
		b, err := get("b")
		if err != nil {
			return err
		}
		var x, y int
		if fmt.Sscan(a+" "+b, &x, &y); x+y != 1_000_000 {
			return fmt.Errorf("a torn view: %q and %q", a, b)
		}
		return nil
	}
	if err := sum(func(k string) (string, error) { e, err := v.Get([]byte(k)); return string(e.Value), err }); err != nil {
		return err
	}
	found := map[string]string{}
	c := v.Scan(storage.Range{Lo: key("a"), Hi: key("c")}, storage.ScanOptions{})
	for c.Next() {
		found[string(c.Key())] = string(c.Value())
	}
	err := c.Err()
	c.Close()
	if err != nil {
		return err
	}
	return sum(func(k string) (string, error) { return found[k], nil })
}
