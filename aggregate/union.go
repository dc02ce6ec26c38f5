package aggregate

import (
	"context"

	"github.com/virgadb/virga/document"
)

// A unionWith adds the documents of another collection behind those that come.
type unionWith struct {
	from    string
	program *Program
}

func buildUnionWith(c *compiler, v any) ([]step, error) {
	v = plain(v)
	if text, ok := textOf(v); ok {
		v = document.D{{"coll", text}}
	}
	given, ok, err := pick(v, "coll", "pipeline?")
	if err != nil {
		return nil, err
	}
	s := &unionWith{}
	if s.from, err = stringAt("coll", given[0]); err != nil {
		return nil, err
	}
	var list []any
	if ok[1] {
		if list, ok[1] = stagesOf(given[1]); !ok[1] {
			return nil, invalidAt("pipeline", "needs a pipeline")
		}
	}
	if s.program, err = c.within("$unionWith", nil).program(list); err != nil {
		return nil, err
	}
	c.join(s.program, false)
	return []step{s}, nil
}

func (s *unionWith) text() string { return "union with " + s.from }

func (s *unionWith) open(r *run, in source) (source, error) {
	return &uniting{unionWith: s, run: r, in: in}, nil
}

type uniting struct {
	*unionWith
	run    *run
	in     source
	second bool
	closed bool
}

func (s *uniting) next(ctx context.Context) (document.Doc, bool, error) {
	for {
		doc, ok, err := s.in.next(ctx)
		if err != nil || ok || s.second || s.closed {
			return doc, ok, err
		}
		s.in.close()
		s.second = true
		if s.in, err = s.program.open(ctx, s.run.within(s.run.vars), s.from, nil); err != nil {
			s.in = &listed{}
			return document.Doc{}, false, err
		}
	}
}

func (s *uniting) close() {
	s.closed = true
	s.in.close()
}
