package storage_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/internal/storage/storagetest"
)

// keysOf returns the keys of the store's own records of one kind in an engine.
func keysOf(e storage.Engine, kind byte) (keys [][]byte) {
	v := e.View()
	defer v.Release()
	c := v.Scan(storage.Range{Lo: []byte{0, kind}, Hi: []byte{0, kind + 1}}, storage.ScanOptions{})
	defer c.Close()
	for c.Next() {
		keys = append(keys, bytes.Clone(c.Key()))
	}
	return keys
}

func stored(e storage.Engine, k []byte) []byte {
	v := e.View()
	defer v.Release()
	entry, _ := v.Get(k)
	return bytes.Clone(entry.Value)
}

func apply(t *testing.T, e storage.Engine, writes ...storage.Write) {
	t.Helper()
	must(t, e.Apply(e.Version()+1, writes, true))
}

// The layout of a large value is a format: another version must find it.
func TestLargeValuesOnDisk(t *testing.T) {
	e := memory.Open(memory.Options{})
	s := open(t, e, storage.Options{})
	value := large(1, 3)
	must(t, commit(s, set("k", value)))
	head := stored(e, []byte("k"))
	if len(head) != 18 || head[0] != 0xc1 || head[1] != 1 || binary.BigEndian.Uint64(head[2:]) != 1 || binary.BigEndian.Uint32(head[10:]) != uint32(len(value)) {
		t.Errorf("head %x", head)
	}
	parts := keysOf(e, 'p')
	if len(parts) != 3 || !bytes.Equal(parts[2], []byte("\x00p\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02")) {
		t.Errorf("parts %q", parts)
	}
	var joined []byte
	for _, p := range parts {
		joined = append(joined, stored(e, p)...)
	}
	if !bytes.Equal(joined, value) {
		t.Error("the parts are not the value")
	}
	if open := keysOf(e, 'o'); len(open) != 0 {
		t.Errorf("open sets %q", open)
	}
	must(t, commit(s, set("m", []byte{0xc1, 7})))
	if got := stored(e, []byte("m")); !bytes.Equal(got, []byte{0xc1, 0, 0xc1, 7}) {
		t.Errorf("a value that begins with the marker is stored as %x", got)
	}
}

func TestDamageToLargeValuesIsFound(t *testing.T) {
	damages := map[string]func(head []byte, parts [][]byte, last []byte) storage.Write{
		"missing part": func(_ []byte, parts [][]byte, _ []byte) storage.Write {
			return storage.Write{Key: parts[1], Delete: true}
		},
		"short part": func(_ []byte, parts [][]byte, last []byte) storage.Write { return set(string(parts[2]), last[1:]) },
		"changed part": func(_ []byte, parts [][]byte, last []byte) storage.Write {
			last[5] ^= 1
			return set(string(parts[2]), last)
		},
		"wrong checksum": func(head []byte, _ [][]byte, _ []byte) storage.Write { head[17] ^= 1; return set("key", head) },
		"wrong set":      func(head []byte, _ [][]byte, _ []byte) storage.Write { head[9] = 99; return set("key", head) },
		"absurd length":  func(head []byte, _ [][]byte, _ []byte) storage.Write { head[10] = 0xff; return set("key", head) },
		"short head":     func(head []byte, _ [][]byte, _ []byte) storage.Write { return set("key", head[:17]) },
		"marker alone":   func(head []byte, _ [][]byte, _ []byte) storage.Write { return set("key", head[:1]) },
		"unknown wrap":   func(head []byte, _ [][]byte, _ []byte) storage.Write { head[1] = 2; return set("key", head) },
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			e := kept{memory.Open(memory.Options{})}
			s := open(t, e, storage.Options{})
			must(t, commit(s, set("key", large(1, 3))))
			must(t, s.Close())
			parts := keysOf(e, 'p')
			apply(t, e, damage(stored(e, []byte("key")), parts, stored(e, parts[2])))
			s = open(t, e, storage.Options{})
			snap, err := s.Snapshot()
			must(t, err)
			defer snap.Release()
			_, err = snap.Get([]byte("key"))
			c := snap.Scan(storage.Range{}, storage.ScanOptions{})
			if c.Next() {
				t.Error("a cursor shows it")
			}
			for door, err := range map[string]error{"get": err, "cursor": c.Err(), "verify": s.Verify(context.Background())} {
				if !errors.Is(err, fault.ErrCorrupt) || !strings.Contains(err.Error(), fmt.Sprintf("%x", "key")) {
					t.Errorf("%s: %v", door, err)
				}
			}
			keys := snap.Scan(storage.Range{}, storage.ScanOptions{KeysOnly: true})
			defer keys.Close()
			if !keys.Next() || keys.Err() != nil {
				t.Errorf("the key itself: %v", keys.Err())
			}
		})
	}
}

func TestVerifyFindsStrayParts(t *testing.T) {
	e := kept{memory.Open(memory.Options{})}
	s := open(t, e, storage.Options{})
	must(t, commit(s, set("key", large(1, 2))))
	must(t, commit(s, set("key", nil))) // without Replaces: the writer's mistake
	if err := s.Verify(context.Background()); !errors.Is(err, fault.ErrCorrupt) {
		t.Errorf("got %v", err)
	}
}

// TestLargeValueWrittenTwice: a request that writes a key again leaves no parts of
// the value that never counted.
func TestLargeValueWrittenTwice(t *testing.T) {
	for name, c := range map[string]struct {
		later storage.Write
		parts int
	}{
		"large":   {set("k", large(2, 3)), 3},
		"small":   {set("k", []byte("v")), 0},
		"deleted": {storage.Write{Key: []byte("k"), Delete: true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := memory.Open(memory.Options{})
			s := open(t, e, storage.Options{})
			must(t, commit(s, set("k", large(1, 2))))
			snap, err := s.Snapshot()
			must(t, err)
			old, err := snap.Get([]byte("k"))
			must(t, err)
			snap.Release()
			first := set("k", large(3, 2))
			first.Replaces = old.Parts
			must(t, commit(s, first, set("j", []byte("v")), c.later))
			if v, ok := get(t, s, "k"); ok == c.later.Delete || !bytes.Equal(v, c.later.Value) {
				t.Errorf("%d bytes, want %d", len(v), len(c.later.Value))
			}
			if parts := keysOf(e, 'p'); len(parts) != c.parts {
				t.Errorf("%d parts, want %d", len(parts), c.parts)
			}
			must(t, s.Verify(context.Background()))
		})
	}
}

func TestPartsWithoutAHeadAreSwept(t *testing.T) {
	refusal := errors.New("refused")
	ended, cancel := context.WithCancel(context.Background())
	for name, c := range map[string]struct {
		ctx   context.Context
		check func(*storage.Snapshot) error
		plan  storagetest.Plan
		want  error
	}{
		"refused":   {context.Background(), func(*storage.Snapshot) error { return refusal }, nil, refusal},
		"disk full": {context.Background(), nil, storagetest.FailNth(4, false, fault.ErrFull, storagetest.Apply), fault.ErrFull},
		"context ended between the parts": {ended, nil, func(c storagetest.Call) error {
			if c.Op == storagetest.Apply && c.Version == 2 {
				cancel()
			}
			return nil
		}, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			if c.plan == nil {
				c.plan = func(storagetest.Call) error { return nil }
			}
			e := memory.Open(memory.Options{})
			s := open(t, storagetest.Faulty(e, c.plan), storage.Options{})
			r := &storage.Request{Writes: []storage.Write{set("k", large(1, 5))}}
			r.Check = c.check
			if _, err := s.Commit(c.ctx, r); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			eventually(t, "sweep", func() bool { return s.Stats().Garbage == 0 })
			if parts, open := keysOf(e, 'p'), keysOf(e, 'o'); len(parts)+len(open) != 0 {
				t.Errorf("left: %q, %q", parts, open)
			}
			if _, ok := get(t, s, "k"); ok {
				t.Error("the value is there")
			}
		})
	}
}

// A number is not given to a second set when the first was lost with its process.
func TestPartsOfADeadProcess(t *testing.T) {
	e := storagetest.NewCrashing()
	var left *storagetest.Crashing
	s := open(t, storagetest.Faulty(e, func(c storagetest.Call) error {
		if c.Op == storagetest.Apply && c.After && c.Version == 3 {
			left = e.Kill() // two commits of parts are written, a third and the head are not
		}
		return nil
	}), storage.Options{})
	must(t, commit(s, set("k", large(1, 5))))
	if n := len(keysOf(left, 'p')); n != 4 {
		t.Fatalf("%d parts before the crash", n)
	}
	s = open(t, left, storage.Options{})
	must(t, commit(s, set("k", large(2, 2))))
	eventually(t, "sweep", func() bool { return s.Stats().Garbage == 0 })
	if parts := keysOf(left, 'p'); len(parts) != 2 || parts[0][9] != 2 {
		t.Errorf("parts %q", parts)
	}
	if v, _ := get(t, s, "k"); !bytes.Equal(v, large(2, 2)) {
		t.Error("the new value is damaged")
	}
}
