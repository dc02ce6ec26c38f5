package aggregate

import (
	"context"

	"github.com/virgadb/virga/document"
)

// A count makes one document of the number of all, and none of none.
type count struct{ name string }

func buildCount(_ *compiler, v any) ([]step, error) {
	name, ok := textOf(v)
	if !ok || !nameable(name) {
		return nil, invalid("needs a name for the number, of UTF-8 without a dot and not beginning with $")
	}
	return []step{&count{name}}, nil
}

func (s *count) text() string { return "count" }

func (s *count) open(_ *run, in source) (source, error) { return &counting{s, in, false}, nil }

type counting struct {
	*count
	in   source
	done bool
}

func (s *counting) next(ctx context.Context) (document.Doc, bool, error) {
	if s.done {
		return document.Doc{}, false, nil
	}
	s.done = true
	var n int64
	for {
		_, ok, err := s.in.next(ctx)
		if err != nil {
			return document.Doc{}, false, err
		}
		if !ok {
			break
		}
		if n++; n%checkEvery == 0 && ctx.Err() != nil {
			return document.Doc{}, false, ctx.Err()
		}
	}
	if n == 0 {
		return document.Doc{}, false, nil
	}
	return countDoc(s.name, n), true, nil
}

func countDoc(name string, n int64) document.Doc {
	var b document.Builder
	b.BeginObject()
	b.Field(name, document.Int(n))
	b.End()
	return document.FromRaw(b.Bytes())
}

func (s *counting) close() { s.in.close() }
