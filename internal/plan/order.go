package plan

import (
	"bytes"
	"context"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/query"
)

// order returns a source that yields src in the order of r. With a limit that
// fits in memory only the documents of the window are held.
func order(src source, r *query.Request, o Options) source {
	memory := o.Memory
	if memory <= 0 {
		memory = defaultMemory
	}
	s := &sorted{src: src, by: r.Sort, memory: memory}
	if window := r.Skip + r.Limit; r.Limit > 0 && window > 0 && window <= maxTop {
		s.top = window
	}
	return s
}

// maxTop is the largest window kept in a heap. A larger one is sorted whole.
const maxTop = 10_000

// A record is a document on its way through a sort: the bytes that sort as the
// document does, then the document.
type record struct {
	key []byte // encoded sort values, then the document's own key: no two are equal
	doc document.Doc
}

func (r record) size() int64 { return int64(len(r.key) + len(r.doc.Raw()) + 64) }

func compareRecords(a, b record) int { return bytes.Compare(a.key, b.key) }

// sorted is the source that sorts another one.
type sorted struct {
	src    source
	by     *query.Sort
	memory int64
	top    int // the number of first documents wanted; 0 means all

	filled  bool
	records []record // in memory, in order once filled
	bytes   int64
	runs    []*run // on disk, each in order
	merge   *merge
	at      int
	current record
}

func (s *sorted) next(ctx context.Context) (document.Doc, bool, error) {
	if !s.filled {
		s.filled = true
		if err := s.fill(ctx); err != nil {
			return document.Doc{}, false, err
		}
	}
	if s.merge != nil {
		r, ok, err := s.merge.next(ctx)
		s.current = r
		return r.doc, ok, err
	}
	if s.at == len(s.records) {
		return document.Doc{}, false, nil
	}
	s.current = s.records[s.at]
	s.records[s.at] = record{} // the document is the reader's now
	s.at++
	return s.current.doc, true, nil
}

func (s *sorted) keep() (document.Doc, error) { return s.current.doc, nil }
func (s *sorted) key() []byte                 { return nil }

func (s *sorted) close() {
	s.src.close()
	for _, r := range s.runs {
		r.close()
	}
	s.records, s.runs, s.merge = nil, nil, nil
}

// fill reads the whole source into order.
func (s *sorted) fill(ctx context.Context) error {
	var scratch []byte
	for {
		doc, ok, err := s.src.next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		scratch = s.appendKey(scratch[:0], doc)
		if s.top > 0 {
			err = s.pushTop(scratch)
		} else {
			err = s.push(ctx, scratch)
		}
		if err != nil {
			return err
		}
	}
	s.src.close()
	slices.SortFunc(s.records, compareRecords)
	return s.startMerge()
}

// appendKey appends bytes that sort as doc does: its sort values, then its key.
func (s *sorted) appendKey(dst []byte, doc document.Doc) []byte {
	for i, f := range s.by.Fields {
		if v := s.by.Key(doc, i); v.Exists() {
			dst = keys.Append(dst, v, f.Desc)
		} else {
			dst = keys.AppendEmpty(dst, f.Desc)
		}
	}
	return append(dst, s.src.key()...)
}

// take makes a record of the source's current document.
func (s *sorted) take(key []byte) (record, error) {
	doc, err := s.src.keep()
	return record{key: bytes.Clone(key), doc: doc}, err
}

// push adds the source's current document, and writes what is held to disk when
// it has grown over the limit.
func (s *sorted) push(ctx context.Context, key []byte) error {
	r, err := s.take(key)
	if err != nil {
		return err
	}
	s.records = append(s.records, r)
	s.bytes += r.size()
	if s.bytes <= s.memory {
		return nil
	}
	return s.spill(ctx)
}

// pushTop adds the source's current document if it is among the first ones so
// far. The records form a heap with the last of them on top.
func (s *sorted) pushTop(key []byte) error {
	if len(s.records) == s.top {
		if bytes.Compare(key, s.records[0].key) >= 0 {
			return nil
		}
		r, err := s.take(key)
		if err != nil {
			return err
		}
		s.records[0] = r
		s.sink()
		return nil
	}
	r, err := s.take(key)
	if err != nil {
		return err
	}
	s.records = append(s.records, r)
	s.rise()
	return nil
}

// rise restores the heap after a record was added at its end.
func (s *sorted) rise() {
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
func (s *sorted) sink() {
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
