package plan

import (
	"bytes"
	"context"
	"slices"

	"github.com/virgadb/virga/document"
)

// A record is what a sorter puts in order: bytes to sort by, and a document, which
// may be the zero one.
type record struct {
	key []byte
	doc document.Doc
}

func (r record) size() int64 { return int64(len(r.key) + len(r.doc.Raw()) + 64) }

func compareRecords(a, b record) int { return bytes.Compare(a.key, b.key) }

// A sorter puts records in the order of their keys. It holds a limited number of
// bytes in memory and the rest in temporary files, or, when only the first few are
// wanted, just those. It belongs to one goroutine. Records are pushed, then
// finish is called, then next.
type sorter struct {
	memory int64 // bytes held before records go to a file
	top    int   // the number of first records wanted; 0 means all

	records []record // in memory, in order once finished
	bytes   int64
	runs    []*run // on disk, each in order
	merge   *merge
	at      int
}

// wants reports whether a record with that key would be kept.
func (s *sorter) wants(key []byte) bool {
	return s.top == 0 || len(s.records) < s.top || bytes.Compare(key, s.records[0].key) < 0
}

// push adds a record that is wanted. Its memory is the sorter's from now on.
func (s *sorter) push(ctx context.Context, r record) error {
	if s.top > 0 && len(s.records) == s.top {
		s.records[0] = r // the last of the first ones, on top of the heap
		s.sink()
		return nil
	}
	s.records = append(s.records, r)
	if s.top > 0 {
		s.rise()
		return nil
	}
	s.bytes += r.size()
	if s.bytes <= s.memory {
		return nil
	}
	return s.spill(ctx)
}

// finish ends the pushing.
func (s *sorter) finish() error {
	slices.SortFunc(s.records, compareRecords)
	return s.startMerge()
}

func (s *sorter) next(ctx context.Context) (record, bool, error) {
	if s.merge != nil {
		return s.merge.next(ctx)
	}
	if s.at == len(s.records) {
		return record{}, false, nil
	}
	r := s.records[s.at]
	s.records[s.at] = record{} // the document is the reader's now
	s.at++
	return r, true, nil
}

// reset makes the sorter empty, to be used again.
func (s *sorter) reset() {
	s.close()
	s.bytes, s.at = 0, 0
}

func (s *sorter) close() {
	for _, r := range s.runs {
		r.close()
	}
	clear(s.records)
	s.records, s.runs, s.merge = s.records[:0], nil, nil
}

// rise restores the heap after a record was added at its end.
func (s *sorter) rise() {
	for i := len(s.records) - 1; i > 0; {
		parent := (i - 1) / 2
		if compareRecords(s.records[i], s.records[parent]) <= 0 {
			return
		}
		s.records[i], s.records[parent] = s.records[parent], s.records[i]
		i = parent
	}
}

// sink restores the heap after its top was replaced.
func (s *sorter) sink() {
	for i := 0; ; {
		last := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(s.records); child++ {
			if compareRecords(s.records[child], s.records[last]) > 0 {
				last = child
			}
		}
		if last == i {
			return
		}
		s.records[i], s.records[last] = s.records[last], s.records[i]
		i = last
	}
}

// A slab cuts small pieces of memory from larger ones.
type slab struct {
	all  []byte // the piece that is being cut
	used int
}

const firstSlab, lastSlab = 512, 32 << 10

// clone returns a copy of b.
func (s *slab) clone(b []byte) []byte {
	if s.used+len(b) > len(s.all) {
		s.all = make([]byte, max(len(b), min(max(firstSlab, 2*len(s.all)), lastSlab)))
		s.used = 0
	}
	c := s.all[s.used : s.used+len(b) : s.used+len(b)]
	s.used += copy(c, b)
	return c
}

// reset lets the last piece be cut anew; copies made before must not be used.
func (s *slab) reset() { s.used = 0 }
