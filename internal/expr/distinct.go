package expr

import (
	"hash/maphash"
	"math"

	"github.com/virgadb/virga/document"
)

// A distinct is a set of values, in the order in which they came.
type distinct struct {
	values []document.Value
	index  map[uint64][]int32 // where in values those of a hash are; nil while they are few
	seed   maphash.Seed
}

// few is the number of values up to which comparing with each is faster than hashing.
const few = 8

// find returns where v is, or -1.
func (d *distinct) find(v document.Value) int {
	if d.index == nil {
		for i := range d.values {
			if document.Equal(d.values[i], v) {
				return i
			}
		}
		return -1
	}
	for _, i := range d.index[hash(d.seed, v)] {
		if document.Equal(d.values[i], v) {
			return int(i)
		}
	}
	return -1
}

// add adds v, if it is not there yet, and reports whether it did.
func (d *distinct) add(v document.Value) bool {
	if d.find(v) >= 0 {
		return false
	}
	d.values = append(d.values, v)
	switch {
	case d.index != nil:
		d.note(len(d.values) - 1)
	case len(d.values) > few:
		d.index, d.seed = map[uint64][]int32{}, maphash.MakeSeed()
		for i := range d.values {
			d.note(i)
		}
	}
	return true
}

func (d *distinct) note(i int) {
	h := hash(d.seed, d.values[i])
	d.index[h] = append(d.index[h], int32(i))
}

// hash returns the same for equal values.
func hash(seed maphash.Seed, v document.Value) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	hashInto(&h, v, 0)
	return h.Sum64()
}

func hashInto(h *maphash.Hash, v document.Value, depth int) {
	kind := v.Kind()
	h.WriteByte(byte(kind))
	if depth > document.MaxDepth {
		return
	}
	switch kind {
	case document.Number:
		if i, ok := v.Int64(); ok {
			maphash.WriteComparable(h, i)
		} else {
			f, _ := v.Float64()
			maphash.WriteComparable(h, math.Float64bits(f)) // NaN has one form
		}
	case document.Object:
		for f := v.Fields(); f.Next(); {
			h.Write(f.Key())
			hashInto(h, f.Value(), depth+1)
		}
	case document.Array:
		for e := v.Elements(); e.Next(); {
			hashInto(h, e.Value(), depth+1)
		}
	default:
		h.Write(v.Raw())
	}
}
