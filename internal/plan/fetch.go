package plan

import (
	"context"
	"errors"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// fetched is the source of the documents that items stand for.
type fetched struct {
	exec   *exec
	items  items
	filter *query.Filter // nil when the items are known to match
	blind  bool          // nobody looks at documents of items that are sure
	whole  bool          // documents that items hold are what the projection leaves
	scan   func() source // what takes over when the items are too many
	wide   source        // it has taken over
	at     target
	passed int
	chosen bool // the document at hand has been projected
	ahead  lookahead
}

func (f *fetched) next(ctx context.Context) (document.Doc, bool, error) {
	if f.wide != nil {
		return f.wide.next(ctx)
	}
	for {
		ok, err := f.ahead.next(ctx, f)
		if errors.Is(err, errMany) {
			f.items.close()
			f.exec.switched = true
			f.wide = f.scan()
			return f.wide.next(ctx)
		}
		if err != nil || !ok {
			return document.Doc{}, false, err
		}
		if f.passed%checkEvery == 0 && ctx.Err() != nil {
			return document.Doc{}, false, ctx.Err()
		}
		f.passed++
		f.chosen = f.whole && !f.at.doc.IsZero()
		if f.at.sure && f.blind {
			return document.Doc{}, true, nil
		}
		if err := f.read(); err != nil {
			return document.Doc{}, false, err
		}
		if f.filter != nil && !f.at.sure {
			ok, err := f.filter.Match(f.at.doc)
			if err != nil {
				return document.Doc{}, false, corruptAt(f.key(), err)
			}
			if !ok {
				continue
			}
		}
		return f.at.doc, true, nil
	}
}

// reads reports whether the document of t has to be read.
func (f *fetched) reads(t *target) bool { return t.doc.IsZero() && !(t.sure && f.blind) }

// read reads the document, unless an entry held it.
func (f *fetched) read() (err error) {
	if !f.at.doc.IsZero() {
		return nil
	}
	f.exec.docs++
	if f.at.doc, err = f.exec.snap.GetPeeked(f.at.key, f.at.peeked, f.ahead.checked); err != nil {
		return err
	}
	if f.at.doc.IsZero() {
		return fmt.Errorf("an index has an entry for the document under key %x, which does not exist: %w", f.at.key, fault.ErrCorrupt)
	}
	return nil
}

// pass moves over up to n items without reading their documents, and returns over
// how many, when items are known to match.
func (f *fetched) pass(ctx context.Context, n int) (int, error) {
	if f.filter != nil || f.wide != nil || f.ahead.taken > 0 {
		return 0, nil
	}
	passed, err := skip(ctx, f.items, n)
	f.ahead.taken += passed
	if errors.Is(err, errMany) {
		f.items.close()
		f.exec.switched = true
		f.wide = f.scan()
		return 0, nil
	}
	return passed, err
}

// projected implements [projector].
func (f *fetched) projected() bool { return f.chosen && f.wide == nil }

// distance returns that of the document last returned, which a search for the nearest
// has measured.
func (f *fetched) distance() float64 { return f.at.metres }

func (f *fetched) keep() (document.Doc, error) {
	if f.wide != nil {
		return f.wide.keep()
	}
	return f.at.doc, nil
}

func (f *fetched) key() []byte {
	if f.wide != nil {
		return f.wide.key()
	}
	return f.at.key
}

func (f *fetched) close() {
	f.items.close()
	if f.wide != nil {
		f.wide.close()
	}
}

// stretches is the source of the documents in several stretches of the collection,
// one after the other. A stretch that is a single document is read at once.
type stretches struct {
	exec    *exec
	ranges  []storage.Range
	single  []bool
	reverse bool
	filter  *query.Filter
	scan    *scan
	doc     document.Doc
	name    []byte // the key of doc
}

func (s *stretches) next(ctx context.Context) (document.Doc, bool, error) {
	for {
		if s.scan != nil {
			doc, ok, err := s.scan.next(ctx)
			if err != nil || ok {
				return doc, ok, err
			}
			s.scan.close()
			s.scan = nil
		}
		if len(s.ranges) == 0 {
			return document.Doc{}, false, nil
		}
		r, single := s.take()
		if !single {
			s.scan = &scan{exec: s.exec, cursor: s.exec.snap.ScanRange(r, s.reverse), filter: s.filter}
			continue
		}
		if err := ctx.Err(); err != nil {
			return document.Doc{}, false, err
		}
		if ok, err := s.read(r.Lo); ok || err != nil {
			return s.doc, ok, err
		}
	}
}

func (s *stretches) take() (storage.Range, bool) {
	at := 0
	if s.reverse {
		at = len(s.ranges) - 1
	}
	r, single := s.ranges[at], s.single[at]
	if s.reverse {
		s.ranges, s.single = s.ranges[:at], s.single[:at]
	} else {
		s.ranges, s.single = s.ranges[1:], s.single[1:]
	}
	return r, single
}

// read reads one document and reports whether it is there and matches.
func (s *stretches) read(key []byte) (bool, error) {
	var err error
	s.name = key
	s.exec.keys++
	if s.doc, err = s.exec.snap.GetKey(key); err != nil || s.doc.IsZero() {
		return false, err
	}
	s.exec.docs++
	if s.filter == nil {
		return true, nil
	}
	ok, err := s.filter.Match(s.doc)
	return ok, corruptAt(key, err)
}

func (s *stretches) keep() (document.Doc, error) {
	if s.scan != nil {
		return s.scan.keep()
	}
	return s.doc, nil
}

func (s *stretches) key() []byte {
	if s.scan != nil {
		return s.scan.key()
	}
	return s.name
}

func (s *stretches) close() {
	if s.scan != nil {
		s.scan.close()
	}
}

// scan walks a stretch of a collection.
type scan struct {
	exec   *exec
	cursor *txn.Cursor
	filter *query.Filter
	passed int
	pause  int // stop behind so many documents; 0 means never
	paused bool
}

func (s *scan) next(ctx context.Context) (document.Doc, bool, error) {
	for {
		if s.paused = s.pause > 0 && s.passed >= s.pause; s.paused {
			return document.Doc{}, false, nil
		}
		if !s.cursor.Next() {
			return document.Doc{}, false, s.cursor.Err()
		}
		if s.passed%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return document.Doc{}, false, err
			}
		}
		s.passed++
		s.exec.docs++
		if s.filter == nil {
			return s.cursor.Doc(), true, nil
		}
		ok, err := s.filter.Match(s.cursor.Doc())
		if err != nil {
			return document.Doc{}, false, corruptAt(s.cursor.Key(), err)
		}
		if ok {
			return s.cursor.Doc(), true, nil
		}
	}
}

// pass implements [passer]: the documents are not looked at, when all match.
func (s *scan) pass(ctx context.Context, n int) (passed int, err error) {
	if s.filter != nil {
		return 0, nil
	}
	for more := 1; passed < n && more > 0; passed += more {
		if err := ctx.Err(); err != nil {
			return passed, err
		}
		more = s.cursor.Skip(n - passed)
		s.exec.docs += int64(more)
	}
	return passed, s.cursor.Err()
}

func (s *scan) keep() (document.Doc, error) { return s.cursor.Own() }
func (s *scan) key() []byte                 { return s.cursor.Key() }
func (s *scan) close()                      { s.cursor.Close() }
