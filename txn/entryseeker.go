package txn

import (
	"slices"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/storage"
)

// Seekable returns a cursor over the entries of x in span, upwards, that moves by
// [EntrySeeker.Seek]: a serializable transaction has looked at what lies between the
// place of each Seek and the entry that the walk came to, and at nothing else. With
// values, entries have those.
func (s Snapshot) Seekable(x *index.Index, span index.Span, values bool) *EntrySeeker {
	o := storage.ScanOptions{KeysOnly: !values, Seeks: true}
	return &EntrySeeker{index: x, scan: s.scan(storage.Range(span), o), reads: s.reads, hi: span.Hi}
}

// An EntrySeeker walks entries of an index, and looks at no more of them than it is
// asked for. It belongs to one goroutine.
type EntrySeeker struct {
	index *index.Index
	scan  scanner

	reads *reads
	from  []byte // where the last Seek went
	hi    []byte // the end of the span
	ended bool   // the walk has come there
}

// Seek moves to the first entry whose key is not less than lo, and reports whether
// there is one. The cursor keeps lo until the next Seek.
func (c *EntrySeeker) Seek(lo []byte) bool {
	c.looked()
	c.from, c.ended = lo, false
	c.scan.Seek(lo)
	return c.Next()
}

// looked adds what lies behind the last Seek to what the transaction has read.
func (c *EntrySeeker) looked() {
	if c.reads == nil || c.from == nil {
		return
	}
	hi := c.hi
	if !c.ended {
		hi = append(slices.Clone(c.scan.Key()), 0)
	}
	c.reads.addRange(storage.Range{Lo: c.from, Hi: hi})
	c.from = nil
}

// Next moves to the next entry and reports whether there is one.
func (c *EntrySeeker) Next() bool {
	c.ended = !c.scan.Next()
	return !c.ended
}

// Pass moves over entries whose Head is less than head, over some of them at a time and
// without a look at the others' keys. It returns how many, and whether it has come to
// one that is not less; with 0 and false the walk has ended. The span's keys are alike
// in their first skip bytes.
func (c *EntrySeeker) Pass(skip int, head uint64) (n int, arrived bool) {
	n, arrived = c.scan.Pass(skip, head)
	c.ended = n == 0 && !arrived
	return n, arrived
}

// Head returns the eight bytes that follow the first skip bytes of the current key, as
// a number. It need not look at the key where these are the first of the fields.
func (c *EntrySeeker) Head(skip int) uint64 { return c.scan.Head(skip) }

// Key returns the key of the current entry, valid until the next move.
func (c *EntrySeeker) Key() []byte { return c.scan.Key() }

// Value returns the value of the current entry, nil of one without, valid until the next
// move.
func (c *EntrySeeker) Value() []byte { return c.scan.Value() }

// Parts takes the current entry apart. They are valid until the next move.
func (c *EntrySeeker) Parts() (index.Parts, error) {
	return c.index.Split(c.scan.Key(), c.scan.Value())
}

// Err returns what ended the walk early, or nil.
func (c *EntrySeeker) Err() error { return c.scan.Err() }

// Close releases the cursor. It may be called more than once.
func (c *EntrySeeker) Close() {
	c.looked()
	c.scan.Close()
}
