package plan

import (
	"bytes"
	"context"
	"fmt"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
)

// near yields documents by their distance, then by their ids, each once: the search
// behind each prefix yields its own that way.
type near struct {
	exec    *exec
	access  *access
	streams []*nearStream
	started bool
	last    []byte
	coverer *coverer // nil where documents are fetched

	after    []byte // only what is behind the document of this _id; nil for all
	distance float64
}

// A nearStream is the search behind one prefix, and what it stands at.
type nearStream struct {
	points, shapes *spots
	search         *geo.Nearest
	due            bool // what it stands at has been taken, or it has not been moved yet
	hit            geo.Hit
	ok             bool
}

func (x *exec) nearest(a *access) items {
	n := &near{exec: x, access: a, after: x.after}
	if a.cover != nil {
		n.coverer = a.cover.start(x.planner.brief(a.cover))
	}
	for _, prefix := range a.search.prefixes {
		s := &nearStream{points: x.spots(a, prefix, true)}
		s.points.tails = a.cover != nil
		if a.index.Traits().Shapes {
			s.shapes = x.spots(a, prefix, false)
		}
		n.streams = append(n.streams, s)
	}
	return n
}

func (n *near) next(ctx context.Context) (item, bool, error) {
	if !n.started {
		n.started = true
		if err := n.start(); err != nil {
			return item{}, false, err
		}
	}
	for {
		var first *nearStream
		for _, s := range n.streams {
			if err := n.move(ctx, s); err != nil {
				return item{}, false, err
			}
			if s.ok && (first == nil || before(s.hit, first.hit)) {
				first = s
			}
		}
		if first == nil {
			return item{}, false, nil
		}
		first.due = true
		it, err := n.item(first.hit)
		if err != nil {
			return item{}, false, err
		}
		if bytes.Equal(it.id, n.last) || !n.behind(it) {
			continue
		}
		n.last = it.id
		return it, true, nil
	}
}

// item returns what a hit stands for.
func (n *near) item(h geo.Hit) (item, error) {
	it := item{id: h.ID, metres: h.Metres}
	if n.coverer == nil {
		return it, nil
	}
	parts, err := n.access.index.OfTail(h.ID)
	if err == nil {
		it.id = parts.ID
		it.doc, _ = n.coverer.document(parts)
	}
	return it, err
}

func before(a, b geo.Hit) bool {
	return a.Metres < b.Metres || a.Metres == b.Metres && bytes.Compare(a.ID, b.ID) < 0
}

// behind reports whether it comes behind the document to go on behind.
func (n *near) behind(it item) bool {
	return n.after == nil || it.metres > n.distance || it.metres == n.distance && bytes.Compare(it.id, n.after) > 0
}

// start begins the searches.
func (n *near) start() error {
	by := n.access.search.near
	least, most := by.Bounds()
	if n.after != nil {
		metres, ok, err := by.Distance(n.exec.planner.r.After)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("after a document that is at no distance within the bounds: %w", fault.ErrInvalid)
		}
		n.distance = metres
	}
	x := n.access.index
	for _, s := range n.streams {
		o := geo.NearSearch{Points: s.points, Total: n.exec.expected(n.access), Min: least, Max: most, Measure: n.measure}
		o.Repeats = x.Multikey(x.GeoField())
		if n.after == nil && n.access.exact && x.Traits().Multikey == 0 {
			o.Count = n.exec.planner.window // each hit is another document, and is returned
			o.Ranking = !n.exec.planner.r.Distances && len(n.streams) == 1
		}
		if s.shapes != nil {
			o.Shapes, o.Told = s.shapes, s.shapes.bounds
		}
		s.search, s.due = by.Origin.Search(o), true
	}
	return nil
}

// move moves a stream to its next hit, if it is due.
func (n *near) move(ctx context.Context, s *nearStream) (err error) {
	if !s.due {
		return nil
	}
	s.due = false
	s.points.ctx = ctx
	if s.shapes != nil {
		s.shapes.ctx = ctx
	}
	s.hit, s.ok, err = s.search.Next()
	switch {
	case err != nil:
		return err
	case s.points.err != nil:
		return s.points.err
	case s.shapes != nil:
		return s.shapes.err
	}
	return nil
}

// measure returns the distance of the document of that _id, and whether it is within
// bounds.
func (n *near) measure(id []byte) (float64, bool, error) {
	x := n.exec
	x.docs++
	key := keys.AppendDocumentOf(nil, x.coll.ID, id)
	doc, err := x.snap.GetKey(key)
	if err != nil {
		return 0, false, err
	}
	if doc.IsZero() {
		return 0, false, fmt.Errorf("an index has an entry for the document under key %x, which does not exist: %w", key, fault.ErrCorrupt)
	}
	return n.access.search.near.Distance(doc)
}

func (n *near) close() {
	for _, s := range n.streams {
		s.points.close()
		if s.shapes != nil {
			s.shapes.close()
		}
	}
	n.streams = nil
}
