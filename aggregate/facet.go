package aggregate

import (
	"context"
	"fmt"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/sorter"
)

// A facet runs several pipelines over the same documents and makes one document of
// what they yield.
type facet struct {
	names    []string
	programs []*Program
}

func buildFacet(c *compiler, v any) ([]step, error) {
	fields, ok := document.Pairs(plain(v))
	if !ok || len(fields) == 0 {
		return nil, invalid("needs an object of at least one pipeline")
	}
	if c.sub == "$facet" {
		return nil, invalid("it cannot be part of a $facet")
	}
	s := &facet{}
	for _, f := range fields {
		if path, err := fieldPath(f.Key); err != nil || len(path.Segments()) != 1 {
			return nil, invalid("%q cannot name a field here", f.Key)
		}
		list, ok := stagesOf(f.Value)
		if !ok {
			return nil, invalidAt(f.Key, "needs a pipeline")
		}
		sub := c.within("$facet", nil)
		p, err := sub.program(list)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Key, err)
		}
		c.join(p, false)
		s.names, s.programs = append(s.names, f.Key), append(s.programs, p)
	}
	return []step{s}, nil
}

// stagesOf returns the stages of a pipeline.
func stagesOf(v any) ([]any, bool) {
	if p, ok := v.(Pipeline); ok {
		return p.stages, true
	}
	return document.List(v)
}

func (s *facet) text() string { return "facets " + strings.Join(s.names, ", ") }

func (s *facet) open(r *run, in source) (source, error) {
	return &faceting{facet: s, run: r, in: in}, nil
}

type faceting struct {
	*facet
	run   *run
	in    source
	spool sorter.Spool
	done  bool
}

func (s *faceting) next(ctx context.Context) (document.Doc, bool, error) {
	if s.done {
		return document.Doc{}, false, nil
	}
	s.done = true
	doc, err := s.all(ctx)
	s.spool.Close()
	return doc, err == nil, err
}

func (s *faceting) all(ctx context.Context) (document.Doc, error) {
	s.spool.Memory, s.spool.Dir = s.run.memory, s.run.temp
	if err := takeAll(ctx, s.in, s.spool.Add); err != nil {
		return document.Doc{}, err
	}
	s.in.close()
	var b document.Builder
	b.BeginObject()
	for i, p := range s.programs {
		b.Key(s.names[i])
		if err := s.one(ctx, p, &b); err != nil {
			return document.Doc{}, fmt.Errorf("%s: %w", s.names[i], err)
		}
	}
	b.End()
	return document.FromRaw(b.Bytes()), nil
}

// one writes what a pipeline yields as an array.
func (s *faceting) one(ctx context.Context, p *Program, b *document.Builder) error {
	reader, err := s.spool.Read()
	if err != nil {
		return err
	}
	src, err := through(s.run.within(s.run.vars), spooled{reader}, p.steps)
	if err != nil {
		return err
	}
	defer src.close()
	return writeAll(ctx, src, b)
}

// writeAll writes the documents of a source as an array.
func writeAll(ctx context.Context, src source, b *document.Builder) error {
	b.BeginArray()
	for {
		doc, ok, err := src.next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			b.End()
			return nil
		}
		b.Value(doc.Value())
		if len(b.Bytes()) > document.MaxSize {
			return fmt.Errorf("an array of more than %d bytes: %w", document.MaxSize, fault.ErrTooLarge)
		}
	}
}

func (s *faceting) close() {
	s.in.close()
	s.spool.Close()
}

// spooled is the source that a spool is.
type spooled struct{ *sorter.SpoolReader }

func (s spooled) next(ctx context.Context) (document.Doc, bool, error) { return s.Next(ctx) }
func (s spooled) close()                                               {}
