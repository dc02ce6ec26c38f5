package plan

import "github.com/virgadb/virga/document"

// A stint is the walk of one worker over one piece of a [wide] scan.
type stint struct {
	wide   *wide
	worker int
	piece  *piece

	end    []byte         // of the piece since it was divided; nil before
	passed int            // documents looked at since the last delivery
	batch  []document.Doc // found since then
	size   int            // bytes of them
}

// pass counts n more documents as looked at, up to the one under key. It hands over what
// has been found from time to time, and reports false when the scan is over.
func (s *stint) pass(n int, key []byte) bool {
	if s.passed += n; s.passed < checkEvery {
		return true
	}
	end, ok := s.wide.deliver(s.piece, s.batch, s.size, s.passed, key)
	s.batch, s.size, s.passed = s.batch[:0], 0, 0
	if end != nil {
		s.end = end
	}
	return ok
}

// finish counts the last documents, and hands over what has been found of them.
func (s *stint) finish() {
	s.wide.deliver(s.piece, s.batch, s.size, s.passed, nil)
}
