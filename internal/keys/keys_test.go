package keys_test

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/trial"
)

func of(t testing.TB, v any) document.Value {
	t.Helper()
	value, err := document.Of(v)
	if err != nil {
		t.Fatalf("%#v: %v", v, err)
	}
	return value
}

// numbers holds the places where the order of numbers is hard to keep.
var numbers = func() []any {
	out := []any{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64,
		math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, int64(math.MinInt64), int64(math.MaxInt64), 0.5, -0.5}
	for _, shift := range []int{1, 31, 52, 53, 54, 55, 61, 62} {
		for d := int64(-3); d <= 3; d++ {
			out = append(out, int64(1)<<shift+d, -(int64(1)<<shift)+d)
		}
	}
	for _, f := range []float64{1 << 52, 1 << 53, 1 << 54, 1 << 62, 1 << 63, 1 << 64} {
		for _, g := range []float64{f, math.Nextafter(f, 0), math.Nextafter(f, math.Inf(1))} {
			out = append(out, g, -g)
		}
	}
	for d := int64(0); d < 3000; d += 499 {
		out = append(out, int64(math.MaxInt64)-d, int64(math.MinInt64)+d)
	}
	return out
}()

func randomNumber(r *rand.Rand) any {
	switch r.IntN(6) {
	case 0:
		return int64(r.Uint64())
	case 1:
		return math.Float64frombits(r.Uint64())
	case 2:
		return int64(r.IntN(7)) - 3
	case 3:
		return float64(int64(r.Uint64())) // integers that are floats
	}
	return numbers[r.IntN(len(numbers))]
}

func randomText(r *rand.Rand) string {
	letters := []string{"", "a", "b", "\x00", "\x01", "\x00\x01", "\x7f", "é", "\u07ff", "😀", "～"}
	s := ""
	for range r.IntN(4) {
		s += letters[r.IntN(len(letters))]
	}
	return s
}

func randomBytes(r *rand.Rand) []byte {
	b := make([]byte, r.IntN(4))
	for i := range b {
		b[i] = []byte{0, 1, 2, 0xFE, 0xFF}[r.IntN(5)]
	}
	return b
}

// random returns a value of any kind but missing.
func random(r *rand.Rand, depth int) any {
	n := 9
	if depth == 0 {
		n = 7
	}
	switch r.IntN(n) {
	case 0:
		return nil
	case 1:
		return randomNumber(r)
	case 2:
		return randomText(r)
	case 3:
		return randomBytes(r)
	case 4:
		return r.IntN(2) == 0
	case 5:
		return time.UnixMilli(int64(r.IntN(5)-2) * (1 + r.Int64N(1<<40))).UTC()
	case 6:
		return document.Regex{Pattern: []string{"", "a", "a.", "b"}[r.IntN(4)], Options: []string{"", "i", "im"}[r.IntN(3)]}
	case 7:
		list := make([]any, r.IntN(4))
		for i := range list {
			list[i] = random(r, depth-1)
		}
		return list
	}
	d := document.D{}
	for i := range r.IntN(4) {
		d = append(d, document.E{Key: []string{"a", "b", "ab", "é"}[r.IntN(4)] + string(rune('0'+i)), Value: random(r, depth-1)})
	}
	return d
}

// judge fails unless the keys of two tuples stand in the order of their values.
func judge(t interface {
	Helper()
	Fatalf(string, ...any)
}, a, b []document.Value, desc []bool) {
	t.Helper()
	var ka, kb []byte
	want := 0
	for i := range a {
		ka = keys.Append(ka, a[i], desc[i])
		kb = keys.Append(kb, b[i], desc[i])
		if want == 0 {
			if want = document.Compare(a[i], b[i]); desc[i] {
				want = -want
			}
		}
	}
	if got := bytes.Compare(ka, kb); got != want {
		t.Fatalf("%v and %v, desc %v: keys %x and %x compare %d, values %d", a, b, desc, ka, kb, got, want)
	}
	if want != 0 && (bytes.HasPrefix(ka, kb) || bytes.HasPrefix(kb, ka)) {
		t.Fatalf("%v and %v, desc %v: key %x begins with key %x", a, b, desc, ka, kb)
	}
	rest := ka
	for i := range a {
		n, err := keys.Skip(rest, desc[i])
		if want := len(keys.Append(nil, a[i], desc[i])); err != nil || n != want {
			t.Fatalf("%v, desc %v: Skip says %d, %v, want %d", a[i], desc[i], n, err, want)
		}
		rest = rest[n:]
	}
}

func TestOrderOfTuples(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	pairs := 30_000 * trial.Effort()
	equal := 0
	for range pairs {
		n := 1 + r.IntN(3)
		a, b, desc := make([]document.Value, n), make([]document.Value, n), make([]bool, n)
		for i := range n {
			a[i], b[i], desc[i] = of(t, random(r, 3)), of(t, random(r, 3)), r.IntN(2) == 0
			if r.IntN(2) == 0 {
				b[i] = a[i] // so that later fields decide
				equal++
			}
		}
		judge(t, a, b, desc)
	}
	t.Logf("seed %d: %d pairs, %d equal fields, 0 disagreements", seed, pairs, equal)
}

// TestOrderOfNumbers judges keys by exact arithmetic, not by document.Compare.
func TestOrderOfNumbers(t *testing.T) {
	rank := func(v any) (int, *big.Float) {
		switch n := v.(type) {
		case int:
			return 1, new(big.Float).SetPrec(128).SetInt64(int64(n))
		case int64:
			return 1, new(big.Float).SetPrec(128).SetInt64(n)
		case float64:
			if n == n {
				return 1, new(big.Float).SetPrec(128).SetFloat64(n)
			}
		}
		return 0, new(big.Float)
	}
	for _, a := range numbers {
		for _, b := range numbers {
			ra, fa := rank(a)
			rb, fb := rank(b)
			want := cmp.Or(cmp.Compare(ra, rb), fa.Cmp(fb))
			got := bytes.Compare(keys.Append(nil, of(t, a), false), keys.Append(nil, of(t, b), false))
			if got != want {
				t.Errorf("%T %v and %T %v: keys compare %d, numbers %d", a, a, b, b, got, want)
			}
		}
	}
}

func TestOrderOfKinds(t *testing.T) {
	ascending := []any{nil, math.NaN(), 5, "", "a", document.D{}, document.D{{Key: "a", Value: 1}}, []any{}, []any{nil}, []byte{}, []byte{0},
		false, true, time.UnixMilli(math.MinInt64 / 2000), time.UnixMilli(0), document.Regex{}, document.Regex{Pattern: "a"}}
	for _, desc := range []bool{false, true} {
		last := keys.AppendEmpty(nil, desc)
		for _, v := range ascending {
			key := keys.Append(nil, of(t, v), desc)
			if c := bytes.Compare(last, key); (c < 0) == desc || c == 0 {
				t.Errorf("desc %v: key %x of %v does not follow %x", desc, key, v, last)
			}
			last = key
		}
	}
	if !bytes.Equal(keys.Append(nil, document.Value{}, false), keys.Append(nil, document.NullValue(), false)) {
		t.Error("missing and null have different keys")
	}
	if !bytes.Equal(keys.Append(nil, document.Int(1), false), keys.Append(nil, document.Float(1), false)) {
		t.Error("1 and 1.0 have different keys")
	}
}

func TestAfter(t *testing.T) {
	for _, c := range []struct{ prefix, want []byte }{
		{nil, nil},
		{[]byte{0xFF, 0xFF}, nil},
		{[]byte{1}, []byte{2}},
		{[]byte{1, 0xFF}, []byte{2}},
		{[]byte{1, 2, 0xFF, 0xFF}, []byte{1, 3}},
	} {
		before := bytes.Clone(c.prefix)
		if got := keys.After(c.prefix); !bytes.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("After(%x) = %x, want %x", c.prefix, got, c.want)
		}
		if !bytes.Equal(before, c.prefix) {
			t.Errorf("After changed its argument to %x", c.prefix)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xFE, 0xFF}), 0, 4)
		prefix, key := some.Draw(t, "prefix"), some.Draw(t, "key")
		after := keys.After(prefix)
		inside := bytes.Compare(key, prefix) >= 0 && (after == nil || bytes.Compare(key, after) < 0)
		if inside != bytes.HasPrefix(key, prefix) {
			t.Fatalf("key %x, prefix %x, after %x: inside %v", key, prefix, after, inside)
		}
	})
}

func TestSkipRefuses(t *testing.T) {
	for _, v := range []any{nil, 5, 1 << 60, "a\x00b", []byte{0}, true, time.UnixMilli(5), document.Regex{Pattern: "a", Options: "i"},
		[]any{1, "a", []any{}}, document.D{{Key: "a", Value: document.D{{Key: "b", Value: 1}}}}} {
		for _, desc := range []bool{false, true} {
			key := keys.Append(nil, of(t, v), desc)
			for cut := range key {
				if n, err := keys.Skip(key[:cut], desc); err == nil {
					t.Errorf("%v: the first %d of %d bytes are skipped as %d", v, cut, len(key), n)
				}
			}
		}
	}
	for _, key := range [][]byte{{0x99}, {0x00}, {0x20, 'a', 0, 7}, bytes.Repeat([]byte{0x40}, 5000)} {
		if n, err := keys.Skip(key, false); err == nil {
			t.Errorf("%x is skipped as %d", key, n)
		}
	}
}

func TestKeySpace(t *testing.T) {
	id := of(t, "tea")
	lo, hi := keys.Documents(7)
	key := keys.Document(7, id)
	if bytes.Compare(lo, key) > 0 || bytes.Compare(key, hi) >= 0 {
		t.Errorf("document key %x is not within %x, %x", key, lo, hi)
	}
	if other := keys.Document(8, id); bytes.Compare(other, hi) < 0 {
		t.Errorf("key %x of another collection is below %x", other, hi)
	}
	coll, enc, ok := keys.SplitDocument(key)
	if !ok || coll != 7 || !bytes.Equal(enc, keys.Append(nil, id, false)) {
		t.Errorf("SplitDocument(%x) = %d, %x, %v", key, coll, enc, ok)
	}
	entry := keys.Append(keys.Append(keys.AppendIndex(nil, 9), of(t, "x"), true), id, false)
	index, rest, ok := keys.SplitIndex(entry)
	if !ok || index != 9 {
		t.Fatalf("SplitIndex(%x) = %d, %v", entry, index, ok)
	}
	n, err := keys.Skip(rest, true)
	if err != nil || !bytes.Equal(keys.AppendDocumentOf(nil, 7, rest[n:]), key) {
		t.Errorf("the id of %x leads to %x, %v, want %x", entry, keys.AppendDocumentOf(nil, 7, rest[n:]), err, key)
	}
	if lo, hi := keys.Index(9); bytes.Compare(lo, entry) > 0 || bytes.Compare(entry, hi) >= 0 {
		t.Errorf("entry %x is not within %x, %x", entry, lo, hi)
	}
	for _, wrong := range [][]byte{nil, key[:4], entry, keys.Catalog("c"), keys.Statistics(7)} {
		if _, _, ok := keys.SplitDocument(wrong); ok {
			t.Errorf("%x is taken for a document", wrong)
		}
	}
	if _, _, ok := keys.SplitIndex(key); ok {
		t.Errorf("%x is taken for an index entry", key)
	}
	lo, hi = keys.CatalogRange()
	if c := keys.Catalog("\xff"); bytes.Compare(lo, c) > 0 || bytes.Compare(c, hi) >= 0 {
		t.Errorf("catalog key %x is not within %x, %x", c, lo, hi)
	}
}

func TestNoAllocations(t *testing.T) {
	buffer := make([]byte, 0, 256)
	v := of(t, document.D{{Key: "a", Value: []any{1, 2.5, "x\x00y", true, nil, time.UnixMilli(1), []byte{1}}}})
	if n := testing.AllocsPerRun(100, func() { buffer = keys.Append(buffer[:0], v, true) }); n != 0 {
		t.Errorf("Append allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = keys.Skip(buffer, true) }); n != 0 {
		t.Errorf("Skip allocates %v times", n)
	}
}

// FuzzOrder compares the documents that two byte strings make, where they make any.
func FuzzOrder(f *testing.F) {
	for _, v := range numbers[:20] {
		d := of(f, document.D{{Key: "a", Value: v}})
		f.Add(d.Raw(), d.Raw(), false)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		a, b := of(f, document.D{{Key: "a", Value: random(r, 3)}}), of(f, document.D{{Key: "a", Value: random(r, 3)}})
		f.Add(a.Raw(), b.Raw(), true)
	}
	f.Fuzz(func(t *testing.T, rawA, rawB []byte, desc bool) {
		a, err := document.Canonical(rawA)
		if err != nil {
			return
		}
		b, err := document.Canonical(rawB)
		if err != nil {
			return
		}
		judge(t, []document.Value{a.Value()}, []document.Value{b.Value()}, []bool{desc})
		fa, fb := a.Value().Fields(), b.Value().Fields()
		for fa.Next() && fb.Next() {
			judge(t, []document.Value{fa.Value(), a.Value()}, []document.Value{fb.Value(), b.Value()}, []bool{desc, !desc})
		}
	})
}

// FuzzSkip feeds Skip with bytes that are no key: it must neither panic nor leave them.
func FuzzSkip(f *testing.F) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 50 {
		f.Add(keys.Append(nil, of(f, random(r, 3)), false), false)
	}
	f.Fuzz(func(t *testing.T, key []byte, desc bool) {
		n, err := keys.Skip(key, desc)
		if err != nil {
			return
		}
		if n < 1 || n > len(key) {
			t.Fatalf("Skip(%x) = %d", key, n)
		}
		if m, err := keys.Skip(key[:n], desc); err != nil || m != n {
			t.Fatalf("Skip(%x) = %d, of its first %d bytes %d, %v", key, n, n, m, err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	for name, v := range map[string]any{"int": 12345, "float": 2.5, "big": int64(1)<<60 + 1, "string": "a name of sixteen"} {
		b.Run(name, func(b *testing.B) {
			value := of(b, v)
			buffer := make([]byte, 0, 64)
			b.ReportAllocs()
			for b.Loop() {
				buffer = keys.Append(buffer[:0], value, false)
			}
		})
	}
}
