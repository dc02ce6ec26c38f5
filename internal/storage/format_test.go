package storage_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
)

func TestFormat(t *testing.T) {
	for name, c := range map[string]struct {
		write storage.Write
		want  error
		says  string
	}{
		"newer":             {set("\x00f", []byte("2")), fault.ErrFormat, "format 2 and this version reads up to 1, open it with a newer version"},
		"not a number":      {set("\x00f", []byte("x")), fault.ErrCorrupt, "format record"},
		"zero":              {set("\x00f", []byte("0")), fault.ErrCorrupt, "format record"},
		"missing":           {storage.Write{Key: []byte("\x00f"), Delete: true}, fault.ErrCorrupt, "missing"},
		"numbers cut short": {set("\x00n", []byte("123")), fault.ErrCorrupt, "number record"},
		"number zero":       {set("\x00n", make([]byte, 8)), fault.ErrCorrupt, "number record"},
		"number lost":       {set("\x00p\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00", []byte("part")), fault.ErrCorrupt, "newer"},
		"open set":          {set("\x00o123", nil), fault.ErrCorrupt, "record 006f313233"},
		"garbage range":     {set("\x00g12345678", []byte{9, 'a'}), fault.ErrCorrupt, "record"},
		"garbage of ours":   {set("\x00g12345678", []byte{0}), fault.ErrCorrupt, "record"},
		"fine":              {set("k", nil), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := kept{memory.Open(memory.Options{})}
			s := open(t, e, storage.Options{})
			must(t, commit(s, set("data", nil)))
			must(t, s.Close())
			apply(t, e, c.write)
			s, err := storage.New(e, storage.Options{})
			if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
			if err == nil {
				must(t, s.Close())
			}
		})
	}
}

func TestNewStoreNamesItsFormat(t *testing.T) {
	e := memory.Open(memory.Options{})
	open(t, e, storage.Options{})
	if got := stored(e, []byte("\x00f")); string(got) != "1" || e.Version() != 1 {
		t.Errorf("format %q at version %d", got, e.Version())
	}
}

func TestSweepIsResumed(t *testing.T) {
	e := kept{memory.Open(memory.Options{})}
	s := open(t, e, storage.Options{})
	for _, k := range []string{"a", "b1", "b2", "c"} {
		must(t, commit(s, set(k, large(1, 2))))
	}
	pin, err := s.Snapshot()
	must(t, err)
	ranges := []storage.Range{{Lo: []byte("b"), Hi: []byte("c")}, {Lo: []byte("x")}}
	_, err = s.Commit(context.Background(), &storage.Request{Garbage: ranges})
	must(t, err)
	must(t, commit(s, set("y", nil)))
	checkGarbage(t, s, ranges)
	must(t, s.Close())
	pin.Release()
	if n := len(keysOf(e, 'g')); n != 2 {
		t.Fatalf("%d ranges are remembered", n)
	}
	s = open(t, e, storage.Options{})
	s.Start(storage.Hooks{}, nil)
	eventually(t, "sweep", func() bool { return s.Stats().Garbage == 0 })
	for k, want := range map[string]bool{"a": true, "b1": false, "b2": false, "c": true, "y": false} {
		if _, ok := get(t, s, k); ok != want {
			t.Errorf("%s is there: %v", k, ok)
		}
	}
	if g, p := keysOf(e, 'g'), keysOf(e, 'p'); len(g) != 0 || len(p) != 4 {
		t.Errorf("left: %q, %d parts", g, len(p))
	}
}

func checkGarbage(t *testing.T, s *storage.Store, want []storage.Range) {
	t.Helper()
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	got, err := snap.Garbage()
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("garbage %q, want %q", got, want)
	}
	for k, in := range map[string]bool{"a": false, "b": true, "bz": true, "c": false, "w": false, "x": true, "\xff": true} {
		if got := want[0].Contains([]byte(k)) || want[1].Contains([]byte(k)); got != in {
			t.Errorf("%q lies in it: %v", k, got)
		}
	}
}
