package keys_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/trial"
)

// decodable reports whether a key gives v back, given that the caller knows
// integers from floats.
func decodable(v document.Value) bool {
	f, _ := v.Float64()
	switch v.Kind() {
	case document.Object, document.Array, document.Regexp:
		return false
	case document.Number:
		return v.IsInt() || f != 0 || !math.Signbit(f)
	}
	return true
}

// judgeDecode fails unless Decode undoes Append, whatever stands behind the key.
func judgeDecode(t *testing.T, v document.Value, desc bool) {
	t.Helper()
	key := keys.Append(nil, v, desc)
	tail := append(bytes.Clone(key), key...)
	got, n, ok := keys.Decode(tail, desc, !v.IsInt())
	switch {
	case !bytes.Equal(tail[:len(key)], key) || !bytes.Equal(tail[len(key):], key):
		t.Fatalf("Decode changed the key of %v", v)
	case v.Kind() == document.Object || v.Kind() == document.Array || v.Kind() == document.Regexp:
		if ok {
			t.Fatalf("the key of %v is decoded as %v", v, got)
		}
	case !ok || n != len(key):
		t.Fatalf("the key of %v, %x, desc %v: %d of %d bytes, %v", v, key, desc, n, len(key), ok)
	case decodable(v) && !bytes.Equal(got.Raw(), v.Raw()):
		t.Fatalf("the key of %v (%x), desc %v, is decoded as %v (%x)", v, v.Raw(), desc, got, got.Raw())
	case !document.Equal(got, v):
		t.Fatalf("the key of %v, desc %v, is decoded as %v", v, desc, got)
	}
}

func TestDecode(t *testing.T) {
	values := append([]any{nil, true, false, "", "a", "\x00", "a\x00\x01b\x00", "é", []byte{}, []byte{0, 1, 0xFF, 0}, time.UnixMilli(0),
		time.UnixMilli(math.MinInt64 / 2000), time.UnixMilli(-1), []any{}, []any{1}, document.D{}, document.Regex{Pattern: "a"}}, numbers...)
	for _, v := range values {
		judgeDecode(t, of(t, v), false)
		judgeDecode(t, of(t, v), true)
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	n := 20_000 * trial.Effort()
	t.Logf("seed %d, %d cases", seed, n)
	for range n {
		judgeDecode(t, of(t, random(r, 2)), r.IntN(2) == 0)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, desc := range []bool{false, true} {
		empty := keys.AppendEmpty(nil, desc)
		if v, _, ok := keys.Decode(empty, desc, false); ok {
			t.Errorf("the empty array is decoded as %v", v)
		}
		for _, v := range []any{nil, 5, 1 << 60, "a\x00b", []byte{0}, true, time.UnixMilli(5)} {
			key := keys.Append(nil, of(t, v), desc)
			for cut := range key {
				if got, n, ok := keys.Decode(key[:cut], desc, false); ok {
					t.Errorf("the first %d of %d bytes of the key of %v are decoded as %v, %d", cut, len(key), v, got, n)
				}
			}
		}
	}
	for name, v := range map[string]any{"half": 0.5, "NaN": math.NaN(), "infinity": math.Inf(1), "too large": 1e300, "2^63": float64(1 << 63)} {
		if got, _, ok := keys.Decode(keys.Append(nil, of(t, v), false), false, false); ok {
			t.Errorf("%s is decoded as the integer %v", name, got)
		}
	}
	if got, _, ok := keys.Decode(keys.Append(nil, of(t, 1<<53+1), false), false, true); ok {
		t.Errorf("an integer that no float is equal to is decoded as %v", got)
	}
}

// FuzzDecode feeds Decode with bytes that may be no key. What it gives back must
// be a well formed value with that very key.
func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 3))
	for i := range 100 {
		f.Add(keys.Append(nil, of(f, random(r, 1)), i%2 == 0), i%2 == 0, i%3 == 0)
	}
	for _, key := range [][]byte{{0x60, 7}, {0x20, 0xFF, 0, 1}, {0x10, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
		{0x10, 0xC3, 0x50, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, {0x10, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0},
		{0x70, 0, 0, 0, 0, 0, 0, 0, 0}} {
		f.Add(key, false, false)
		f.Add(key, false, true)
	}
	f.Fuzz(func(t *testing.T, key []byte, desc, float bool) {
		v, n, ok := keys.Decode(key, desc, float)
		if !ok {
			return
		}
		doc, err := document.Encode(document.D{{Key: "a", Value: v}}, time.Time{})
		if err == nil {
			err = document.Validate(doc.Raw())
		}
		if err != nil {
			t.Fatalf("%x is decoded as %x: %v", key, v.Raw(), err)
		}
		if again := keys.Append(nil, v, desc); !bytes.Equal(again, key[:n]) {
			t.Fatalf("%x is decoded as %v, whose key is %x", key[:n], v, again)
		}
	})
}
