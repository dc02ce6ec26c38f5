package index

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
)

// The limits of what one document may have in one index.
const (
	MaxEntries = 10_000  // entries
	MaxBytes   = 4 << 20 // bytes of them; no commit takes more
)

// Entries returns what the index holds for doc, in the order of the keys and each
// once, and the traits that doc gives the index. id is the encoded _id of doc.
// The entries are in memory of their own.
//
// [fault.ErrInvalid] reports fields inside different arrays and values of a geo field
// that are no valid geometries, [fault.ErrTooLarge] more than [MaxEntries] entries or
// [MaxBytes] and, in a unique index, a value longer than [MaxValue].
func (x *Index) Entries(doc document.Doc, id []byte) ([]Entry, Traits, error) {
	w := writer{index: x, id: id, docID: doc.Value().Field("_id")}
	w.ends = w.oneEnd[:0]
	var room [4]place
	places := room[:0]
	for _, p := range x.paths {
		places = append(places, place{path: p, value: doc.Value()})
	}
	if x.geo >= 0 {
		var err error
		if w.spots, err = x.spots(doc, &w.traits); len(w.spots) == 0 || err != nil {
			return nil, Traits{}, err
		}
		places[x.geo].state = located
	}
	if err := w.expand(places, false); err != nil {
		return nil, Traits{}, fmt.Errorf("index %s: %w", x.spec.Name, err)
	}
	if x.spec.Sparse && !w.exists {
		return nil, Traits{}, nil
	}
	list := w.entries()
	if err := fits(list); err != nil {
		return nil, Traits{}, fmt.Errorf("index %s: %w", x.spec.Name, err)
	}
	return list, w.traits, nil
}

// fits holds the entries of one document against the limits.
func fits(list []Entry) error {
	if len(list) > MaxEntries {
		return fmt.Errorf("more than %d entries for one document: %w", MaxEntries, fault.ErrTooLarge)
	}
	n := 0
	for _, e := range list {
		n += len(e.Key) + len(e.Value)
	}
	if n > MaxBytes {
		return fmt.Errorf("more than %d bytes of entries for one document: %w", MaxBytes, fault.ErrTooLarge)
	}
	return nil
}

// A place is how far the path of a field has been followed.
type place struct {
	path  document.Path
	at    int            // the next segment
	value document.Value // what the segments before led to
	state placeState
}

type placeState uint8

const (
	walking placeState = iota // at value, before segment at
	found                     // value is that of the field
	absent                    // the field has no value here
	hollow                    // the field is an array without elements
	located                   // it is the geo field: what it holds are the writer's spots
)

// walk follows the path through objects and reports whether it stands before an
// array that has to be expanded.
func (p *place) walk() bool {
	names := p.path.Segments()
	for p.state == walking {
		switch kind := p.value.Kind(); {
		case kind == document.Missing:
			p.state = absent
		case kind == document.Array:
			return true
		case p.at == len(names):
			p.state = found
		case kind == document.Object:
			p.value = p.value.Field(names[p.at])
			p.at++
		default:
			p.state = absent // a scalar has no fields
		}
	}
	return false
}

// into returns the place behind one element of the array at p.
func (p place) into(element document.Value) place {
	p.value = element
	switch {
	case p.at == len(p.path.Segments()):
		p.state = found
	case element.Kind() != document.Object:
		p.state = absent // an array inside an array is not looked into
	}
	return p
}

// A writer makes the entries of one document.
type writer struct {
	index  *Index
	id     []byte
	docID  document.Value
	slab   []byte
	ends   []ends
	traits Traits
	exists bool // one of the fields has a value

	spots   []spot                     // of the geo field
	collect func(document.Value) error // takes the values of the only field, instead of making entries

	oneEnd [1]ends // room for the usual document, of one entry
}

// ends are where an entry's key and value end in the slab.
type ends struct{ key, value int }

// expand writes an entry for each tuple of values that places lead to.
func (w *writer) expand(places []place, multikey bool) error {
	var array document.Value
	for i := range places {
		if !places[i].walk() {
			continue
		}
		w.traits.Multikey |= 1 << i
		if array.Exists() && !sameBytes(array, places[i].value) {
			return fault.At(places[i].path.String(), fmt.Errorf("cannot index parallel arrays: %w", fault.ErrInvalid))
		}
		array = places[i].value
	}
	if !array.Exists() {
		return w.write(places, multikey)
	}
	return w.expandArray(places, array)
}

// sameBytes reports whether a and b are the same value in the same place.
func sameBytes(a, b document.Value) bool { return &a.Raw()[0] == &b.Raw()[0] }

// expandArray expands the places that stand before array for each element.
func (w *writer) expandArray(places []place, array document.Value) error {
	next := make([]place, len(places))
	if array.Len() == 0 {
		for i, p := range places {
			if p.state == walking {
				p.state = absent
				if p.at == len(p.path.Segments()) {
					p.state = hollow
				}
			}
			next[i] = p
		}
		return w.expand(next, true)
	}
	for e := array.Elements(); e.Next(); {
		for i, p := range places {
			if p.state == walking {
				p = p.into(e.Value())
			}
			next[i] = p
		}
		if err := w.expand(next, true); err != nil {
			return err
		}
	}
	return w.expandPositions(places, array, next)
}

// expandPositions adds the elements that a segment of digits names by their
// position: "a.0" is the first element of a, besides the field "0" of each.
func (w *writer) expandPositions(places []place, array document.Value, next []place) error {
	for i, p := range places {
		if p.state != walking || p.at == len(p.path.Segments()) {
			continue
		}
		n, ok := p.path.Index(p.at)
		if !ok {
			continue
		}
		for j, other := range places {
			if other.state == walking {
				other.state = absent
			}
			next[j] = other
		}
		next[i] = place{path: p.path, at: p.at + 1, value: array.Element(n)}
		if err := w.expand(next, true); err != nil {
			return err
		}
	}
	return nil
}

// write appends the entries of one tuple: one, or one for each spot of the geo field.
func (w *writer) write(places []place, multikey bool) error {
	switch {
	case w.collect != nil:
		if places[0].state == found {
			return w.collect(places[0].value)
		}
		return nil
	case w.index.geo < 0:
		return w.writeEntry(places, spot{}, multikey)
	}
	for _, s := range w.spots {
		if err := w.writeEntry(places, s, multikey || len(w.spots) > 1); err != nil {
			return err
		}
	}
	return nil
}

// writeEntry appends the entry of one tuple, of which s is the geo field.
func (w *writer) writeEntry(places []place, s spot, multikey bool) error {
	if len(w.ends) >= 2*MaxEntries || len(w.slab) >= 2*MaxBytes {
		if err := w.compact(); err != nil {
			return err
		}
	}
	if w.slab == nil {
		w.slab = make([]byte, 0, len(w.index.lo)+len(w.id)+16*len(places)+8)
	}
	var room [8]byte
	marks := room[:w.index.markBytes()]
	setMark(marks, 0, markOf(w.docID, false))
	key := append(w.slab, w.index.lo...)
	for i, p := range places {
		m, cut := markOpaque, false
		switch p.state {
		case found:
			w.exists = true
			key, cut = w.index.AppendValue(key, i, p.value)
			m = markOf(p.value, cut)
		case absent:
			key = keys.Append(key, document.NullValue(), w.index.spec.Fields[i].Desc)
			m = markMissing
		case hollow:
			w.exists = true
			key = keys.AppendEmpty(key, w.index.spec.Fields[i].Desc)
		case located:
			w.exists = true
			key = append(key, s.field...)
		}
		if cut && w.index.spec.Unique {
			return fault.At(p.path.String(), fmt.Errorf("value of more than %d bytes in a unique index: %w", MaxValue, fault.ErrTooLarge))
		}
		w.traits.Cut = w.traits.Cut || cut
		if !multikey {
			setMark(marks, i+1, m)
		}
	}
	end := len(key)
	w.slab = w.appendTail(key, marks)
	if !w.index.spec.Unique {
		end = len(w.slab)
		w.slab = append(w.slab, s.bounds...)
	}
	w.ends = append(w.ends, ends{key: end, value: len(w.slab)})
	return nil
}

func (w *writer) appendTail(dst, marks []byte) []byte {
	dst = append(append(dst, w.id...), marks...)
	return binary.BigEndian.AppendUint16(dst, uint16(len(w.id)))
}

// compact drops entries that are there already: only different ones count against
// the limits, of which it leaves half free.
func (w *writer) compact() error {
	list := w.entries()
	if err := fits(list); err != nil {
		return err
	}
	slab := make([]byte, 0, len(w.slab))
	w.ends = w.ends[:0]
	for _, e := range list {
		slab = append(slab, e.Key...)
		end := len(slab)
		slab = append(slab, e.Value...)
		w.ends = append(w.ends, ends{key: end, value: len(slab)})
	}
	w.slab = slab
	return nil
}

// entries cuts the slab into entries, in order and each once. Of several shapes that have
// a cell in common it has one entry, which has the bounds of none.
func (w *writer) entries() []Entry {
	list := make([]Entry, len(w.ends))
	from := 0
	for i, e := range w.ends {
		list[i] = Entry{Key: w.slab[from:e.key:e.key], Value: w.slab[e.key:e.value:e.value]}
		from = e.value
	}
	if len(list) > 1 {
		slices.SortFunc(list, func(a, b Entry) int { return bytes.Compare(a.Key, b.Key) })
		list = compacted(list)
	}
	return list
}

// compacted drops entries that repeat the one before. What has the same key and another
// value, which happens in geo indexes only, loses it.
func compacted(list []Entry) []Entry {
	kept := list[:1]
	for _, e := range list[1:] {
		last := &kept[len(kept)-1]
		switch {
		case !bytes.Equal(e.Key, last.Key):
			kept = append(kept, e)
		case !bytes.Equal(e.Value, last.Value):
			last.Value = last.Value[:0]
		}
	}
	return kept
}

// Diff returns the entries that only before has, and those that only after has. One that
// has another value there is in both. Both lists are in order, and may be before and after
// themselves.
func Diff(before, after []Entry) (removed, added []Entry) {
	if len(before) == 0 || len(after) == 0 {
		return before, after
	}
	for len(before) > 0 && len(after) > 0 {
		switch c := bytes.Compare(before[0].Key, after[0].Key); {
		case c < 0:
			removed, before = append(removed, before[0]), before[1:]
		case c > 0:
			added, after = append(added, after[0]), after[1:]
		default:
			if !bytes.Equal(before[0].Value, after[0].Value) {
				removed, added = append(removed, before[0]), append(added, after[0])
			}
			before, after = before[1:], after[1:]
		}
	}
	return append(removed, before...), append(added, after...)
}
