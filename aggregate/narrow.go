package aggregate

import (
	"context"
	"slices"
	"strings"

	"github.com/virgadb/virga/document"
)

// A narrow leaves only the fields that are needed later on, in front of a step that
// holds or copies documents. No stage of the language is one.
type narrow struct{ fields []string }

// narrowSteps puts narrows in front of the steps that hold or copy documents, where
// these have more than is needed.
func (p *Program) narrowSteps() {
	var list []step // from the last to the first
	n := everything
	for i, s := range slices.Backward(p.steps) {
		list = append(list, s)
		n = before(s, n)
		if holds(s) && !n.whole && (i == 0 || !narrows(p.steps[i-1])) {
			list = append(list, &narrow{n.fields()})
		}
	}
	slices.Reverse(list)
	p.steps = list
}

// holds reports whether a step holds many documents at once, or makes several of one.
func holds(s step) bool {
	switch s := s.(type) {
	case *sorting:
		return s.top == 0 || s.top > maxTop
	case *unwind, *lookup, *graphLookup, *facet, *bucketAuto:
		return true
	}
	return false
}

// narrows reports whether what a step yields has few fields besides those needed.
func narrows(s step) bool {
	switch s := s.(type) {
	case *reshape:
		return !s.keep
	case *group, *count, *bucket, *bucketAuto, *facet, *replaceRoot, *narrow:
		return true
	}
	return false
}

func (s *narrow) text() string { return "keep " + strings.Join(s.fields, ", ") }

func (s *narrow) open(_ *run, in source) (source, error) { return &narrowing{s, in}, nil }

type narrowing struct {
	*narrow
	in source
}

func (s *narrowing) next(ctx context.Context) (document.Doc, bool, error) {
	doc, ok, err := s.in.next(ctx)
	if err != nil || !ok {
		return doc, false, err
	}
	return doc.Narrow(s.fields), true, nil
}

func (s *narrowing) close() { s.in.close() }

// asked are what the first steps look at of the documents of the collection.
func (a *access) asked(steps []step) {
	n := needOf(steps)
	if n.whole {
		return
	}
	if _, ok := steps[0].(*group); !ok {
		n = n.withPaths("_id") // errors name the document
	}
	a.needs, a.strict = slices.Clip(append([]string{}, n.needs()...)), n.strict
}
