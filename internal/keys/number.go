package keys

import (
	"encoding/binary"
	"math"

	"github.com/virgadb/virga/document"
)

// A number is the largest float64 not above it, in eight bytes that sort as the
// floats do, and, where floats lie further apart than integers, the distance
// from that float in two more. Every int64 and float64 thus has its exact place.

const (
	exactBelow = 1 << 53 // up to here every integer is a float64
	intsBelow  = 1 << 63 // from here on there are only floats
)

func appendNumber(dst []byte, v document.Value) []byte {
	if n, ok := v.Int64(); ok {
		return appendInt(dst, n) // of a float that is whole too: equal numbers share a key
	}
	f, _ := v.Float64()
	return appendFloat(dst, f)
}

func appendFloat(dst []byte, f float64) []byte {
	dst = binary.BigEndian.AppendUint64(dst, sortable(f))
	if hasResidual(f) {
		dst = append(dst, 0, 0)
	}
	return dst
}

func appendInt(dst []byte, n int64) []byte {
	f := floor(n)
	dst = binary.BigEndian.AppendUint64(dst, sortable(f))
	if hasResidual(f) {
		// The distance is at most 1023: floats below 2^63 lie up to 1024 apart.
		dst = binary.BigEndian.AppendUint16(dst, uint16(n-int64(f)))
	}
	return dst
}

// floor returns the largest float64 not above n.
func floor(n int64) float64 {
	f := float64(n)
	if f == intsBelow || int64(f) > n {
		return math.Nextafter(f, math.Inf(-1))
	}
	return f
}

// hasResidual reports whether integers lie between f and the float above it.
func hasResidual(f float64) bool {
	return f >= exactBelow && f < intsBelow || f <= -exactBelow && f >= -intsBelow
}

// sortable maps f to bits that sort, unsigned, as floats do: NaN first, both
// zeros alike.
func sortable(f float64) uint64 {
	switch {
	case f != f:
		return 0
	case f == 0:
		return 1 << 63
	}
	u := math.Float64bits(f)
	if u>>63 != 0 {
		return ^u
	}
	return u | 1<<63
}

// fromSortable undoes sortable.
func fromSortable(u uint64) float64 {
	switch {
	case u == 0:
		return math.NaN()
	case u>>63 != 0:
		return math.Float64frombits(u &^ (1 << 63))
	}
	return math.Float64frombits(^u)
}
