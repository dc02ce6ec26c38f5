package aggregate

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/internal/sorter"
	"github.com/virgadb/virga/query"
)

// A limit lets the first n documents through.
type limit struct{ n int }

func buildLimit(_ *compiler, v any) ([]step, error) {
	n, ok := wholeOf(v)
	if !ok || n <= 0 {
		return nil, invalid("needs a positive whole number")
	}
	return []step{&limit{n}}, nil
}

func (s *limit) text() string { return fmt.Sprintf("limit %d", s.n) }

func (s *limit) open(_ *run, in source) (source, error) { return &limiting{s.n, in}, nil }

type limiting struct {
	left int
	in   source
}

func (s *limiting) next(ctx context.Context) (document.Doc, bool, error) {
	if s.left == 0 {
		return document.Doc{}, false, nil
	}
	doc, ok, err := s.in.next(ctx)
	if s.left--; s.left == 0 {
		s.in.close() // what it holds is needed no longer
	}
	return doc, ok, err
}

func (s *limiting) close() { s.in.close() }

// A skip passes over the first n documents.
type skip struct{ n int }

func buildSkip(_ *compiler, v any) ([]step, error) {
	n, ok := wholeOf(v)
	if !ok || n < 0 {
		return nil, invalid("needs a whole number that is not negative")
	}
	return []step{&skip{n}}, nil
}

func (s *skip) text() string { return fmt.Sprintf("skip %d", s.n) }

func (s *skip) open(_ *run, in source) (source, error) { return &skipping{s.n, in}, nil }

type skipping struct {
	left int
	in   source
}

func (s *skipping) next(ctx context.Context) (document.Doc, bool, error) {
	for ; s.left > 0; s.left-- {
		if doc, ok, err := s.in.next(ctx); err != nil || !ok {
			return doc, false, err
		}
	}
	return s.in.next(ctx)
}

func (s *skipping) close() { s.in.close() }

// A sorting is a $sort, or, with top, only its first documents.
type sorting struct {
	by  *query.Sort
	top int // 0 means all
}

func buildSort(_ *compiler, v any) ([]step, error) {
	by, err := query.CompileSort(plain(v))
	if err != nil {
		return nil, err
	}
	if len(by.Fields) == 0 {
		return nil, invalid("needs at least one path")
	}
	return []step{&sorting{by: by}}, nil
}

func (s *sorting) text() string {
	var list []string
	for _, f := range s.by.Fields {
		sign := ""
		if f.Desc {
			sign = "-"
		}
		list = append(list, sign+f.Path.String())
	}
	if s.top > 0 {
		return fmt.Sprintf("top %d by %s", s.top, strings.Join(list, ", "))
	}
	return "sort " + strings.Join(list, ", ")
}

// maxTop is the most documents that are kept in memory because only the first of
// an order are wanted. More are sorted whole.
const maxTop = 10_000

func (s *sorting) open(r *run, in source) (source, error) {
	o := &ordered{in: in, sorter: sorter.Sorter{Memory: r.memory, Dir: r.temp}}
	if s.top <= maxTop {
		o.sorter.Top = s.top
	}
	o.key = func(dst []byte, doc document.Doc) ([]byte, error) {
		for i, f := range s.by.Fields {
			if v := s.by.Key(doc, i); v.Exists() {
				dst = keys.Append(dst, v, f.Desc)
			} else {
				dst = keys.AppendEmpty(dst, f.Desc)
			}
		}
		return dst, nil
	}
	return o, nil
}

// ordered is a source that sorts another one. Documents of equal keys stay in the
// order in which they came.
type ordered struct {
	in      source
	key     func(dst []byte, doc document.Doc) ([]byte, error)
	sorter  sorter.Sorter
	filled  bool
	came    uint64
	scratch []byte
}

func (o *ordered) next(ctx context.Context) (document.Doc, bool, error) {
	if !o.filled {
		o.filled = true
		if err := o.fill(ctx); err != nil {
			return document.Doc{}, false, err
		}
	}
	r, ok, err := o.sorter.Next(ctx)
	return r.Doc, ok, err
}

func (o *ordered) fill(ctx context.Context) error {
	for {
		doc, ok, err := o.in.next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			o.in.close()
			return o.sorter.Finish(ctx)
		}
		if o.scratch, err = o.key(o.scratch[:0], doc); err != nil {
			return err
		}
		o.came++
		o.scratch = binary.BigEndian.AppendUint64(o.scratch, o.came)
		if !o.sorter.Wants(o.scratch) {
			continue
		}
		if err := o.sorter.Push(ctx, sorter.Record{Key: append([]byte(nil), o.scratch...), Doc: doc}); err != nil {
			return err
		}
	}
}

func (o *ordered) close() {
	o.in.close()
	o.sorter.Close()
}

// A sample lets n documents through, chosen at random, in no order.
type sample struct{ n int }

func buildSample(c *compiler, v any) ([]step, error) {
	given, _, err := pick(v, "size")
	if err != nil {
		return nil, err
	}
	n, ok := wholeOf(given[0])
	if !ok || n <= 0 {
		return nil, invalidAt("size", "needs a positive whole number")
	}
	c.used.random = true
	return []step{&sample{n}}, nil
}

func (s *sample) text() string { return fmt.Sprintf("sample %d", s.n) }

func (s *sample) open(r *run, in source) (source, error) {
	o := &ordered{in: in, sorter: sorter.Sorter{Memory: r.memory, Dir: r.temp}}
	if s.n <= maxTop {
		o.sorter.Top = s.n
	}
	random := expr.NewEnv(r.env0).Uint64
	o.key = func(dst []byte, _ document.Doc) ([]byte, error) {
		return binary.BigEndian.AppendUint64(dst, random()), nil
	}
	return &limiting{s.n, o}, nil
}
