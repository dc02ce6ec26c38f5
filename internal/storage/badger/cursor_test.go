package badger_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/badger"
)

func TestCommonPrefix(t *testing.T) {
	for _, c := range []struct{ lo, hi, forward, reverse string }{
		{"", "", "", ""},
		{"c\x00\x00\x01", "c\x00\x00\x02", "c\x00\x00\x01", "c\x00\x00"},
		{"c\x00\x01\xff", "c\x00\x02", "c\x00\x01\xff", "c\x00"},
		{"c\x00\x01x", "c\x00\x02", "c\x00\x01", "c\x00"},
		{"ab1", "ab9", "ab", "ab"},
		{"ab", "abc", "ab", "ab"},
		{"a", "b\x00", "", ""},
	} {
		r := storage.Range{Lo: []byte(c.lo), Hi: []byte(c.hi)}
		if got := string(badger.CommonPrefix(r, false)); got != c.forward {
			t.Errorf("%q to %q forwards: %q, want %q", c.lo, c.hi, got, c.forward)
		}
		if got := string(badger.CommonPrefix(r, true)); got != c.reverse {
			t.Errorf("%q to %q in reverse: %q, want %q", c.lo, c.hi, got, c.reverse)
		}
	}
}

// TestCommonPrefixHolds checks that a key of a range has the prefix of the range.
func TestCommonPrefixHolds(t *testing.T) {
	bytesOf := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 0xfe, 0xff}), 0, 5)
	rapid.Check(t, func(t *rapid.T) {
		r := storage.Range{Lo: bytesOf.Draw(t, "lo"), Hi: bytesOf.Draw(t, "hi")}
		key := bytesOf.Draw(t, "key")
		if bytes.Compare(key, r.Lo) < 0 || bytes.Compare(key, r.Hi) >= 0 {
			return
		}
		if p := badger.CommonPrefix(r, false); !bytes.HasPrefix(key, p) {
			t.Fatalf("key %x has no prefix %x", key, p)
		}
		if p := badger.CommonPrefix(r, true); !bytes.HasPrefix(key, p) || !bytes.HasPrefix(r.Hi, p) {
			t.Fatalf("key %x or the end has no prefix %x", key, p)
		}
	})
}
