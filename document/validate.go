package document

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/virgadb/virga/internal/fault"
)

// Validate reports with ErrCorrupt whether raw is anything but one canonical
// document: wrong structure, forms that are not the shortest, duplicate or
// forbidden keys, over the limits. It does not allocate for a sound document of
// usual shape.
func Validate(raw []byte) error {
	// Every document that is read is validated, and all but never is one unsound. So
	// a look says yes; writing the bytes anew, which takes five times as long and
	// allocates, says what is wrong with them.
	if isCanonical(raw) {
		return nil
	}
	d, err := Canonical(raw)
	if err != nil {
		return fmt.Errorf("document: %v: %w", err, fault.ErrCorrupt)
	}
	if string(d.raw) != string(raw) {
		return fmt.Errorf("document is not in canonical form: %w", fault.ErrCorrupt)
	}
	return nil
}

// isCanonical reports whether raw is what [Canonical] makes of it.
func isCanonical(raw []byte) bool {
	if kindOf(raw) != Object || len(raw) > MaxSize || canonicalValue(raw, 0, 0) != len(raw) {
		return false
	}
	_, at, _ := headOf(raw)
	if id, ok := bytes.CutPrefix(raw[at:], []byte("\xa3_id")); ok {
		return checkID(Value{id}) == nil
	}
	return !Value{raw}.Field("_id").Exists()
}

// canonicalValue returns the index behind the value at b[i], which is inside of
// depth containers, or -1 unless it is whole and in canonical form.
func canonicalValue(b []byte, i, depth int) int {
	if uint(i) >= uint(len(b)) {
		return -1
	}
	switch c := b[i]; {
	case c < 0x80 || c >= 0xe0:
		return i + 1
	case c < 0x90:
		return canonicalFields(b, i+1, int(c&0x0f), depth+1)
	case c < 0xa0:
		return canonicalElements(b, i+1, int(c&0x0f), depth+1)
	case c < 0xc0:
		return canonicalText(b, i+1, int(c&0x1f))
	case c == 0xd9 && len(b)-i >= 2 && b[i+1] >= 32:
		return canonicalText(b, i+2, int(b[i+1]))
	case c == 0xcb:
		return canonicalFloat(b, i)
	case c == 0xd7 && len(b)-i >= 10 && b[i+1] == extDate:
		return canonicalDate(b, i)
	}
	return canonicalLong(b, i, depth)
}

// canonicalElements is canonicalValue for what an array holds, n elements from
// b[i] on.
func canonicalElements(b []byte, i, n, depth int) int {
	if depth > MaxDepth {
		return -1
	}
	for ; n > 0 && i >= 0; n-- {
		i = canonicalValue(b, i, depth)
	}
	return i
}

// canonicalFields is canonicalValue for what an object holds, n fields from b[i]
// on.
func canonicalFields(b []byte, i, n, depth int) int {
	if depth > MaxDepth {
		return -1
	}
	var seen [16]uint64 // a bit for each of 1,024 hashes: a key is new when its hash is
	start, doubtful := i, false
	for ; n > 0; n-- {
		to, hash := canonicalKey(b, i)
		if to < 0 {
			return -1
		}
		slot, bit := hash>>6&15, uint64(1)<<(hash&63)
		doubtful = doubtful || seen[slot]&bit != 0
		seen[slot] |= bit
		if i = canonicalValue(b, to, depth); i < 0 {
			return -1
		}
	}
	if doubtful && !distinctFields(b, start, i) {
		return -1
	}
	return i
}

// distinctFields reports whether the keys of the sound fields from b[i] to end
// differ.
func distinctFields(b []byte, i, end int) bool {
	var room [manyKeys][]byte
	keys := room[:0]
	for i < end {
		from, to := keyAt(b, i)
		keys = append(keys, b[from:to])
		i = skip(b, to)
	}
	return distinct(keys) == nil
}

// Bytes of text are looked at eight at once, as digits of one number: one by one
// they would take three times as long.
const (
	ones = 0x0101010101010101 // each byte is 1
	tops = 0x80 * ones        // the bit that no ASCII byte has
	dots = '.' * ones
)

// unfit tells, by a number other than zero, that one of the eight bytes of w is
// zero, a dot or not ASCII. Taking 1 from a byte sets its top bit when it was zero,
// and when it was above 0x80, which counts as unfit anyway.
func unfit(w uint64) uint64 { return ((w - ones) | ((w ^ dots) - ones) | w) & tops }

// canonicalKey returns the index behind the key at b[i] and one of 1,024 hashes of
// it, or -1 unless it may be a key of a stored document.
func canonicalKey(b []byte, i int) (end int, hash uint64) {
	if i >= len(b) || b[i]-0xa1 > 0x1e {
		return canonicalLongKey(b, i)
	}
	n := int(b[i] - 0xa0)
	i++
	end = i + n
	if end > len(b) || b[i] == '$' {
		return -1, 0
	}
	w := wordAt(b, i)
	if n < 8 { // 'a' in place of what follows the key
		rest := uint(64-8*n) & 63
		w = w<<rest | 'a'*ones&(1<<rest-1)
	}
	bad := unfit(w)
	for at := i + 8; at < end; at += 8 {
		next := binary.LittleEndian.Uint64(b[min(at, end-8):]) // the last eight overlap
		bad |= unfit(next)
		w = w*hashFactor ^ next
	}
	if bad != 0 && (checkKey(b[i:end], true) != nil || !utf8.Valid(b[i:end])) {
		return -1, 0
	}
	return end, w * hashFactor >> 54
}

// hashFactor is 2⁶⁴ divided by the golden ratio, which spreads well what it is
// multiplied with.
const hashFactor = 0x9e3779b97f4a7c15

// wordAt returns the eight bytes from b[i] on, zeros in place of those that b does
// not have.
func wordAt(b []byte, i int) uint64 {
	if i+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[i:])
	}
	var room [8]byte
	copy(room[:], b[i:])
	return binary.LittleEndian.Uint64(room[:])
}

// canonicalLongKey is canonicalKey for a key that is not of 1 to 31 bytes.
func canonicalLongKey(b []byte, i int) (end int, hash uint64) {
	from, to := keyAt(b, i)
	if to < 0 || canonicalValue(b, i, 0) != to || checkKey(b[from:to], true) != nil {
		return -1, 0
	}
	for _, c := range b[from:to] {
		hash = (hash ^ uint64(c)) * hashFactor
	}
	return to, hash >> 54
}

// canonicalText returns the index behind the n bytes of text at b[i], or -1 unless
// they are there and UTF-8.
func canonicalText(b []byte, i, n int) int {
	end := i + n
	if end > len(b) || !isASCII(b, i, end) && !utf8.Valid(b[i:end]) {
		return -1
	}
	return end
}

// isASCII reports whether b[i:end] is ASCII. It may fail to tell.
func isASCII(b []byte, i, end int) bool {
	if end-i < 8 {
		return i+8 <= len(b) && binary.LittleEndian.Uint64(b[i:])<<(64-8*uint(end-i)&63)&tops == 0
	}
	all := binary.LittleEndian.Uint64(b[end-8:])
	for ; i < end-8; i += 8 {
		all |= binary.LittleEndian.Uint64(b[i:])
	}
	return all&tops == 0
}

// canonicalFloat is canonicalValue for a float of 64 bits.
func canonicalFloat(b []byte, i int) int {
	if i+9 > len(b) {
		return -1
	}
	const infinite, nan = 0x7ff << 52, 0x7ff8 << 48
	if bits := binary.BigEndian.Uint64(b[i+1:]); bits&^(1<<63) > infinite && bits != nan {
		return -1
	}
	return i + 9
}

// canonicalDate is canonicalValue for a date of eight bytes, the usual ones.
func canonicalDate(b []byte, i int) int {
	u := binary.BigEndian.Uint64(b[i+2:])
	sec, nsec := u&(1<<34-1), u>>34
	if nsec%1_000_000 != 0 || nsec > 999_999_999 || nsec == 0 && sec <= math.MaxUint32 {
		return -1
	}
	return i + 10
}

// canonicalLong is canonicalValue for the codes 0xc0–0xdf.
func canonicalLong(b []byte, i, depth int) int {
	f := forms[b[i]&0x1f]
	n, ok := lengthOf(b[i:], f)
	at := i + 1 + int(f.width)
	if !ok || f.width > 0 && n < leastLength(f) {
		return -1
	}
	switch f.kind {
	case Object:
		return canonicalFields(b, at, n, depth+1)
	case Array:
		return canonicalElements(b, at, n, depth+1)
	case String:
		return canonicalText(b, at, n)
	case extension:
		return canonicalExt(b, i, at, n)
	}
	end := at + n
	if end > len(b) || f.kind == Number && !canonicalInt(b[i:end]) || f.kind == Missing {
		return -1
	}
	return end
}

// leastLength returns the least length that needs the width of f.
func leastLength(f form) int {
	switch {
	case f.width == 4:
		return math.MaxUint16 + 1
	case f.kind == Array || f.kind == Object:
		return 16
	case f.width == 2:
		return math.MaxUint8 + 1
	case f.kind == String:
		return 32
	}
	return 0
}

func canonicalInt(v []byte) bool {
	var room [9]byte
	n, _ := numberOf(v)
	return !n.float && string(appendInt(room[:0], n.i)) == string(v)
}

// canonicalExt is canonicalValue for the extension at b[i] whose type stands at
// b[at], with n bytes of content behind it.
func canonicalExt(b []byte, i, at, n int) int {
	end := at + 1 + n
	if end > len(b) {
		return -1
	}
	switch v := b[i:end]; b[at] {
	case extDate:
		var room [15]byte
		if ms, ok := millisOf(b[at+1 : end]); ok && string(appendDate(room[:0], ms)) == string(v) {
			return end
		}
	case extRegex:
		var e encoder
		if r, ok := (Value{v}).Regex(); ok && e.regex(r) == nil && string(e.buf) == string(v) {
			return end
		}
	}
	return -1
}
