package plan

import (
	"bytes"
	"context"

	"github.com/virgadb/virga/document"
)

// A stint is the walk of one worker over one piece of a [wide] scan.
type stint struct {
	wide   *wide
	worker int
	piece  *piece
	cursor pass
	whole  bool // documents are validated before they are visited

	end    []byte         // of the piece since it was divided; nil before
	passed int            // documents looked at
	batch  []document.Doc // found since the last delivery
	size   int            // bytes of them
}

// walk walks to the end of the piece, and reports false when the scan is over
// before that.
func (s *stint) walk(ctx context.Context) (end bool, err error) {
	for s.cursor.Next() {
		if s.end != nil && bytes.Compare(s.cursor.Key(), s.end) >= 0 {
			return true, nil
		}
		if s.passed++; s.passed%checkEvery == 0 && !s.deliver() {
			return false, nil
		}
		ok, err := s.matches()
		if ok && err == nil {
			err = s.take(ctx)
		}
		if err != nil {
			return false, err
		}
	}
	return true, s.cursor.Err()
}

// deliver hands over what has been found, and reports false when the scan is over.
func (s *stint) deliver() bool {
	end, ok := s.wide.deliver(s.piece, s.batch, s.size, checkEvery, s.cursor.Key())
	s.batch, s.size = s.batch[:0], 0
	if end != nil {
		s.end = end
	}
	return ok
}

// matches asks the filter for the current document.
func (s *stint) matches() (bool, error) {
	if s.wide.filter == nil {
		return true, nil
	}
	ok, err := s.wide.filter.Match(s.cursor.Doc())
	if err != nil {
		err = corruptAt(s.cursor.Key(), err)
	}
	return ok, err
}

// take has the current document visited, or keeps it for the next delivery.
func (s *stint) take(ctx context.Context) error {
	if s.wide.visit != nil {
		if s.whole {
			if err := s.cursor.Valid(); err != nil {
				return err
			}
		}
		return s.wide.visit.visit(ctx, s.worker, s.cursor)
	}
	doc, err := s.cursor.Own()
	if err != nil {
		return err
	}
	s.batch = append(s.batch, doc)
	s.size += len(doc.Raw())
	return nil
}
