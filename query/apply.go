package query

import (
	"fmt"
	"math"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// An edit collects what an update changes in one document as splices of its
// bytes: a field that does not change is never looked into, only copied. It
// belongs to one goroutine.
//
// Offsets follow from the canonical form, in which every head has its shortest
// size.
type edit struct {
	doc      document.Doc
	raw      []byte // of doc
	filter   *Filter
	splices  []splice // by rising offset, none touching another
	inserted int      // bytes of all splices
	few      [4]splice
}

// A splice puts other bytes in the place of raw[from:to].
type splice struct {
	from, to int
	with     []byte
}

// replace adds a splice behind those there are.
func (e *edit) replace(from, to int, with []byte) error {
	return e.insert(len(e.splices), from, to, with)
}

// insert adds the splice as number i. More inserted bytes than a document may
// have can make no document, whatever else is cut: that is reported here, before
// an update of many array elements takes the memory.
func (e *edit) insert(i, from, to int, with []byte) error {
	e.inserted += len(with)
	if e.inserted > document.MaxSize {
		return fmt.Errorf("the update makes a document over the limit of %d bytes: %w", document.MaxSize, fault.ErrTooLarge)
	}
	e.splices = append(e.splices, splice{})
	copy(e.splices[i+1:], e.splices[i:])
	e.splices[i] = splice{from, to, with}
	return nil
}

// count writes the head of the container at offset at anew, before splice i, when
// it has delta more fields or elements than its n.
func (e *edit) count(i, at int, k document.Kind, n, delta int) error {
	if delta == 0 {
		return nil
	}
	return e.insert(i, at, at+document.HeadSize(n), document.AppendHead(nil, k, n+delta))
}

// result returns the bytes of the document with all splices made.
func (e *edit) result() []byte {
	size := len(e.raw) + e.inserted
	for _, s := range e.splices {
		size -= s.to - s.from
	}
	out := make([]byte, 0, size)
	at := 0
	for _, s := range e.splices {
		out = append(out, e.raw[at:s.from]...)
		out = append(out, s.with...)
		at = s.to
	}
	return append(out, e.raw[at:]...)
}

// descend applies the paths below b to v, the value at b, which starts at offset at.
func (e *edit) descend(b *branch, at int, v document.Value, inArray bool) error {
	switch v.Kind() {
	case document.Object:
		return e.object(b, at, v, inArray)
	case document.Array:
		return e.array(b, at, v)
	}
	return e.blocked(b, v)
}

// blocked reports that the paths below b cannot exist in v. Operators that only
// take away have nothing to do there.
func (e *edit) blocked(b *branch, v document.Value) error {
	for _, c := range b.children {
		if err := e.blockedChild(b, c, v); err != nil {
			return err
		}
	}
	return nil
}

func (e *edit) blockedChild(b, c *branch, v document.Value) error {
	if c.step != named {
		return invalidAt(c.path, "%s stands for array elements, and %s holds %s", c.name, b.path, v.Kind())
	}
	if c.op == nil {
		return e.blocked(c, v)
	}
	if c.op.tolerant(e) {
		return nil
	}
	return invalidAt(c.path, "cannot create field %q in element {%s: %s}", c.name, b.name, brief(v))
}

// brief shows v in an error: short values as they are, others by their kind.
func brief(v document.Value) string {
	switch v.Kind() {
	case document.Null, document.Number, document.Bool, document.Date:
		return v.String()
	}
	return v.Kind().String()
}

// keySize returns the size of a key of n bytes with its head.
func keySize(n int) int {
	switch {
	case n < 32:
		return n + 1
	case n <= math.MaxUint8:
		return n + 2
	case n <= math.MaxUint16:
		return n + 3
	}
	return n + 5
}
