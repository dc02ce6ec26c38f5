package plan

import (
	"context"
	"errors"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// A Cursor yields the documents of a query. It belongs to one goroutine.
type Cursor struct {
	run        *running
	returned   int64
	src        source
	passer     passer    // src, if it is one
	measured   measured  // the same
	projector  projector // the same
	filter     *query.Filter
	projection *query.Projection
	skip       int
	limit      int
	left       int // documents still to return, when limit is set
	doc        document.Doc
	metres     float64 // of doc, when documents come by their distance
	err        error
	closed     bool
}

// newCursor returns a cursor over the documents of src that r wants of them.
func newCursor(r *query.Request, src source) *Cursor {
	c := &Cursor{src: src, skip: r.Skip, limit: r.Limit, left: r.Limit, projection: r.Projection, filter: r.Filter}
	c.passer, _ = src.(passer)
	c.measured, _ = src.(measured)
	c.projector, _ = src.(projector)
	return c
}

// Next moves to the next document and reports whether there is one. It returns
// false at the end, on an error and when ctx is done; see [Cursor.Err].
func (c *Cursor) Next(ctx context.Context) bool {
	if c.closed || c.err != nil || (c.limit > 0 && c.left == 0) {
		return false
	}
	if c.passer != nil && c.skip > 0 {
		n, err := c.passer.pass(ctx, c.skip)
		if err != nil {
			return c.end(err)
		}
		c.skip -= n
	}
	for ; c.skip > 0; c.skip-- {
		if _, ok, err := c.src.next(ctx); err != nil || !ok {
			return c.end(err)
		}
	}
	doc, ok, err := c.src.next(ctx)
	if err != nil || !ok {
		return c.end(err)
	}
	if c.projection != nil && !(c.projector != nil && c.projector.projected()) {
		doc, err = c.projection.Apply(doc, c.filter)
	} else {
		doc, err = c.src.keep()
	}
	if err != nil {
		return c.end(err)
	}
	if c.measured != nil {
		c.metres = c.measured.distance()
	}
	c.left--
	c.returned++
	c.doc = doc
	return true
}

// A projector is a source that may have applied the projection.
type projector interface {
	// projected reports whether it has to the document last returned by next.
	projected() bool
}

// A measured is a source that knows distances.
type measured interface {
	// distance returns that of the document last returned by next, in metres, where
	// documents come by it.
	distance() float64
}

// A passer is a source that can pass over documents for less than reading them.
type passer interface {
	// pass passes over up to n documents and returns over how many.
	pass(ctx context.Context, n int) (int, error)
}

// end closes the cursor, for err or at its end, and returns false.
func (c *Cursor) end(err error) bool {
	c.err = err
	c.Close()
	return false
}

// Doc returns the current document, valid for ever.
func (c *Cursor) Doc() document.Doc { return c.doc }

// Distance returns the distance of the current document in metres, of a query for
// [query.Request.Distances].
func (c *Cursor) Distance() float64 { return c.metres }

// Err returns what ended the cursor early, or nil.
func (c *Cursor) Err() error { return c.err }

// Away says that until [Cursor.Back] the time is not the query's.
func (c *Cursor) Away() { c.run.away() }

// Back ends what [Cursor.Away] began.
func (c *Cursor) Back() { c.run.back() }

// Close releases the cursor. It may be called more than once.
func (c *Cursor) Close() {
	if !c.closed {
		c.closed = true
		c.src.close()
		if c.run != nil {
			c.run.end(c.returned)
		}
	}
}

// corruptAt adds the key to an error about stored bytes.
func corruptAt(key []byte, err error) error {
	if errors.Is(err, fault.ErrCorrupt) {
		return fmt.Errorf("document under key %x: %w", key, err)
	}
	return err
}
