package virga

import (
	"fmt"
	"testing"

	"github.com/virgadb/virga/aggregate"
)

// TestBucketAuto divides numbers into buckets; equal ones are never divided.
func TestBucketAuto(t *testing.T) {
	for _, row := range []struct {
		values      []any
		buckets     int
		granularity string
		want        string
	}{
		{[]any{1, 1, 1, 1, 2}, 2, "", "[1 2):4 [2 2):1"},
		{[]any{0, 1, 2, 2, 2, 2, 2}, 3, "", "[0 2):2 [2 2):5"},
		{[]any{0, 15, 24, 30, 50}, 2, "R5", "[0 25):3 [25 63):2"},
		{[]any{1, 15, 24, 30, 50}, 2, "R5", "[0.63 25):3 [25 63):2"},
		{[]any{0, 5, 10, 14, 15}, 2, "R5", "[0 16):5"},
		{[]any{0, 0, 1, 1}, 2, "R5", "[0 0.63):2 [0.63 1.6):2"},
		{[]any{0, 0, 0, 0, 1, 2}, 3, "R5", "[0 0.63):4 [0.63 2.5):2"},
		{[]any{0, 0, 0, 0}, 2, "1-2-5", "[0 0):4"},
		{[]any{1, 2, 4, 8, 16, 31}, 2, "POWERSOF2", "[0.5 8):3 [8 32):3"},
	} {
		c := openTest(t).Collection("c")
		for i, v := range row.values {
			mustAdd(t, c, M{"_id": i, "v": v})
		}
		docs, err := c.Aggregate().BucketAuto(aggregate.BucketAutoOptions{By: "$v", Buckets: row.buckets, Granularity: row.granularity}).All(t.Context())
		got := ""
		for i, d := range docs {
			if i > 0 {
				got += " "
			}
			got += fmt.Sprintf("[%v %v):%v", d.Lookup("_id.min"), d.Lookup("_id.max"), d.Lookup("count"))
		}
		if got != row.want || err != nil {
			t.Errorf("%v in %d of %q: %s, %v, want %s", row.values, row.buckets, row.granularity, got, err, row.want)
		}
	}
}
