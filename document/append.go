package document

import (
	"encoding/binary"
	"math"
)

func appendInt(dst []byte, i int64) []byte {
	switch {
	case i >= -32 && i <= math.MaxInt8:
		return append(dst, byte(i))
	case i >= 0 && i <= math.MaxUint8:
		return append(dst, 0xcc, byte(i))
	case i >= 0 && i <= math.MaxUint16:
		return append(dst, 0xcd, byte(i>>8), byte(i))
	case i >= 0 && i <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, 0xce), uint32(i))
	case i >= 0:
		return binary.BigEndian.AppendUint64(append(dst, 0xcf), uint64(i))
	case i >= math.MinInt8:
		return append(dst, 0xd0, byte(i))
	case i >= math.MinInt16:
		return append(dst, 0xd1, byte(i>>8), byte(i))
	case i >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, 0xd2), uint32(i))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xd3), uint64(i))
}

func appendFloat(dst []byte, f float64) []byte {
	bits := math.Float64bits(f)
	if f != f {
		bits = 0x7ff8 << 48 // one NaN, so that equal values have equal bytes
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xcb), bits)
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 0xc3)
	}
	return append(dst, 0xc2)
}

func appendText[T string | []byte](dst []byte, s T) []byte {
	if n := len(s); n < 32 {
		dst = append(dst, 0xa0|byte(n))
	} else {
		dst = appendLength(dst, 0xd9, n)
	}
	return append(dst, s...)
}

func appendBinary(dst, b []byte) []byte {
	return append(appendLength(dst, 0xc4, len(b)), b...)
}

// appendLength appends n in the shortest of the three forms that start with code.
func appendLength(dst []byte, code byte, n int) []byte {
	switch {
	case n <= math.MaxUint8:
		return append(dst, code, byte(n))
	case n <= math.MaxUint16:
		return append(dst, code+1, byte(n>>8), byte(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, code+2), uint32(n))
}

// appendDate appends the shortest timestamp that holds ms.
func appendDate(dst []byte, ms int64) []byte {
	sec, rest := ms/1000, ms%1000
	if rest < 0 {
		sec, rest = sec-1, rest+1000
	}
	nsec := uint64(rest) * 1_000_000
	switch {
	case sec>>34 != 0:
		dst = binary.BigEndian.AppendUint32(append(dst, 0xc7, 12, extDate), uint32(nsec))
		return binary.BigEndian.AppendUint64(dst, uint64(sec))
	case nsec != 0 || sec > math.MaxUint32:
		return binary.BigEndian.AppendUint64(append(dst, 0xd7, extDate), nsec<<34|uint64(sec))
	}
	return binary.BigEndian.AppendUint32(append(dst, 0xd6, extDate), uint32(sec))
}

// appendExt appends an extension of type t.
func appendExt(dst []byte, t byte, body []byte) []byte {
	switch n := len(body); n {
	case 1, 2, 4, 8, 16:
		dst = append(dst, fixExt(n), t)
	default:
		dst = append(appendLength(dst, 0xc7, n), t)
	}
	return append(dst, body...)
}

// fixExt returns the code of the extension of exactly n bytes, a power of two.
func fixExt(n int) byte {
	code := byte(0xd4)
	for ; n > 1; n >>= 1 {
		code++
	}
	return code
}

// appendHead appends the head of an object or array of n fields or elements.
func appendHead(dst []byte, k Kind, n int) []byte {
	short, long := byte(0x80), byte(0xde)
	if k == Array {
		short, long = 0x90, 0xdc
	}
	switch {
	case n < 16:
		return append(dst, short|byte(n))
	case n <= math.MaxUint16:
		return append(dst, long, byte(n>>8), byte(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, long+1), uint32(n))
}

// headSize returns the size of the head that appendHead writes for n.
func headSize(n int) int {
	switch {
	case n < 16:
		return 1
	case n <= math.MaxUint16:
		return 3
	}
	return 5
}

// setHead writes the head of the container whose room for a head, of size bytes,
// is at dst[at:], moving the content when n needs another size.
func setHead(dst []byte, at, size int, k Kind, n int) []byte {
	if need := headSize(n); need != size {
		end := len(dst)
		if need > size {
			dst = append(dst, make([]byte, need-size)...)
		}
		copy(dst[at+need:], dst[at+size:end])
		dst = dst[:end+need-size]
	}
	appendHead(dst[:at], k, n)
	return dst
}
