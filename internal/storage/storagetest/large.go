package storagetest

import (
	"bytes"
	"context"
	"testing"

	"github.com/virgadb/virga/internal/storage"
)

func examLarge(t *testing.T, open func() storage.Engine) {
	s := openStore(t, open, storage.Options{})
	sizes := []int{storage.LargeValue, storage.LargeValue + 1, 2 * storage.LargeValue, 3*storage.LargeValue + 7, 9 << 20}
	var snaps []*storage.Snapshot
	var replaces storage.PartSet
	for i, n := range sizes {
		w := set(key("k"), pattern(n, byte(i)))
		w.Replaces = replaces
		must(t, commit(s, set(key("before"), key("small")), w, set(key("z"), key("small"))))
		snap, err := s.Snapshot()
		must(t, err)
		snaps = append(snaps, snap)
		e, err := snap.Get(key("k"))
		must(t, err)
		if (e.Parts != 0) != (n > storage.LargeValue) {
			t.Errorf("value of %d bytes has parts %d", n, e.Parts)
		}
		replaces = e.Parts
	}
	gone := del(key("k"))
	gone.Replaces = replaces
	must(t, commit(s, gone))
	must(t, s.Verify(context.Background()))
	for i, snap := range snaps {
		want := pattern(sizes[i], byte(i))
		if e, err := snap.Get(key("k")); err != nil || !bytes.Equal(e.Value, want) {
			t.Errorf("size %d: got %d bytes, %v", sizes[i], len(e.Value), err)
		}
		for _, reverse := range []bool{false, true} {
			c := snap.Scan(storage.Range{}, storage.ScanOptions{Reverse: reverse})
			c.Next()
			if !c.Next() || !bytes.Equal(c.Value(), want) || !bytes.Equal(c.Own(), want) {
				t.Errorf("size %d by cursor: %v", sizes[i], c.Err())
			}
			if !c.Next() || c.Parts() != 0 || string(c.Value()) != "small" || c.Next() || c.Err() != nil {
				t.Errorf("size %d: the walk goes wrong behind it: %v", sizes[i], c.Err())
			}
			c.Close()
		}
		snap.Release()
	}
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	if e, err := snap.Get(key("k")); err != nil || e.Value != nil {
		t.Errorf("deleted: %d bytes, %v", len(e.Value), err)
	}
}

func examGarbage(t *testing.T, open func() storage.Engine) {
	s := openStore(t, open, storage.Options{Durability: storage.Fast})
	const n = 3500
	for from := 0; from < n; from += 500 {
		var writes []storage.Write
		for i := from; i < from+500; i++ {
			writes = append(writes, set(key("drop%05d", i), pattern(100, byte(i))))
		}
		must(t, commit(s, writes...))
	}
	must(t, commit(s, set(key("drop00100x"), pattern(2<<20, 9)), set(key("keep"), key("me")), set(key("droq"), key("too"))))
	old, err := s.Snapshot()
	must(t, err)
	dropped := storage.Range{Lo: key("drop"), Hi: key("droq")}
	_, err = s.Commit(context.Background(), &storage.Request{Garbage: []storage.Range{dropped}})
	must(t, err)
	must(t, commit(s, set(key("later"), key("commit"))))
	if got := count(t, old, dropped); got != n+1 {
		t.Errorf("the older snapshot has %d keys, want %d", got, n+1)
	}
	if s.Stats().Garbage != 1 {
		t.Errorf("swept under an older snapshot: %+v", s.Stats())
	}
	old.Release()
	eventually(t, "sweep", func() bool { return s.Stats().Garbage == 0 })
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	if got := count(t, snap, dropped); got != 0 {
		t.Errorf("%d keys are left", got)
	}
	if got := count(t, snap, storage.Range{}); got != 3 {
		t.Errorf("%d keys beside the range, want 3", got)
	}
}

func count(t *testing.T, snap *storage.Snapshot, r storage.Range) (n int) {
	t.Helper()
	c := snap.Scan(r, storage.ScanOptions{KeysOnly: true})
	defer c.Close()
	for c.Next() {
		n++
	}
	must(t, c.Err())
	return n
}
