package storage_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
)

func TestRequestLimits(t *testing.T) {
	s := open(t, memory.Open(memory.Options{}), storage.Options{})
	many := func(n, size int) []storage.Write {
		writes := make([]storage.Write, n)
		for i := range writes {
			writes[i] = set(fmt.Sprintf("key%d", i), make([]byte, size))
		}
		return writes
	}
	for _, c := range []struct {
		name    string
		request storage.Request
		want    error
		says    string
	}{
		{"keys at the limit", storage.Request{Writes: many(storage.MaxKeys, 0)}, nil, ""},
		{"keys over it", storage.Request{Writes: many(storage.MaxKeys+1, 0)}, fault.ErrTooLarge, "50001 keys, limit 50000"},
		{"values at the limit", storage.Request{Writes: many(16, storage.MaxValues/16)}, nil, ""},
		{"values over it", storage.Request{Writes: many(17, storage.MaxValues/16)}, fault.ErrTooLarge, "limit 4194304"},
		{"large values count for their heads", storage.Request{Writes: many(9, storage.LargeValue+1)}, nil, ""},
		{"keys and values", storage.Request{Writes: many(49_000, 83)}, fault.ErrTooLarge, "limit 4700000"},
		{"the longest key", storage.Request{Writes: []storage.Write{set(strings.Repeat("k", storage.MaxKey), nil)}}, nil, ""},
		{"a longer one", storage.Request{Writes: []storage.Write{set(strings.Repeat("k", storage.MaxKey+1), nil)}}, fault.ErrTooLarge, "64001 bytes, limit 64000"},
		{"a value too long", storage.Request{Writes: []storage.Write{set("k", make([]byte, storage.MaxValue+1))}}, fault.ErrTooLarge, "limit 67108864"},
		{"no key", storage.Request{Writes: []storage.Write{set("", nil)}}, fault.ErrInvalid, ""},
		{"a key of the store's own", storage.Request{Writes: []storage.Write{set("\x00f", nil)}}, fault.ErrInvalid, "00"},
		{"garbage of the store's own", storage.Request{Garbage: []storage.Range{{}}}, fault.ErrInvalid, ""},
		{"nothing at all", storage.Request{}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := s.Stats().Version
			_, err := s.Commit(t.Context(), &c.request)
			if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if err != nil && s.Stats().Version != before {
				t.Error("something was written")
			}
		})
	}
}

func TestTheStoresOwnKeysAreInvisible(t *testing.T) {
	s := open(t, memory.Open(memory.Options{}), storage.Options{})
	must(t, commit(s, set("k", large(1, 2))))
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	for _, r := range []storage.Range{{}, {Lo: []byte{0}}, {Lo: []byte{0, 'f'}}} {
		for _, reverse := range []bool{false, true} {
			c := snap.Scan(r, storage.ScanOptions{Reverse: reverse, KeysOnly: true})
			if !c.Next() || string(c.Key()) != "k" || c.Next() {
				t.Errorf("range %q shows %q", r, c.Key())
			}
			c.Close()
		}
	}
	c := snap.Scan(storage.Range{Lo: []byte{0}, Hi: []byte{0, 0xff}}, storage.ScanOptions{})
	if c.Next() {
		t.Errorf("shows %q", c.Key())
	}
	if e, err := snap.Get([]byte{0, 'f'}); err != nil || e.Value != nil {
		t.Errorf("get: %q, %v", e.Value, err)
	}
}
