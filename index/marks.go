package index

import (
	"math"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/keys"
)

// A mark says what a key has lost of a value. Each entry has one for the _id and
// one for each field, two bits each, the _id's in the low bits of the first byte.
type mark byte

const (
	markPlain   mark = iota // nothing: a number is an integer
	markFloat               // the number is a float
	markMissing             // there is no value; its key is that of null
	markOpaque              // the key cannot give the value back
)

// markBytes returns the length of an entry's marks.
func (x *Index) markBytes() int { return (len(x.paths) + 1 + 3) / 4 }

// markOf returns what the key of v loses.
func markOf(v document.Value, cut bool) mark {
	switch v.Kind() {
	case document.Missing:
		return markMissing
	case document.Object, document.Array, document.Regexp:
		return markOpaque
	case document.Number:
		if v.IsInt() {
			return markPlain
		}
		if f, _ := v.Float64(); f == 0 && math.Signbit(f) {
			return markOpaque
		}
		return markFloat
	}
	if cut {
		return markOpaque
	}
	return markPlain
}

func setMark(marks []byte, slot int, m mark) { marks[slot/4] |= byte(m) << (slot % 4 * 2) }

// joined returns the marks as a number, the first byte lowest.
func joined(marks []byte) (all uint64) {
	for i, b := range marks {
		all |= uint64(b) << (8 * i)
	}
	return all
}

// getMark returns the mark of a slot from all that are joined.
func getMark(marks uint64, slot int) mark { return mark(marks >> (slot * 2) & 3) }

// Values decodes an entry: the _id, then the fields in the order of the spec,
// missing for a field the document does not have. It reports false when the
// document itself has to be asked, which is always so in a multikey index and in
// one that holds cut values.
func (x *Index) Values(p Parts, dst []document.Value) ([]document.Value, bool) {
	if x.traits.Multikey != 0 || x.traits.Cut {
		return dst, false
	}
	id, _, ok := keys.Decode(p.ID, false, getMark(p.marks, 0) == markFloat)
	if !ok || getMark(p.marks, 0) == markOpaque {
		return dst, false
	}
	dst = append(dst, id)
	rest := p.Fields
	for i, f := range x.spec.Fields {
		m := getMark(p.marks, i+1)
		v, n, ok := keys.Decode(rest, f.Desc, m == markFloat)
		if m == markOpaque || !ok {
			return dst, false
		}
		if m == markMissing {
			v = document.Value{}
		}
		dst = append(dst, v)
		rest = rest[n:]
	}
	return dst, true
}
