package index

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc64"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
)

// Traits are what the documents of a collection make of an index. They only grow:
// they are set by the first document that has them.
type Traits struct {
	Multikey uint32 // bit i: field i runs through an array in some document
	Cut      bool   // some value was too long for its key, see [MaxValue]

	// Of the geo field.
	Shapes  bool   // that of some document is more than points
	Points  bool   // that of some document is a point, or has one among others
	Several bool   // that of some document has several geometries
	Levels  uint16 // bit r: some shape is covered with a cell of resolution r
}

// Union returns the traits that s or t has.
func (s Traits) Union(t Traits) Traits {
	return Traits{
		Multikey: s.Multikey | t.Multikey, Cut: s.Cut || t.Cut,
		Shapes: s.Shapes || t.Shapes, Points: s.Points || t.Points, Several: s.Several || t.Several, Levels: s.Levels | t.Levels,
	}
}

// An Index is a compiled [Spec] with its place in the key space. It is immutable
// and safe for concurrent use.
type Index struct {
	id     uint32
	spec   Spec
	paths  []document.Path
	geo    int // the place of the geo field, -1 when there is none
	traits Traits
	lo, hi []byte
}

// Compile returns the index of that number. The spec must be valid and in full, as
// [Spec.Named] returns it.
func Compile(id uint32, s Spec, t Traits) (*Index, error) {
	x := &Index{id: id, spec: s, geo: s.geoField(), traits: t}
	for _, f := range s.Fields {
		p, err := document.ParsePath(f.Path)
		if err != nil {
			return nil, fmt.Errorf("index %s: %w", s.Name, err)
		}
		x.paths = append(x.paths, p)
	}
	x.lo, x.hi = keys.Index(id)
	return x, nil
}

// ID returns the number of the index, which no other index ever gets.
func (x *Index) ID() uint32 { return x.id }

// Spec returns what the index was made from.
func (x *Index) Spec() Spec { return x.spec }

// Name returns the name of the index.
func (x *Index) Name() string { return x.spec.Name }

// Traits returns what is known of the documents in the index.
func (x *Index) Traits() Traits { return x.traits }

// WithTraits returns the index with other traits.
func (x *Index) WithTraits(t Traits) *Index {
	next := *x
	next.traits = t
	return &next
}

// Multikey reports whether field i runs through an array in some document.
func (x *Index) Multikey(i int) bool { return x.traits.Multikey>>i&1 != 0 }

// GeoField returns the place of the geo field, -1 when there is none.
func (x *Index) GeoField() int { return x.geo }

// CanMake reports whether this program can make entries: those of a geo index need the
// cells of H3, which a program built without cgo does not have.
func (x *Index) CanMake() bool { return x.geo < 0 || geo.HasCells }

// Path returns the path of field i.
func (x *Index) Path(i int) document.Path { return x.paths[i] }

// Span returns the stretch of the whole index.
func (x *Index) Span() Span { return Span{Lo: x.lo, Hi: x.hi} }

// A Span is one unbroken stretch of an index: every key from Lo up to, but not
// including, Hi. A nil Hi runs to the end of the key space.
type Span struct {
	Lo, Hi []byte
}

// Empty reports whether the span holds no key.
func (s Span) Empty() bool { return s.Hi != nil && bytes.Compare(s.Lo, s.Hi) >= 0 }

// MaxValue is the length in bytes of the longest encoded value that stands whole
// in a key. Of a longer one the key has this many bytes and a hash.
const MaxValue = 1024

var hashTable = crc64.MakeTable(crc64.ECMA)

// AppendValue appends the key of v as field i holds it and reports whether it
// had to be cut: then other values may have the same key, and keys of values that
// are alike in their first MaxValue bytes are in no order.
func (x *Index) AppendValue(dst []byte, i int, v document.Value) (key []byte, cut bool) {
	start := len(dst)
	dst = keys.Append(dst, v, x.spec.Fields[i].Desc)
	if len(dst)-start <= MaxValue {
		return dst, false
	}
	sum := crc64.Checksum(dst[start:], hashTable)
	return binary.BigEndian.AppendUint64(dst[:start+MaxValue], sum), true
}

// An Entry is what the store holds for a document at one place of an index.
//
// The key is that of the index, the encoded fields and a tail; in a unique index
// the tail is the value instead. The tail is the encoded _id, the marks, and the
// length of the encoded _id in two bytes. The value of a cell of a shape, in a geo
// index, is the shape's encoded [geo.Bounds], or nothing.
type Entry struct {
	Key, Value []byte
}

// Parts are the parts of an entry. They share its memory. They are small enough to be
// passed in registers.
type Parts struct {
	Fields []byte // the encoded fields, one behind the other
	ID     []byte // the encoded _id; its capacity ends with the tail
	marks  uint64 // see mark
}

// Split takes an entry apart. Bytes that are no entry of the index are
// [fault.ErrCorrupt]. The value of a geo index may be left out; what it means is for
// [geo.ReadBounds] to say.
func (x *Index) Split(key, value []byte) (Parts, error) {
	if !bytes.HasPrefix(key, x.lo) {
		return Parts{}, x.corrupt(key)
	}
	fields, tail := key[len(x.lo):], value
	if !x.spec.Unique {
		tail = fields
	}
	id, marks, ok := x.splitTail(tail)
	switch {
	case !ok:
		return Parts{}, x.corrupt(key)
	case !x.spec.Unique && (len(value) == 0 || x.geo >= 0 && len(value) == geo.BoundsSize):
		fields = fields[:id]
	case !x.spec.Unique || id != 0: // there is a value, or more than a tail in it
		return Parts{}, x.corrupt(key)
	}
	if len(fields) == 0 {
		return Parts{}, x.corrupt(key)
	}
	return Parts{Fields: fields, ID: tail[id:marks:len(tail)], marks: joined(tail[marks : len(tail)-lengthBytes])}, nil
}

// lengthBytes are the last of a tail, which say how long its _id is.
const lengthBytes = 2

// splitTail returns where the _id and the marks begin in what ends with a tail.
func (x *Index) splitTail(tail []byte) (id, marks int, ok bool) {
	n := len(tail) - lengthBytes
	if n < 0 {
		return 0, 0, false
	}
	marks = n - x.markBytes()
	id = marks - int(binary.BigEndian.Uint16(tail[n:]))
	return id, marks, id >= 0 && id < marks
}

// TailOf returns the tail of an entry of an index that is not unique, which begins with
// the encoded _id and sorts as that does, and whether the key can have it. It shares the
// key's memory.
func (x *Index) TailOf(key []byte) (tail []byte, ok bool) {
	id, _, ok := x.splitTail(key)
	if !ok || id <= len(x.lo) {
		return nil, false
	}
	return key[id:], true
}

// OfTail returns the parts of an entry without its fields.
func (x *Index) OfTail(tail []byte) (Parts, error) {
	id, marks, ok := x.splitTail(tail)
	if !ok || id != 0 {
		return Parts{}, x.corrupt(tail)
	}
	return Parts{ID: tail[:marks:len(tail)], marks: joined(tail[marks : len(tail)-lengthBytes])}, nil
}

func (x *Index) corrupt(key []byte) error {
	return fmt.Errorf("index %s: entry under key %x: %w", x.spec.Name, key, fault.ErrCorrupt)
}
