package document

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/virgadb/virga/internal/fault"
)

// A container is an object or array being written.
type container struct {
	kind     Kind
	at, size int // the room for its head
	n        int // fields or elements so far
}

// open begins an object or array that will probably have n fields or elements.
func (e *encoder) open(k Kind, n int) (container, error) {
	if e.depth++; e.depth > MaxDepth+e.spare {
		return container{}, errDepth
	}
	c := container{kind: k, at: len(e.buf), size: headSize(n)}
	e.buf = append(e.buf, "\x00\x00\x00\x00\x00"[:c.size]...)
	return c, nil
}

func (e *encoder) close(c container) {
	e.depth--
	e.buf = setHead(e.buf, c.at, c.size, c.kind, c.n)
}

// object writes a map, its keys sorted.
func (e *encoder) object(m map[string]any) error {
	if m == nil {
		e.null()
		return nil
	}
	base := len(e.pairs)
	if e.pairs == nil {
		e.pairs = make([]E, 0, len(m)+4)
	}
	for key, v := range m {
		e.pairs = append(e.pairs, E{key, v})
	}
	fields := e.pairs[base:]
	var room [24]int
	order := sortedOrder(fields, room[:0])
	c, err := e.open(Object, len(m))
	for i := 0; i < len(order) && err == nil; i++ {
		f := &fields[order[i]]
		err = under(f.Key, e.field(&c, f.Key, f.Value))
	}
	if err != nil {
		return err
	}
	e.pairs = e.pairs[:base]
	e.close(c)
	return nil
}

// sortedOrder appends to order the places of fields in the order of their keys.
// Sorting the fields themselves would take longer: each move of a pointer tells the
// garbage collector.
func sortedOrder(fields []E, order []int) []int {
	for i := range fields {
		order = append(order, i)
	}
	slices.SortFunc(order, func(i, j int) int { return strings.Compare(fields[i].Key, fields[j].Key) })
	return order
}

// mark returns where the names of an object of n fields go.
func (e *encoder) mark(n int) int {
	if e.names == nil {
		e.names = make([]string, 0, n+16)
	}
	return len(e.names)
}

// list writes the fields of a D in the order given.
func (e *encoder) list(d D) error {
	if d == nil {
		e.null()
		return nil
	}
	base := e.mark(len(d))
	for i := range d {
		e.names = append(e.names, d[i].Key)
	}
	if err := distinct(e.names[base:]); err != nil {
		return err
	}
	c, err := e.open(Object, len(d))
	if err != nil {
		return err
	}
	for i := range d {
		if err := e.field(&c, d[i].Key, d[i].Value); err != nil {
			return under(d[i].Key, err)
		}
	}
	e.names = e.names[:base]
	e.close(c)
	return nil
}

// field writes one field of the object c.
func (e *encoder) field(c *container, key string, v any) error {
	start := len(e.buf)
	if err := e.key(key); err != nil {
		return err
	}
	after := len(e.buf)
	if err := e.value(v); err != nil {
		return err
	}
	return e.endField(c, start, after)
}

// endField ends the field of c that began at start and whose value began at after.
func (e *encoder) endField(c *container, start, after int) error {
	if len(e.buf) == after {
		e.buf = e.buf[:start] // the value is missing
		return nil
	}
	c.n++
	return e.fits()
}

func (e *encoder) key(key string) error {
	if !plainKey(key) {
		if err := checkKey(key, e.stored); err != nil {
			return err
		}
		if !utf8.ValidString(key) {
			return errText
		}
	}
	e.buf = appendText(e.buf, key)
	return nil
}

// plainKey reports whether key is one that every object may have, as all but a few
// are: a look that takes half the time of the checks.
func plainKey(key string) bool {
	if key == "" || key[0] == '$' {
		return false
	}
	for i := range len(key) {
		if c := key[i]; c == 0 || c == '.' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// checkKey holds a key against the rules of all values or of stored documents.
func checkKey[T string | []byte](key T, stored bool) error {
	if stored && (len(key) == 0 || key[0] == '$') {
		return fmt.Errorf("key %q is empty or starts with $: %w", string(key), fault.ErrContent)
	}
	for i := range len(key) {
		if key[i] == 0 || stored && key[i] == '.' {
			return fmt.Errorf("key %q holds a dot or a zero byte: %w", string(key), fault.ErrInvalid)
		}
	}
	return nil
}

// distinct refuses two equal keys.
func distinct[T string | []byte](keys []T) error {
	if len(keys) > manyKeys {
		seen := make(map[string]struct{}, len(keys))
		for i, key := range keys {
			seen[string(key)] = struct{}{}
			if len(seen) != i+1 {
				return duplicate(string(key))
			}
		}
		return nil
	}
	for i := 1; i < len(keys); i++ {
		for j := range i {
			if string(keys[i]) == string(keys[j]) {
				return duplicate(string(keys[i]))
			}
		}
	}
	return nil
}

// manyKeys is the number of fields above which a set finds duplicates sooner than
// comparing each with each.
const manyKeys = 24

func duplicate(key string) error {
	return fault.At(key, fmt.Errorf("duplicate key: %w", fault.ErrInvalid))
}

// elements writes a slice as an array.
func elements[T any](e *encoder, s []T, write func(T) error) error {
	if s == nil {
		e.null()
		return nil
	}
	c, err := e.open(Array, len(s))
	if err != nil {
		return err
	}
	for i, x := range s {
		if err := e.element(&c, func() error { return write(x) }); err != nil {
			return underIndex(i, err)
		}
	}
	e.close(c)
	return nil
}

// element writes one element of the array c.
func (e *encoder) element(c *container, write func() error) error {
	start := len(e.buf)
	if err := write(); err != nil {
		return err
	}
	if len(e.buf) == start {
		e.null() // the value is missing
	}
	c.n++
	return e.fits()
}

// under puts the segment key in front of the path of err, which may be nil.
func under(key string, err error) error {
	if err == nil {
		return nil
	}
	if at := (*fault.PathError)(nil); errors.As(err, &at) {
		return fault.At(key+"."+at.Path, at.Err)
	}
	return fault.At(key, err)
}
