package txn

import (
	"fmt"
	"testing"

	"github.com/virgadb/virga/internal/storage"
)

// A serializable transaction that asks for many values has looked at a range for each.
// To hold every one of them against all others would take this test minutes.
func TestManyRangesAreRememberedOnce(t *testing.T) {
	const n = 200_000
	r := newReads()
	for range 2 {
		for i := range n {
			r.addRange(storage.Range{Lo: fmt.Appendf(nil, "%06d", i), Hi: fmt.Appendf(nil, "%06d5", i)})
		}
	}
	if len(r.ranges) != n {
		t.Errorf("%d ranges, want %d", len(r.ranges), n)
	}
	r.addRange(storage.Range{Lo: []byte("8"), Hi: []byte{}})
	r.addRange(storage.Range{Lo: []byte("9")})
	for key, want := range map[string]bool{
		"000007": true, "0000074": true, "0000075": false, "199999": true, "1999995": false, "8": false, "9": true, "99": true,
	} {
		if r.inRange([]byte(key)) != want {
			t.Errorf("%s is seen: %v, want %v", key, !want, want)
		}
	}
}
