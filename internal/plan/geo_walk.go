package plan

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/txn"
)

// spots are the entries of a geo index behind one prefix, points or cells of shapes,
// as searches walk them. They belong to one goroutine.
type spots struct {
	exec   *exec
	ctx    context.Context // of the call that is under way
	index  *index.Index
	prefix []byte
	points bool
	tails  bool // ID returns the tails of entries
	checks walk

	cursor *txn.EntrySeeker
	rooms  [2][]byte // of the keys that are sought, in turn: the cursor keeps one
	passed int
	cell   uint64
	parts  index.Parts // of the entry, when split
	split  bool
	err    error
}

func (x *exec) spots(a *access, prefix []byte, points bool) *spots {
	s := &spots{exec: x, index: a.index, prefix: prefix, points: points}
	s.checks = walk{index: a.index, bounds: a.bounds, checks: a.checks}
	span := index.Span{Lo: keys.AppendCellBound(clip(prefix), 0, points), Hi: keys.AppendCellBound(clip(prefix), 1<<56, points)}
	s.cursor = x.snap.Seekable(a.index, span, !points)
	return s
}

// clip returns b so that appending to it copies it.
func clip(b []byte) []byte { return b[:len(b):len(b)] }

// Seek moves to the first entry whose cell is not less than cell.
func (s *spots) Seek(cell uint64) bool {
	if s.err != nil {
		return false
	}
	key := keys.AppendCellBound(append(s.rooms[0][:0], s.prefix...), cell, s.points)
	s.rooms[0], s.rooms[1] = s.rooms[1], key
	s.exec.seeks++
	return s.took(s.cursor.Seek(key))
}

// Next moves to the next entry.
func (s *spots) Next() bool { return s.err == nil && s.took(s.cursor.Next()) }

// Pass moves to the first entry behind the current one whose cell is not less than cell,
// and returns how many it has moved over.
func (s *spots) Pass(cell uint64) (passed int64, ok bool) {
	if !s.points || len(s.checks.checks) > 0 {
		for ok = s.Next(); ok && s.cell < cell; ok = s.Next() {
			passed++
		}
		return passed, ok
	}
	for s.err == nil {
		if s.err = s.ctx.Err(); s.err != nil {
			break
		}
		n, arrived := s.cursor.Pass(len(s.prefix), keys.PointHead(cell))
		passed += int64(n)
		s.exec.keys += int64(n)
		if n == 0 {
			return passed, s.took(arrived)
		}
	}
	return passed, false
}

// took takes over the entry that the cursor has moved to, or one behind it that the
// other fields' bounds admit.
func (s *spots) took(ok bool) bool {
	for ; ok; ok = s.cursor.Next() {
		if s.passed%checkEvery == 0 && s.ctx.Err() != nil {
			s.err = s.ctx.Err()
			return false
		}
		s.passed++
		s.exec.keys++
		s.split = false
		if s.cell, ok = keys.HeadCell(s.cursor.Head(len(s.prefix)), s.points); !ok {
			return s.corrupt()
		}
		if len(s.checks.checks) == 0 || s.admitted() {
			return s.err == nil
		}
		if s.err != nil {
			return false
		}
	}
	s.err = s.cursor.Err()
	return false
}

// admitted reports whether the other fields of the entry are within their bounds.
func (s *spots) admitted() (ok bool) {
	if !s.take() {
		return false
	}
	ok, s.err = s.checks.check(s.parts.Fields)
	return ok
}

// take takes the entry apart, if that has not been done.
func (s *spots) take() bool {
	if !s.split && s.err == nil {
		s.parts, s.err = s.cursor.Parts()
		s.split = true
	}
	return s.err == nil
}

// corrupt sets the error of an entry that is none of the index.
func (s *spots) corrupt() bool {
	s.err = fmt.Errorf("index %s: entry under key %x: %w", s.index.Name(), s.cursor.Key(), fault.ErrCorrupt)
	return false
}

// Key returns the cell of the entry.
func (s *spots) Key() uint64 { return s.cell }

// Point returns the point of the entry, which need not be taken apart for that.
func (s *spots) Point() geo.Point {
	lng, lat, ok := keys.DecodePoint(s.cursor.Key()[len(s.prefix):])
	if !ok {
		s.corrupt()
	}
	return geo.Point{lng, lat}
}

// ID returns the encoded _id of the entry's document, or with tails the entry's tail,
// which sorts as that does; nil when the entry is damaged.
func (s *spots) ID() []byte {
	if s.tails {
		tail, ok := s.index.TailOf(s.cursor.Key())
		if !ok {
			s.corrupt()
		}
		return tail
	}
	if !s.take() {
		return nil
	}
	return s.parts.ID
}

// bounds returns what the entry of a cell tells of its shape, and whether it does.
func (s *spots) bounds() (b geo.Bounds, ok bool) {
	raw := s.cursor.Value()
	if len(raw) == 0 {
		return b, false // several shapes have the cell
	}
	if b, ok = geo.ReadBounds(raw); !ok {
		s.corrupt()
	}
	return b, ok
}

func (s *spots) close() { s.cursor.Close() }

// entries returns what a finds in its index, in no order.
func (x *exec) entries(a *access) items {
	if a.search == nil {
		return x.walk(a, a.spans)
	}
	t := a.index.Traits()
	shapes := t.Shapes && a.search.cells == nil
	if len(a.search.prefixes) == 1 && t.Points != shapes {
		return x.found(a, a.search.prefixes[0], t.Points)
	}
	all := &chain{}
	for _, prefix := range a.search.prefixes {
		if t.Points {
			all.parts = append(all.parts, x.found(a, prefix, true))
		}
		if shapes {
			all.parts = append(all.parts, x.found(a, prefix, false))
		}
	}
	return all
}

// A found yields the entries that a descent leads to, but for shapes that surely do not
// meet the condition.
type found struct {
	spots   *spots
	access  *access
	descend func() descent
	descent descent
	coverer *coverer // nil where documents are fetched
}

// A descent moves a walk from one entry that is found to the next.
type descent interface{ Next() bool }

// nowhere is the descent to nothing.
type nowhere struct{}

func (nowhere) Next() bool { return false }

func (x *exec) found(a *access, prefix []byte, points bool) *found {
	f := &found{spots: x.spots(a, prefix, points), access: a}
	if a.cover != nil {
		f.coverer = a.cover.start(false)
	}
	total := x.expected(a)
	f.descend = func() descent {
		switch s := a.search; {
		case s.cells != nil:
			return s.cells.Walk(f.spots)
		case s.area != nil && points:
			return s.area.Descend(f.spots, total)
		case s.area != nil:
			return s.area.DescendShapes(f.spots, total)
		case points:
			return s.shape.Descend(f.spots, total)
		default:
			if walk, ok := s.shape.LineageWalk(f.spots, a.index.Traits().Levels); ok {
				return walk
			}
			return s.shape.DescendShapes(f.spots, total)
		}
	}
	return f
}

// expected returns about how many entries there are behind one prefix.
func (x *exec) expected(a *access) int64 {
	stats := x.snap.IndexStats(x.coll, a.index)
	if a.leading > 0 && stats.Distinct != nil {
		return int64(float64(stats.Entries) / max(1, stats.Distinct[a.leading-1]))
	}
	return stats.Entries
}

func (f *found) next(ctx context.Context) (item, bool, error) {
	f.begin(ctx)
	for f.descent.Next() {
		verdict := f.verdict()
		if verdict == geo.Never {
			continue
		}
		if !f.spots.take() {
			break
		}
		it := item{id: f.spots.parts.ID, fields: f.spots.parts.Fields, parts: f.spots.parts}
		it.sure = verdict == geo.Surely && f.access.certain
		if f.coverer != nil && (it.sure || f.access.exact) {
			it.doc, _ = f.coverer.document(it.parts)
		}
		return it, true, nil
	}
	return item{}, false, f.spots.err
}

// verdict tells whether what has the entry meets the condition that is searched by. Points
// that a descent leads to do.
func (f *found) verdict() geo.Verdict {
	if f.spots.points {
		return geo.Surely
	}
	b, ok := f.spots.bounds()
	if !ok {
		return geo.Undecided
	}
	return f.access.search.judge(&b)
}

// begin begins the descent, or lets it go on. Where there are shapes there may be no points
// at all, which one look tells.
func (f *found) begin(ctx context.Context) {
	f.spots.ctx = ctx
	switch {
	case f.descent != nil:
	case f.spots.points && f.access.index.Traits().Shapes && !f.spots.Seek(0):
		f.descent = nowhere{}
	default:
		f.descent = f.descend()
	}
}

// count implements [counter]: the entries are not taken apart.
func (f *found) count(ctx context.Context, limit int64) (n int64, err error) {
	f.begin(ctx)
	if d, ok := f.descent.(*geo.Descent); ok {
		n = d.Count(limit)
		return n, f.spots.err
	}
	for (limit == 0 || n < limit) && f.descent.Next() {
		n++
	}
	return n, f.spots.err
}

func (f *found) close() { f.spots.close() }
