package aggregate

import (
	"context"
	"fmt"

	"github.com/virgadb/virga/document"
)

// piping is the source of a $lookup with a pipeline.
type piping struct {
	*lookup
	run   *run
	in    source
	b     document.Builder
	known document.Value // what the pipeline yields, when that is the same for all

}

func (s *piping) next(ctx context.Context) (document.Doc, bool, error) {
	doc, ok, err := s.in.next(ctx)
	if err != nil || !ok {
		return doc, false, err
	}
	found := s.known
	if !found.Exists() {
		if found, err = s.find(ctx, doc); err != nil {
			return document.Doc{}, false, err
		}
		if s.same() {
			s.known = found
		}
	}
	return document.FromRaw(setPath(&s.b, doc.Value(), s.as.Segments(), found).Raw()), true, nil
}

// same reports whether the pipeline yields the same for all documents.
func (s *piping) same() bool {
	return len(s.local.Segments()) == 0 && !s.program.used.outer && !s.program.used.random
}

// find returns what the pipeline yields for a document.
func (s *piping) find(ctx context.Context, doc document.Doc) (document.Value, error) {
	outer := len(s.run.vars)
	vars := append(make([]document.Value, 0, outer+len(s.let)), s.run.vars...)[:outer+len(s.let)]
	if err := s.lets.Eval(s.run.env, doc.Value(), vars[outer:]); err != nil {
		return document.Value{}, err
	}
	var extra []any
	if len(s.local.Segments()) > 0 {
		values := localValues(doc.Value(), s.local.Segments(), nil)
		if len(values) == 0 {
			values = append(values, document.NullValue())
		}
		extra = append(extra, anyOf(s.foreign.String(), values))
	}
	src, err := s.program.open(ctx, s.run.within(vars), s.from, extra)
	if err != nil {
		return document.Value{}, err
	}
	defer src.close()
	s.b.Reset()
	if err := writeAll(ctx, src, &s.b); err != nil {
		return document.Value{}, fmt.Errorf("document %s: %w", doc.ID(), err)
	}
	return s.b.Built(), nil
}

func (s *piping) close() { s.in.close() }
