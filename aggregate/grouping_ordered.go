package aggregate

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// An orderedGroup is a $group whose documents come in the order of its key: it yields
// each group when the next begins, and needs memory for one.
type orderedGroup struct{ *group }

// inOrder returns how the request and the steps, the first of which is g, become when
// an index has the documents in the order of the key. It reports false when none
// has, or g does not group by paths.
func (g *group) inOrder(db Database, collection string, r query.Request, rest []step) (*query.Request, []step, bool, error) {
	paths, ok := g.key.paths()
	if !ok {
		return nil, nil, false, nil
	}
	implied, desc := g.implies(rest)
	by := new(query.Sort)
	seen := make(map[string]bool, len(paths))
	for _, path := range paths {
		p, err := document.ParsePath(path)
		if err != nil || seen[path] {
			return nil, nil, false, nil
		}
		seen[path] = true
		by.Fields = append(by.Fields, query.SortField{Path: p, Desc: desc})
	}
	if r.Sort == nil {
		r.Sort = by
	} else if !beginsWith(r.Sort, by) {
		return nil, nil, false, nil
	}
	r.Loose, r.Brief = g.loose, true
	if ok, err := db.InOrder(collection, &r); !ok || err != nil {
		return nil, nil, false, err
	}
	if spreads, err := g.spreads(db, collection, &r, rest); spreads || err != nil {
		return nil, nil, false, err
	}
	if implied {
		rest = rest[1:]
	}
	return &r, append([]step{&orderedGroup{g}}, rest...), true, nil
}

// spreads reports whether several goroutines do better than one that has the documents
// in order, and can stop when the rest wants no more groups.
func (g *group) spreads(db Database, collection string, r *query.Request, rest []step) (bool, error) {
	folder, ok := db.(Folder)
	if !ok || !g.loose || slices.ContainsFunc(rest, func(s step) bool { _, stops := s.(*limit); return stops }) {
		return false, nil
	}
	return folder.Spreads(collection, r)
}

// implies reports whether the step behind g, if any, sorts the groups as they come,
// or, desc, the other way around.
func (g *group) implies(rest []step) (ok, desc bool) {
	if len(rest) == 0 {
		return false, false
	}
	s, ok := rest[0].(*sorting)
	if !ok || len(s.by.Fields) > len(g.key.parts) {
		return false, false
	}
	desc = s.by.Fields[0].Desc
	for i, f := range s.by.Fields {
		want := "_id"
		if g.key.names != nil {
			want += "." + g.key.names[i]
		}
		if f.Path.String() != want || f.Desc != desc {
			return false, false
		}
	}
	// Of what is equal by some of the fields the rest would come turned around too.
	if desc && len(s.by.Fields) < len(g.key.parts) {
		return false, false
	}
	return true, desc
}

// beginsWith reports whether an order begins with another one.
func beginsWith(s, first *query.Sort) bool {
	return len(s.Fields) >= len(first.Fields) && slices.EqualFunc(s.Fields[:len(first.Fields)], first.Fields, func(a, b query.SortField) bool {
		return a.Path.String() == b.Path.String() && a.Desc == b.Desc
	})
}

func (g *orderedGroup) text() string { return g.group.text() + " in order" }

func (g *orderedGroup) open(r *run, in source) (source, error) {
	return &streaming{groups: newGroups(g.group, r), in: in}, nil
}

// streaming is the source of an orderedGroup. Groups whose keys differ in nothing but
// null and missing fields come at once.
type streaming struct {
	groups
	in      source
	last    []byte      // the bytes of the parts of the document before
	current *gathered   // its group
	prefix  []byte      // the order of the groups in list
	ready   []*gathered // groups that are whole, in order
	ended   bool
}

func (s *streaming) next(ctx context.Context) (document.Doc, bool, error) {
	for passed := 1; len(s.ready) == 0; passed++ {
		if s.ended {
			return document.Doc{}, false, nil
		}
		if passed%checkEvery == 0 && ctx.Err() != nil {
			return document.Doc{}, false, ctx.Err()
		}
		doc, ok, err := s.in.next(ctx)
		if err == nil && ok {
			err = s.see(doc)
		}
		if err != nil {
			return document.Doc{}, false, err
		}
		if !ok {
			s.ended = true
			s.in.close()
			s.finishRun()
		}
	}
	one := s.ready[0]
	s.ready = s.ready[1:]
	doc, err := s.finish(one)
	return doc, err == nil, err
}

// see adds a document to its group.
func (s *streaming) see(doc document.Doc) error {
	if err := s.evaluate(doc); err != nil {
		return err
	}
	if raw := s.rawKey(); s.current == nil || !bytes.Equal(raw, s.last) {
		s.last = append(s.last[:0], raw...)
		s.enter()
	}
	return s.add(s.current)
}

// enter opens the group of the document at hand.
func (s *streaming) enter() {
	n := s.makeKey()
	if !bytes.Equal(s.key[:n], s.prefix) {
		s.finishRun()
		s.prefix = append(s.prefix[:0], s.key[:n]...)
	}
	at := slices.IndexFunc(s.list, func(one *gathered) bool { return one.key == string(s.key) })
	if at < 0 {
		s.current = s.begin()
		s.list = append(s.list, s.current)
		return
	}
	s.current = s.list[at]
	s.current.represent(s.group.key.id(&s.b, s.parts()))
}

// finishRun hands the groups over, none of which goes on.
func (s *streaming) finishRun() {
	slices.SortFunc(s.list, func(a, b *gathered) int { return strings.Compare(a.key, b.key) })
	s.ready, s.list, s.current, s.bytes = s.list, nil, nil, 0
}

func (s *streaming) close() {
	s.in.close()
	s.list, s.ready, s.current, s.ended = nil, nil, nil, true
}
