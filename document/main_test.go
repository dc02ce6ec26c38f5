package document

import (
	"math"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/virgadb/virga/internal/trial"
)

func TestMain(m *testing.M) {
	trial.Rapid(300)
	goleak.VerifyTestMain(m)
}

var now = time.Date(2024, 5, 17, 9, 30, 15, 123456789, time.UTC)

// must returns v, failing the test on err.
func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var interestingInts = []int64{0, 1, -1, 31, -32, -33, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, -32769,
	65535, 65536, 1<<31 - 1, 1 << 31, -1 << 31, -1<<31 - 1, 1<<32 - 1, 1 << 32, 1 << 53, 1<<53 + 1, -1<<53 - 1, 1<<63 - 1, -1 << 63}

var interestingFloats = []float64{0, math.Copysign(0, -1), 1, 2.5, -1.5, 1e-7, 1e21, 1e300, 5e-324, 1 << 53, 1 << 63, -1 << 63, 1<<62 + 0.5, 127, 128.5}

// anyInt draws integers of all sizes.
func anyInt() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.SampledFrom(interestingInts), rapid.Int64())
}

// anyKey draws keys stored documents may have.
func anyKey() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "ab", "_id", "A", "é", "日本"}), rapid.StringMatching(`[a-zA-Z_]{1,6}`), rapid.StringMatching(`[a-z]{30,40}`))
}

// anyScalar draws every kind of value that is no container.
func anyScalar() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Map(anyInt(), func(i int64) any { return i }),
		rapid.Map(rapid.OneOf(rapid.SampledFrom(interestingFloats), rapid.Float64()), func(f float64) any { return f }),
		rapid.Map(anyInt(), func(i int64) any { return float64(i) }),
		rapid.Map(rapid.OneOf(rapid.String(), rapid.StringN(0, 300, 400), rapid.SampledFrom([]string{"", "a", "\"\\\x00\n\u2028"})), func(s string) any { return s }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 20), func(b []byte) any { return append([]byte{}, b...) }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Int64Range(-1<<45, 1<<45), func(ms int64) any { return time.UnixMilli(ms).UTC() }),
		rapid.SampledFrom([]any{time.Unix(0, 0).UTC(), time.Unix(1<<32, 0).UTC(), time.Unix(1<<34, 5e6).UTC(), time.Unix(-1, 999e6).UTC()}),
		rapid.Custom(func(t *rapid.T) any {
			return Regex{rapid.StringMatching(`[a-z.*]{0,8}`).Draw(t, "pattern"), rapid.SampledFrom([]string{"", "i", "im"}).Draw(t, "options")}
		}),
	)
}

// anyValue draws a value of at most depth levels; objects are D with distinct keys.
func anyValue(depth int) *rapid.Generator[any] {
	if depth == 0 {
		return anyScalar()
	}
	return rapid.OneOf(anyScalar(), rapid.Map(anyObject(depth), func(d D) any { return d }),
		rapid.Map(rapid.SliceOfN(anyValue(depth-1), 0, 18), func(s []any) any { return append([]any{}, s...) }))
}

func anyObject(depth int) *rapid.Generator[D] {
	field := rapid.Custom(func(t *rapid.T) E {
		return E{anyKey().Draw(t, "key"), anyValue(depth-1).Draw(t, "value")}
	})
	return rapid.Map(rapid.SliceOfNDistinct(field, 0, 18, func(e E) string { return e.Key }), func(es []E) D { return append(D{}, es...) })
}

// anyDocument draws an object whose _id, if any, can be one.
func anyDocument() *rapid.Generator[D] {
	return rapid.Map(anyObject(2), func(d D) D {
		for i := range d {
			switch d[i].Value.(type) {
			case []any, Regex:
				if d[i].Key == "_id" {
					d[i].Value = int64(i)
				}
			}
		}
		return d
	})
}
