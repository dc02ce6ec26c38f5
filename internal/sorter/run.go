package sorter

import (
	"bufio"
	"bytes"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/virgadb/virga/document"
)

// checkEvery is how many records a loop passes between two looks at the context.
const checkEvery = 256

// A run is a file of records in order: for each the length of its key, the
// length of its document (unsigned varints), then both.
type run struct {
	file *os.File
}

// spill writes the records held to a new run and forgets them.
func (s *Sorter) spill(ctx context.Context) error {
	if err := Sort(ctx, s.records, compareRecords); err != nil {
		return err
	}
	r, err := newRun(s.Dir)
	if err != nil {
		return err
	}
	s.runs = append(s.runs, r)
	if err := r.write(ctx, s.records); err != nil {
		return err
	}
	clear(s.records)
	s.records, s.bytes = s.records[:0], 0
	return nil
}

// newRun makes an empty run in a temporary file of a folder, by default that of the
// system for such files.
func newRun(dir string) (*run, error) {
	f, err := createFile(dir)
	if err != nil {
		return nil, fmt.Errorf("sort over its memory limit: %w", err)
	}
	return &run{file: f}, nil
}

func (r *run) close() {
	r.file.Close()
	os.Remove(r.file.Name())
}

func (r *run) write(ctx context.Context, records []Record) error {
	w := bufio.NewWriterSize(r.file, 1<<16)
	var room [2 * binary.MaxVarintLen64]byte
	for i, rec := range records {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		raw := rec.Doc.Raw()
		head := binary.AppendUvarint(room[:0], uint64(len(rec.Key)))
		head = binary.AppendUvarint(head, uint64(len(raw)))
		w.Write(head) // the writer remembers its first error for Flush
		w.Write(rec.Key)
		w.Write(raw)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("sort over its memory limit: %w", err)
	}
	return nil
}

// A merge yields the records of several runs, and of those still in memory, in
// order.
type merge struct {
	heads  heads
	passed int
}

// startMerge makes ready to merge when there are runs.
func (s *Sorter) startMerge() error {
	if len(s.runs) == 0 {
		return nil
	}
	m := &merge{}
	for _, r := range s.runs {
		if _, err := r.file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("read back a sort: %w", err)
		}
		m.heads = append(m.heads, &head{file: bufio.NewReaderSize(r.file, 1<<16)})
	}
	m.heads = append(m.heads, &head{memory: s.records})
	for i := 0; i < len(m.heads); {
		ok, err := m.heads[i].advance()
		if err != nil {
			return err
		}
		if ok {
			i++
		} else {
			m.heads = slices.Delete(m.heads, i, i+1)
		}
	}
	heap.Init(&m.heads)
	s.merge = m
	return nil
}

func (m *merge) next(ctx context.Context) (Record, bool, error) {
	if m.passed%checkEvery == 0 && ctx.Err() != nil {
		return Record{}, false, ctx.Err()
	}
	m.passed++
	if len(m.heads) == 0 {
		return Record{}, false, nil
	}
	first := m.heads[0]
	r := first.record
	ok, err := first.advance()
	switch {
	case err != nil:
		return Record{}, false, err
	case ok:
		heap.Fix(&m.heads, 0)
	default:
		heap.Pop(&m.heads)
	}
	return r, true, nil
}

// A head is the next record of one run, in a file or in memory.
type head struct {
	record Record
	file   *bufio.Reader
	memory []Record
}

// advance moves to the following record and reports whether there is one.
func (h *head) advance() (bool, error) {
	if h.file == nil {
		if len(h.memory) == 0 {
			return false, nil
		}
		h.record, h.memory = h.memory[0], h.memory[1:]
		return true, nil
	}
	keyLen, err := binary.ReadUvarint(h.file)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read back a sort: %w", err)
	}
	docLen, err := binary.ReadUvarint(h.file)
	if err != nil {
		return false, fmt.Errorf("read back a sort: %w", err)
	}
	both := make([]byte, keyLen+docLen)
	if _, err := io.ReadFull(h.file, both); err != nil {
		return false, fmt.Errorf("read back a sort: %w", err)
	}
	h.record = Record{Key: both[:keyLen:keyLen], Doc: document.FromRaw(both[keyLen:])}
	return true, nil
}

// heads is a heap of heads, the smallest record first.
type heads []*head

func (h heads) Len() int           { return len(h) }
func (h heads) Less(i, j int) bool { return bytes.Compare(h[i].record.Key, h[j].record.Key) < 0 }
func (h heads) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(x any)        { *h = append(*h, x.(*head)) }
func (h *heads) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
