package index

import (
	"bytes"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/keys"
)

// A Reader gives values back from the entries of an index, which hold one value for
// each field and none that is cut, or the _id alone from any. It remembers the last value of each field: in an
// index it often is that of the next entry too. It belongs to one goroutine.
type Reader struct {
	index  *Index
	id     bool
	fresh  uint32       // bit i: field i, see Fresh
	fields []remembered // up to the last one wanted
	docID  document.Value
	room   []byte // for docID
}

// A remembered value is that of a field in the last entry.
type remembered struct {
	wanted bool
	desc   bool
	key    []byte
	mark   mark
	value  document.Value
	room   []byte // for value
}

// Reader returns what reads the _id, if it is asked for, and some fields from entries.
func (x *Index) Reader(id bool, fields []int) *Reader {
	r := &Reader{index: x, id: id}
	if len(fields) > 0 {
		r.fields = make([]remembered, slices.Max(fields)+1)
	}
	for i := range r.fields {
		r.fields[i].desc = x.spec.Fields[i].Desc
	}
	for _, i := range fields {
		r.fields[i].wanted = true
	}
	return r
}

// Read reads an entry. It reports false when the document itself has to be asked.
func (r *Reader) Read(p Parts) bool {
	if len(r.fields) > 0 && (r.index.traits.Multikey != 0 || r.index.traits.Cut) {
		return false
	}
	if r.id {
		m := getMark(p.marks, 0)
		var ok bool
		if r.docID, r.room, _, ok = keys.DecodeInto(r.room[:0], p.ID, false, m == markFloat); !ok || m == markOpaque {
			return false
		}
	}
	rest, marks := p.Fields, p.marks>>2
	for i := range r.fields {
		f, m := &r.fields[i], mark(marks&3)
		marks >>= 2
		if !f.wanted {
			n, err := keys.Skip(rest, f.desc)
			if err != nil {
				return false
			}
			rest = rest[n:]
			continue
		}
		if !f.holds(rest, m) {
			r.fresh |= 1 << i
			if !f.read(rest, m) {
				return false
			}
		}
		rest = rest[len(f.key):]
	}
	return true
}

// holds reports whether the field that key starts with is the one of before. An encoded
// value shows where it ends: a key that starts with the last one starts with the same
// value.
func (f *remembered) holds(key []byte, m mark) bool {
	return f.key != nil && f.mark == m && bytes.HasPrefix(key, f.key)
}

// read reads the field that key starts with.
func (f *remembered) read(key []byte, m mark) bool {
	v, n, ok := document.Value{}, 0, true
	if m == markFloat && !f.desc {
		f.room, n, ok = keys.DecodeFloat(f.room[:0], key)
		v = document.FromRaw(f.room).Value()
	} else if m == markMissing {
		var err error
		n, err = keys.Skip(key, f.desc)
		ok = err == nil
	} else {
		v, f.room, n, ok = keys.DecodeInto(f.room[:0], key, f.desc, m == markFloat)
		ok = ok && m != markOpaque
	}
	if !ok {
		f.key = nil
		return false
	}
	f.key, f.mark, f.value = append(f.key[:0], key[:n]...), m, v
	return true
}

// Fresh returns which fields may have other values than when it was last asked: bit i is
// set for field i.
func (r *Reader) Fresh() uint32 {
	fresh := r.fresh
	r.fresh = 0
	return fresh
}

// ID returns the _id in the entry last read. It is valid until the next entry is read.
func (r *Reader) ID() document.Value { return r.docID }

// Value returns the value of field i in the entry last read, missing when the document
// does not have it. It is valid until the next entry is read.
func (r *Reader) Value(i int) document.Value { return r.fields[i].value }
