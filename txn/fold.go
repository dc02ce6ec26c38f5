package txn

import (
	"slices"

	"github.com/virgadb/virga/internal/storage"
)

// fold brings catalog and counts up to date with a group of commits and adds the
// records that make them last.
func fold(g *storage.Group) error {
	f := folding{group: g, state: *g.Meta.(*state)}
	f.deltas, f.colls = f.someDeltas[:0], f.someColls[:0]
	for _, r := range g.Requests {
		s, ok := r.Tag.(*step)
		if !ok {
			continue
		}
		f.define(s)
		if s.recorded() {
			f.state.told = g.Version
		}
		for _, w := range s.works {
			f.grow(w)
			f.count(w)
			f.sketch(w)
		}
	}
	f.finish()
	return nil
}

// published tells of a group that readers can see.
func (d *Documents) published(g *storage.Group) {
	commit := &Commit{Version: g.Version}
	for _, r := range g.Requests {
		s, ok := r.Tag.(*step)
		if !ok {
			continue
		}
		for _, w := range s.works {
			if !w.recorded() {
				continue
			}
			if commit.Changes == nil {
				commit.Changes = w.changes // the only ones, most of the time
			} else {
				commit.Changes = append(slices.Clip(commit.Changes), w.changes...)
			}
		}
		if s.dropped != nil && !s.dropped.hidden() {
			commit.Dropped = append(commit.Dropped, s.dropped)
		}
		if s.redefined != nil {
			commit.Redefined = append(commit.Redefined, s.redefined)
		}
	}
	if len(commit.Changes) > 0 {
		d.builds.note(commit.Changes)
		d.recent.note(commit)
	}
	if d.listener != nil && (len(commit.Changes) > 0 || len(commit.Dropped) > 0 || len(commit.Redefined) > 0) {
		d.listener(commit)
	}
}

// A folding is a state on its way from one version to the next.
type folding struct {
	group  *storage.Group
	state  state
	deltas []delta
	colls  []*Collection // whose numbers change

	someDeltas [8]delta // room for the usual group
	someColls  [2]*Collection
}

// define applies what s changes in the catalog.
func (f *folding) define(s *step) {
	if s.catalog != nil {
		var records []storage.Write
		f.state.catalog, records = s.catalog(f.state.catalog, f.group.Version)
		f.group.Extra = append(f.group.Extra, records...)
	}
}

// grow gives the indexes the traits that the documents of w have shown.
func (f *folding) grow(w *work) {
	if len(w.traits) == 0 {
		return
	}
	now := f.state.catalog.byName[w.coll.Name]
	grown := now
	for _, x := range now.indexes {
		if t := x.Traits().Union(w.traits[x.ID()]); t != x.Traits() {
			grown = grown.withIndex(definedIndex{x.WithTraits(t), x.ready, x.sketch, x.outdated}, f.group.Version)
		}
	}
	if grown != now {
		f.state.catalog = f.state.catalog.with(grown)
		f.group.Extra = append(f.group.Extra, grown.record())
	}
}

// count adds up how the numbers of documents and entries change.
func (f *folding) count(w *work) {
	if !slices.ContainsFunc(f.colls, func(c *Collection) bool { return c.ID == w.coll.ID }) {
		f.colls = append(f.colls, w.coll)
	}
	docs := w.miscount
	for _, c := range w.changes {
		docs += c.Op.delta()
	}
	f.add(w.coll.ID, docs)
	for i, g := range w.indexes {
		f.add(w.coll.indexes[i].ID(), g.entries)
	}
}

// add takes a delta into those of the group.
func (f *folding) add(id uint32, n int64) {
	if n == 0 {
		return
	}
	for i := range f.deltas {
		if f.deltas[i].id == id {
			f.deltas[i].n += n
			return
		}
	}
	f.deltas = append(f.deltas, delta{id, n})
}

// sketch counts different values in the indexes.
func (f *folding) sketch(w *work) {
	for i, g := range w.indexes {
		x := w.coll.indexes[i]
		if x.sketch.add(g.hashes); x.sketch.unsaved >= saveAfter {
			f.group.Extra = append(f.group.Extra, x.sketch.save(x.ID()))
		}
	}
}

// finish writes the numbers of the collections in which they have changed.
func (f *folding) finish() {
	before := f.state.counts
	f.state.counts = before.with(f.deltas)
	for _, coll := range f.colls {
		if f.state.counts.differ(before, coll) {
			f.group.Extra = append(f.group.Extra, f.state.counts.record(coll))
		}
	}
	next := f.state
	f.group.Meta = &next
}
