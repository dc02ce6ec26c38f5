package document

import (
	"encoding/binary"
	"math"
)

// The extension types, as the byte that follows the length.
const (
	extDate       = 0xff // -1, the timestamp of the msgpack specification
	extRegex      = 0x01
	extServerDate = 0x02 // never stored: replaced while encoding
)

// A form says how the value behind a code 0xc0–0xdf is laid out: width bytes of
// length or count follow the code, or, where width is 0, fixed bytes of content.
type form struct {
	kind         Kind
	width, fixed uint8
}

var forms = [32]form{
	{kind: Null},               // c0
	{kind: Missing},            // c1 is never used
	{kind: Bool}, {kind: Bool}, // c2, c3
	{kind: Binary, width: 1},     // c4
	{kind: Binary, width: 2},     // c5
	{kind: Binary, width: 4},     // c6
	{kind: extension, width: 1},  // c7
	{kind: extension, width: 2},  // c8
	{kind: extension, width: 4},  // c9
	{kind: Number, fixed: 4},     // ca float32
	{kind: Number, fixed: 8},     // cb float64
	{kind: Number, fixed: 1},     // cc uint8
	{kind: Number, fixed: 2},     // cd
	{kind: Number, fixed: 4},     // ce
	{kind: Number, fixed: 8},     // cf
	{kind: Number, fixed: 1},     // d0 int8
	{kind: Number, fixed: 2},     // d1
	{kind: Number, fixed: 4},     // d2
	{kind: Number, fixed: 8},     // d3
	{kind: extension, fixed: 1},  // d4
	{kind: extension, fixed: 2},  // d5
	{kind: extension, fixed: 4},  // d6
	{kind: extension, fixed: 8},  // d7
	{kind: extension, fixed: 16}, // d8
	{kind: String, width: 1},     // d9
	{kind: String, width: 2},     // da
	{kind: String, width: 4},     // db
	{kind: Array, width: 2},      // dc
	{kind: Array, width: 4},      // dd
	{kind: Object, width: 2},     // de
	{kind: Object, width: 4},     // df
}

// kindOf returns the kind of the value at the start of b, Missing when there is none.
func kindOf(b []byte) Kind {
	if len(b) == 0 {
		return Missing
	}
	c := b[0]
	switch {
	case c < 0x80 || c >= 0xe0:
		return Number
	case c < 0x90:
		return Object
	case c < 0xa0:
		return Array
	case c < 0xc0:
		return String
	}
	f := forms[c&0x1f]
	if f.kind != extension {
		return f.kind
	}
	if at := 1 + int(f.width); at < len(b) {
		return extKind(b[at])
	}
	return Missing
}

func extKind(t byte) Kind {
	switch t {
	case extDate:
		return Date
	case extRegex:
		return Regexp
	}
	return Missing
}

// headOf reads the start of the value in b: its kind, where its content begins,
// and how many fields, elements or bytes of content there are. The kind is
// Missing when b is malformed. That the content is all there is not checked.
func headOf(b []byte) (k Kind, at, n int) {
	if len(b) == 0 {
		return Missing, 0, 0
	}
	c := b[0]
	switch {
	case c < 0x80 || c >= 0xe0:
		return Number, 1, 0
	case c < 0x90:
		return Object, 1, int(c & 0x0f)
	case c < 0xa0:
		return Array, 1, int(c & 0x0f)
	case c < 0xc0:
		return String, 1, int(c & 0x1f)
	}
	f := forms[c&0x1f]
	at = 1 + int(f.width)
	n, ok := lengthOf(b, f)
	if !ok {
		return Missing, 0, 0
	}
	if f.kind != extension {
		return f.kind, at, n
	}
	if at >= len(b) {
		return Missing, 0, 0
	}
	return extKind(b[at]), at + 1, n
}

// lengthOf reads the length that follows a code of form f. A length no content of
// b could have is refused, so that sums of lengths stay far from overflow.
func lengthOf(b []byte, f form) (int, bool) {
	if len(b) <= int(f.width) {
		return 0, false
	}
	switch f.width {
	case 0:
		return int(f.fixed), true
	case 1:
		return int(b[1]), true
	case 2:
		return int(binary.BigEndian.Uint16(b[1:])), true
	}
	n := binary.BigEndian.Uint32(b[1:])
	return int(n), uint64(n) <= uint64(len(b))
}

// content returns b[at:at+n], nil when b is too short.
func content(b []byte, at, n int) []byte {
	if n > len(b)-at {
		return nil
	}
	return b[at : at+n : at+n]
}

// skip returns the index behind the value that starts at b[i], or -1 when it does
// not end within b. It takes no stack, however deep the value.
func skip(b []byte, i int) int {
	for left := 1; left > 0; left-- {
		if uint(i) >= uint(len(b)) {
			return -1
		}
		c := b[i]
		switch {
		case c < 0x80 || c >= 0xe0:
			i++
		case c >= 0xa0 && c < 0xc0:
			i += 1 + int(c&0x1f)
		case c < 0x90:
			left += 2 * int(c&0x0f)
			i++
		case c < 0xa0:
			left += int(c & 0x0f)
			i++
		default:
			size, inside := extent(b[i:])
			if size == 0 || inside > len(b) {
				return -1
			}
			i += size
			left += inside
		}
	}
	if i > len(b) {
		return -1
	}
	return i
}

// sound reports whether b is one whole value, its keys strings, with no more levels
// than any stored one.
func sound(b []byte) bool {
	var left [MaxDepth + 1]int // values to come in each open container
	var object [MaxDepth + 1]bool
	for depth, i := 0, 0; i < len(b); {
		k, at, n := headOf(b[i:])
		if object[depth] && left[depth]&1 == 0 && k != String {
			return false
		}
		i += at
		switch {
		case k == Missing || (k == Object || k == Array) && n > 0 && depth == MaxDepth:
			return false
		case k == Object && n > 0:
			depth++
			left[depth], object[depth] = 2*n, true
			continue
		case k == Array && n > 0:
			depth++
			left[depth], object[depth] = n, false
			continue
		case k != Object && k != Array:
			i += n
		}
		for depth > 0 {
			if left[depth]--; left[depth] > 0 {
				break
			}
			depth--
		}
		if depth == 0 {
			return i == len(b)
		}
	}
	return false
}

// extent returns the size of the value with a code 0xc0–0xdf at the start of b,
// for containers that of the head, and how many values are inside. Size 0 means
// malformed.
func extent(b []byte) (size, inside int) {
	f := forms[b[0]&0x1f]
	n, ok := lengthOf(b, f)
	if !ok {
		return 0, 0
	}
	size = 1 + int(f.width)
	switch f.kind {
	case Missing:
		return 0, 0
	case Array:
		return size, n
	case Object:
		return size, 2 * n
	case extension:
		return size + 1 + n, 0
	}
	return size + n, 0
}

// keyAt returns where the string that starts at b[i] has its content, or -1, -1
// when there is no whole string.
func keyAt(b []byte, i int) (from, to int) {
	if i < len(b) {
		if c := b[i] - 0xa0; c < 0x20 && i+int(c) < len(b) {
			return i + 1, i + 1 + int(c)
		}
	}
	return longKeyAt(b, i)
}

func longKeyAt(b []byte, i int) (from, to int) {
	if i >= len(b) {
		return -1, -1
	}
	k, at, n := headOf(b[i:])
	if k != String || n > len(b)-i-at {
		return -1, -1
	}
	return i + at, i + at + n
}

// A number is an int64 or, when float is set, a float64.
type number struct {
	i     int64
	f     float64
	float bool
}

// numberOf reads the number in b. An unsigned integer above the largest int64,
// which is never stored, counts as the nearest float.
func numberOf(b []byte) (number, bool) {
	if len(b) == 0 {
		return number{}, false
	}
	c := b[0]
	if c < 0x80 || c >= 0xe0 {
		return number{i: int64(int8(c))}, true
	}
	if c < 0xca || c > 0xd3 || len(b) <= int(forms[c&0x1f].fixed) {
		return number{}, false
	}
	b = b[1:]
	switch c {
	case 0xca:
		return number{f: float64(math.Float32frombits(binary.BigEndian.Uint32(b))), float: true}, true
	case 0xcb:
		return number{f: math.Float64frombits(binary.BigEndian.Uint64(b)), float: true}, true
	case 0xcc:
		return number{i: int64(b[0])}, true
	case 0xcd:
		return number{i: int64(binary.BigEndian.Uint16(b))}, true
	case 0xce:
		return number{i: int64(binary.BigEndian.Uint32(b))}, true
	case 0xcf:
		u := binary.BigEndian.Uint64(b)
		if u > math.MaxInt64 {
			return number{f: float64(u), float: true}, true
		}
		return number{i: int64(u)}, true
	case 0xd0:
		return number{i: int64(int8(b[0]))}, true
	case 0xd1:
		return number{i: int64(int16(binary.BigEndian.Uint16(b)))}, true
	case 0xd2:
		return number{i: int64(int32(binary.BigEndian.Uint32(b)))}, true
	}
	return number{i: int64(binary.BigEndian.Uint64(b))}, true
}

// millisOf reads the timestamp with the given content as milliseconds since 1970,
// rounded down. It reports false when the content is malformed or out of range.
func millisOf(c []byte) (int64, bool) {
	var sec int64
	var nsec uint32
	switch len(c) {
	case 4:
		sec = int64(binary.BigEndian.Uint32(c))
	case 8:
		u := binary.BigEndian.Uint64(c)
		sec, nsec = int64(u&(1<<34-1)), uint32(u>>34)
	case 12:
		nsec, sec = binary.BigEndian.Uint32(c), int64(binary.BigEndian.Uint64(c[4:]))
	default:
		return 0, false
	}
	return toMillis(sec, nsec)
}

// toMillis converts seconds since 1970 and the nanoseconds after them.
func toMillis(sec int64, nsec uint32) (int64, bool) {
	const limit = math.MaxInt64/1000 - 1
	if nsec > 999_999_999 || sec > limit || sec < -limit {
		return 0, false
	}
	return sec*1000 + int64(nsec/1_000_000), true
}
