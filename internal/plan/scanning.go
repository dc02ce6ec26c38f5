package plan

import (
	"bytes"
	"context"

	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// A scanning is a stint over documents.
type scanning struct {
	stint
	cursor *txn.Cursor
	filter *query.Filter
	visit  visitor // nil: documents are handed out in order
	whole  bool    // they are validated before they are visited
}

// A visitor takes the documents that match, instead of handing them out.
type visitor interface {
	// visit is called by one worker at a time for each worker number, at each document.
	visit(ctx context.Context, worker int, at *txn.Cursor) error
}

// A wholeVisitor may look at any part of a document, whose bytes are therefore
// validated first.
type wholeVisitor interface {
	visitor
	whole()
}

// walk walks to the end of the piece, and reports false when the scan is over
// before that.
func (s *scanning) walk(ctx context.Context) (end bool, err error) {
	for s.cursor.Next() {
		if s.end != nil && bytes.Compare(s.cursor.Key(), s.end) >= 0 {
			break
		}
		if !s.pass(1, s.cursor.Key()) {
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
	if err := s.cursor.Err(); err != nil {
		return false, err
	}
	s.finish()
	return true, nil
}

// matches asks the filter for the current document.
func (s *scanning) matches() (bool, error) {
	if s.filter == nil {
		return true, nil
	}
	ok, err := s.filter.Match(s.cursor.Doc())
	if err != nil {
		err = corruptAt(s.cursor.Key(), err)
	}
	return ok, err
}

// take has the current document visited, or keeps it for the next delivery.
func (s *scanning) take(ctx context.Context) error {
	if s.visit != nil {
		if s.whole {
			if err := s.cursor.Valid(); err != nil {
				return err
			}
		}
		return s.visit.visit(ctx, s.worker, s.cursor)
	}
	doc, err := s.cursor.Own()
	if err != nil {
		return err
	}
	s.batch = append(s.batch, doc)
	s.size += len(doc.Raw())
	return nil
}
