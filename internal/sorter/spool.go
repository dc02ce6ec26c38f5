package sorter

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/virgadb/virga/document"
)

// A Spool keeps documents in the order in which they were added, to be read any
// number of times. It holds a limited number of bytes in memory and the rest in a
// temporary file. It belongs to one goroutine.
type Spool struct {
	Memory int64  // bytes held before documents go to a file
	Dir    string // the folder of that file; empty for the system's

	docs  []document.Doc // the first ones
	bytes int64
	file  *run // the others
	w     *bufio.Writer
	size  int64 // of the file
}

// Add adds a document. Its memory is the spool's from now on.
func (s *Spool) Add(doc document.Doc) error {
	s.bytes += int64(len(doc.Raw()) + 32)
	if s.file == nil && s.bytes <= s.Memory {
		s.docs = append(s.docs, doc)
		return nil
	}
	if s.file == nil {
		r, err := newRun(s.Dir)
		if err != nil {
			return err
		}
		s.file, s.w = r, bufio.NewWriterSize(r.file, 1<<16)
	}
	head := binary.AppendUvarint(nil, uint64(len(doc.Raw())))
	s.w.Write(head) // the writer remembers its first error
	if _, err := s.w.Write(doc.Raw()); err != nil {
		return fmt.Errorf("documents over the memory limit: %w", err)
	}
	s.size += int64(len(head) + len(doc.Raw()))
	return nil
}

// Read returns what reads all documents from the first one on. It must be called
// when all have been added.
func (s *Spool) Read() (*SpoolReader, error) {
	r := &SpoolReader{docs: s.docs}
	if s.file == nil {
		return r, nil
	}
	if err := s.w.Flush(); err != nil {
		return nil, fmt.Errorf("documents over the memory limit: %w", err)
	}
	r.file = bufio.NewReaderSize(io.NewSectionReader(s.file.file, 0, s.size), 1<<16)
	return r, nil
}

// Close releases everything. It may be called more than once.
func (s *Spool) Close() {
	if s.file != nil {
		s.file.close()
	}
	s.file, s.docs = nil, nil
}

// A SpoolReader reads a [Spool] once.
type SpoolReader struct {
	docs   []document.Doc
	file   *bufio.Reader
	passed int
}

// Next returns the next document, and false at the end.
func (r *SpoolReader) Next(ctx context.Context) (document.Doc, bool, error) {
	if r.passed++; r.passed%checkEvery == 0 && ctx.Err() != nil {
		return document.Doc{}, false, ctx.Err()
	}
	if len(r.docs) > 0 {
		doc := r.docs[0]
		r.docs = r.docs[1:]
		return doc, true, nil
	}
	if r.file == nil {
		return document.Doc{}, false, nil
	}
	n, err := binary.ReadUvarint(r.file)
	if errors.Is(err, io.EOF) {
		return document.Doc{}, false, nil
	}
	if err != nil {
		return document.Doc{}, false, fmt.Errorf("read back documents: %w", err)
	}
	raw := make([]byte, n)
	if _, err := io.ReadFull(r.file, raw); err != nil {
		return document.Doc{}, false, fmt.Errorf("read back documents: %w", err)
	}
	return document.FromRaw(raw), true, nil
}
