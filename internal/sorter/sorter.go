package sorter

import (
	"bytes"
	"context"

	"github.com/virgadb/virga/document"
)

// A Record is what a [Sorter] puts in order: bytes to sort by, and a document, which
// may be the zero one.
type Record struct {
	Key []byte
	Doc document.Doc
}

func (r Record) size() int64 { return int64(len(r.Key) + len(r.Doc.Raw()) + 64) }

func compareRecords(a, b Record) int { return bytes.Compare(a.Key, b.Key) }

// A Sorter puts records in the order of their keys. It holds a limited number of
// bytes in memory and the rest in temporary files, or, when only the first few are
// wanted, just those. It belongs to one goroutine. Records are pushed, then Finish
// is called, then Next; Close ends it, at any time.
type Sorter struct {
	Memory int64  // bytes held before records go to a file
	Dir    string // the folder of the files; empty for the system's
	Top    int    // the number of first records wanted; 0 means all

	records []Record // in memory, in order once finished
	bytes   int64
	runs    []*run // on disk, each in order
	merge   *merge
	at      int
}

// Wants reports whether a record with that key would be kept.
func (s *Sorter) Wants(key []byte) bool {
	return s.Top == 0 || len(s.records) < s.Top || bytes.Compare(key, s.records[0].Key) < 0
}

// Push adds a record that is wanted. Its memory is the sorter's from now on.
func (s *Sorter) Push(ctx context.Context, r Record) error {
	if s.Top > 0 && len(s.records) == s.Top {
		s.records[0] = r // the last of the first ones, on top of the heap
		s.sink()
		return nil
	}
	s.records = append(s.records, r)
	if s.Top > 0 {
		s.rise()
		return nil
	}
	s.bytes += r.size()
	if s.bytes <= s.Memory {
		return nil
	}
	return s.spill(ctx)
}

// Finish ends the pushing.
func (s *Sorter) Finish(ctx context.Context) error {
	if err := Sort(ctx, s.records, compareRecords); err != nil {
		return err
	}
	return s.startMerge()
}

// Next returns the next record in order, and false at the end. Its memory is the
// caller's.
func (s *Sorter) Next(ctx context.Context) (Record, bool, error) {
	if s.merge != nil {
		return s.merge.next(ctx)
	}
	if s.at == len(s.records) {
		return Record{}, false, nil
	}
	r := s.records[s.at]
	s.records[s.at] = Record{} // the document is the reader's now
	s.at++
	return r, true, nil
}

// Reset makes the sorter empty, to be used again.
func (s *Sorter) Reset() {
	s.Close()
	s.bytes, s.at = 0, 0
}

// Held returns the records in memory, in no order before Finish.
func (s *Sorter) Held() []Record { return s.records }

// Close releases everything. It may be called more than once.
func (s *Sorter) Close() {
	for _, r := range s.runs {
		r.close()
	}
	clear(s.records)
	s.records, s.runs, s.merge = s.records[:0], nil, nil
}

// rise restores the heap after a record was added at its end.
func (s *Sorter) rise() {
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
func (s *Sorter) sink() {
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
