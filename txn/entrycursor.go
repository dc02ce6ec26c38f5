package txn

import (
	"bytes"
	"sort"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/storage"
)

// Entries returns a cursor over the entries of x in span, upwards or downwards.
func (s Snapshot) Entries(x *index.Index, span index.Span, reverse bool) *EntryCursor {
	o := storage.ScanOptions{Reverse: reverse, KeysOnly: !x.Spec().Unique}
	return &EntryCursor{index: x, scan: s.scan(storage.Range(span), o)}
}

// WholeEntries returns a cursor over all entries of x, upwards, that reads their values
// too, which Entries does of unique indexes only.
func (s Snapshot) WholeEntries(x *index.Index) *EntryCursor {
	return &EntryCursor{index: x, scan: s.scan(storage.Range(x.Span()), storage.ScanOptions{})}
}

// An EntryCursor walks entries of an index. It belongs to one goroutine.
type EntryCursor struct {
	index *index.Index
	scan  scanner
	parts index.Parts
	err   error
	hi    []byte   // the walk ends before it; nil: at the end of the span
	ahead [][]byte // scratch of Batch
}

// Next moves to the next entry and reports whether there is one.
func (c *EntryCursor) Next() bool {
	if c.err != nil || !c.scan.Next() || c.hi != nil && bytes.Compare(c.scan.Key(), c.hi) >= 0 {
		return false
	}
	c.parts, c.err = c.index.Split(c.scan.Key(), c.scan.Value())
	return c.err == nil
}

// Until lets an upward walk end before hi.
func (c *EntryCursor) Until(hi []byte) { c.hi = hi }

// Batch moves over entries, as many as are at hand and fit into to, and puts them there,
// where they are valid until the next move. It returns how many entries that were, 0 at
// the end. It costs less than as many calls of [EntryCursor.Next]; the current key is
// that of the last of them.
func (c *EntryCursor) Batch(to []index.Parts) int {
	if !c.Next() {
		return 0
	}
	to[0] = c.parts
	if c.index.Spec().Unique { // the parts are in the values too
		return 1
	}
	if len(c.ahead) < len(to)-1 {
		c.ahead = make([][]byte, len(to)-1)
	}
	ahead := c.ahead[:c.scan.Ahead(c.ahead[:len(to)-1])]
	if n := len(ahead); n > 0 && c.hi != nil && bytes.Compare(ahead[n-1], c.hi) >= 0 {
		ahead = ahead[:sort.Search(n, func(i int) bool { return bytes.Compare(ahead[i], c.hi) >= 0 })]
	}
	x := c.index
	for i, key := range ahead {
		p, err := x.Split(key, nil)
		if err != nil {
			c.err = err
			return i + 1
		}
		to[i+1] = p
	}
	return len(ahead) + 1
}

// Heads moves over entries, at most len(to) of them, and puts the first eight bytes of
// the fields of each into to, as a number. It returns how many entries that were, 0 at
// the end. It does not look at what else they hold, and so costs a fraction of
// [EntryCursor.Next]. There is no current entry afterwards, but when all of to is filled
// [EntryCursor.Key] returns the key of the last.
func (c *EntryCursor) Heads(to []uint64) int {
	return c.scan.Heads(len(c.index.Span().Lo), to)
}

// Skip moves over entries, at most n of them, and returns how many: not always as many as
// it could, but 0 only at the end. It does not look at them, and where the index is
// mirrored many take no longer than a few. There is no current entry afterwards. The end
// that [EntryCursor.Until] sets is not looked at.
func (c *EntryCursor) Skip(n int) int {
	if c.err != nil {
		return 0
	}
	return c.scan.Skip(n)
}

// Key returns the key of the current entry, valid until the next call of Next.
func (c *EntryCursor) Key() []byte { return c.scan.Key() }

// Value returns the value stored with the current entry, if the cursor reads values,
// valid until the next call of Next.
func (c *EntryCursor) Value() []byte { return c.scan.Value() }

// Parts returns the current entry, valid until the next call of Next.
func (c *EntryCursor) Parts() index.Parts { return c.parts }

// Err returns what ended the walk early, or nil.
func (c *EntryCursor) Err() error {
	if c.err != nil {
		return c.err
	}
	return c.scan.Err()
}

// Close releases the cursor. It may be called more than once.
func (c *EntryCursor) Close() { c.scan.Close() }

// GetEncoded returns the document of coll whose encoded _id is id, or the zero Doc
// when there is none.
func (s Snapshot) GetEncoded(coll *Collection, id []byte) (document.Doc, error) {
	var room [64]byte
	doc, _, err := s.read(keys.AppendDocumentOf(room[:0], coll.ID, id))
	return doc, err
}

// IndexStats are the numbers of an index. Entries is exact.
type IndexStats struct {
	Entries  int64
	Distinct []float64 // estimated: different values of the first i+1 fields; nil when not known
}

// IndexStats returns the numbers of x, an index of coll, at the snapshot.
func (s Snapshot) IndexStats(coll *Collection, x *index.Index) IndexStats {
	n := s.state.counts.of(x.ID())
	if s.own != nil {
		n += s.own.deltas[x.ID()]
	}
	return IndexStats{Entries: n, Distinct: coll.sketch(x.ID()).distinct(n)}
}
