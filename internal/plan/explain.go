package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// Explain plans r as op would run it, runs the reading part of it, and tells. A nil
// coll holds no documents.
func Explain(ctx context.Context, snap txn.Snapshot, coll *txn.Collection, r *query.Request, op string, o Options) (query.Explain, error) {
	e := query.Explain{Operation: op}
	if coll == nil {
		e.Plan = query.Stage{Name: "EOF", Text: "nothing"}
		return e, nil
	}
	e.Collection = coll.Name
	purpose := toFind
	if op == "count" {
		purpose = toCount
		r = &query.Request{Filter: r.Filter, Hint: r.Hint}
	}
	began := o.Clock.Now()
	p := newPlanner(snap, coll, r, purpose, o)
	a, others, err := p.explained()
	if err != nil {
		return e, err
	}
	slices.SortFunc(others, compareCosts)
	e.Plan = p.stages(a, op)
	for _, other := range others {
		e.Rejected = append(e.Rejected, p.stages(other, op))
	}
	x := newExec(p)
	if e.Returned, err = x.exhaust(ctx, a); err != nil {
		return e, err
	}
	e.KeysExamined, e.DocsExamined, e.Seeks, e.Switched = x.keys, x.docs, x.seeks, x.switched
	e.Time = o.Clock.Now().Sub(began)
	e.Advice = p.advice(a, e)
	return e, nil
}

// explained returns the access that a run would use, and the others.
func (p *planner) explained() (*access, []*access, error) {
	if a := p.pinned(); a != nil {
		return a, nil, nil
	}
	if len(p.conjuncts) == 0 && p.purpose == toCount {
		return p.scanAccess(), nil, nil
	}
	return p.choose()
}

// exhaust runs a plan to its end and returns how many documents it found.
func (x *exec) exhaust(ctx context.Context, a *access) (int64, error) {
	p := x.planner
	if p.purpose == toCount {
		if len(p.conjuncts) == 0 {
			return x.snap.Count(x.coll), nil
		}
		return x.count(ctx, a, 0)
	}
	c := newCursor(p.r, x.source(a))
	defer c.Close()
	var n int64
	for c.Next(ctx) {
		n++
	}
	return n, c.Err()
}

// stages returns the plan with a as its access.
func (p *planner) stages(a *access, op string) query.Stage {
	s := p.accessStage(a)
	then := func(name, text string, fields ...document.E) {
		s = query.Stage{Name: name, Text: text, Fields: fields, Inputs: []query.Stage{s}, Cost: a.cost}
	}
	if p.purpose == toCount {
		name := "COUNT"
		if a.kind == byIndex && a.exact {
			name = "COUNT_SCAN"
		}
		then(name, "count")
		return s
	}
	if !a.served {
		text := "sort " + sortText(p.r.Sort)
		if p.window > 0 && p.window <= maxTop {
			text = fmt.Sprintf("top %d by %s", p.window, sortText(p.r.Sort))
		}
		then("SORT", text, document.E{Key: "sortPattern", Value: sortPattern(p.r.Sort)})
	}
	if !p.r.After.IsZero() {
		then("SKIP", "after "+p.r.After.ID().String())
	}
	if p.r.Skip > 0 {
		then("SKIP", fmt.Sprintf("skip %d", p.r.Skip), document.E{Key: "skipAmount", Value: p.r.Skip})
	}
	if p.r.Limit > 0 {
		then("LIMIT", fmt.Sprintf("limit %d", p.r.Limit), document.E{Key: "limitAmount", Value: p.r.Limit})
	}
	if p.r.Projection != nil {
		name := "PROJECTION"
		if a.cover != nil && !a.judges() {
			name = "PROJECTION_COVERED"
		}
		then(name, "project")
	}
	switch op {
	case "update":
		then("UPDATE", "update")
	case "remove":
		then("DELETE", "remove")
	}
	s.Cost = a.cost
	return s
}

// accessStage returns the steps that a takes.
func (p *planner) accessStage(a *access) query.Stage {
	filtered := ""
	if !a.exact && len(p.conjuncts) > 0 {
		filtered = " | filter"
	}
	switch a.kind {
	case byScan:
		return query.Stage{Name: "COLLSCAN", Text: "scan" + filtered, Fields: document.D{{"direction", direction(p.desc)}}, Mirrored: p.documentsMirrored()}
	case byID:
		name := "CLUSTERED_IXSCAN"
		if len(a.ids) == 1 && a.ids[0].point {
			name = "IDHACK"
		}
		return query.Stage{Name: name, Text: "_id [" + setText(a.ids, false) + "]" + filtered, Mirrored: p.documentsMirrored(), Fields: document.D{
			{"indexName", query.IDIndex}, {"direction", direction(p.desc)}, {"indexBounds", document.D{{"_id", []string{setText(a.ids, false)}}}},
		}}
	case byUnion:
		u := query.Stage{Name: "OR", Text: "by _id"}
		if a.order.mode != unordered {
			u.Name, u.Text = "SORT_MERGE", "merge"
		}
		for _, k := range a.kids {
			kid := *p
			kid.conjuncts = nil
			if k.kind == byID {
				u.Inputs = append(u.Inputs, kid.accessStage(k))
			} else {
				u.Inputs = append(u.Inputs, p.orderedStage(k))
			}
		}
		return p.fetchStage(u, filtered)
	}
	s := p.orderedStage(a)
	if a.order.mode == unordered && p.purpose == toFind && !p.anyOrder(a) {
		s.Text += " | by _id"
	}
	switch {
	case p.purpose == toCount && a.exact:
		return s
	case a.judges() && (a.cover != nil || p.purpose == toCount):
		return p.fetchStage(s, " what is undecided"+filtered)
	case a.cover != nil:
		s.Text += " | covered" + filtered
		return s
	}
	return p.fetchStage(s, filtered)
}

// fetchStage returns the step that gets the documents which in has found.
func (p *planner) fetchStage(in query.Stage, filtered string) query.Stage {
	return query.Stage{Name: "FETCH", Text: "fetch" + filtered, Inputs: []query.Stage{in}, Mirrored: p.documentsMirrored()}
}

// documentsMirrored names the documents when the snapshot reads them from memory.
func (p *planner) documentsMirrored() string {
	if !p.snap.DocumentsMirrored(p.coll) {
		return ""
	}
	return "documents"
}

// orderedStage is [indexStage] with how ties come, and whether the entries are read
// from memory.
func (p *planner) orderedStage(a *access) query.Stage {
	s := indexStage(a)
	if a.order.mode == grouped {
		s.Text += " | ties by _id"
	}
	if p.snap.EntriesMirrored(a.index) {
		s.Mirrored = a.index.Name()
	}
	return s
}

// indexStage returns the walk over the entries of an index.
func indexStage(a *access) query.Stage {
	spec := a.index.Spec()
	known := 0
	bounds := document.D{}
	var pattern document.D
	for i, f := range spec.Fields {
		dir := 1
		if f.Desc {
			dir = -1
		}
		var kind any = dir
		if i == a.index.GeoField() {
			kind = "2dsphere"
		}
		pattern = append(pattern, document.E{Key: f.Path, Value: kind})
		text := "any"
		if a.search != nil && i == a.index.GeoField() {
			text = a.search.String()
		} else if a.bounds[i].known {
			known = i + 1
			text = setText(a.bounds[i].set, f.Desc)
		}
		bounds = append(bounds, document.E{Key: f.Path, Value: []string{text}})
	}
	text := "index " + spec.Name
	if a.order.reverse {
		text += " reversed"
	}
	if known > 0 {
		text += " [" + boundsText(a.bounds[:known], spec.Fields) + "]"
	}
	if a.order.streams > 1 {
		text += fmt.Sprintf(" | merge %d", a.order.streams)
	}
	name := "IXSCAN"
	if a.search != nil {
		text += " geo " + a.search.String()
		if a.search.near != nil {
			name = "GEO_NEAR_2DSPHERE"
		}
	}
	fields := document.D{
		{"indexName", spec.Name}, {"keyPattern", pattern}, {"isMultiKey", a.index.Traits().Multikey != 0},
		{"isUnique", spec.Unique}, {"isSparse", spec.Sparse}, {"direction", direction(a.order.reverse)}, {"indexBounds", bounds},
	}
	if a.search != nil {
		if cells := a.search.covering(); len(cells) > 0 {
			fields = append(fields, document.E{Key: "cells", Value: cells})
		}
	}
	return query.Stage{Name: name, Text: text, Fields: fields}
}

func direction(reverse bool) string {
	if reverse {
		return "backward"
	}
	return "forward"
}

func boundsText(bounds []bound, fields []index.Field) string {
	texts := make([]string, len(bounds))
	for i, b := range bounds {
		texts[i] = "any"
		if b.known {
			texts[i] = setText(b.set, fields[i].Desc)
		}
	}
	return strings.Join(texts, ", ")
}

// maxShown is the most intervals of one field that are spelt out.
const maxShown = 8

// setText prints intervals, from the lowest values to the highest.
func setText(set []interval, desc bool) string {
	if len(set) == 0 {
		return "none"
	}
	var texts []string
	for i := range set {
		v := set[i]
		if desc {
			v = set[len(set)-1-i]
			v.first, v.last = v.last, v.first
		}
		if i == maxShown {
			texts = append(texts, fmt.Sprintf("%d more", len(set)-i))
			break
		}
		texts = append(texts, v.text())
	}
	return strings.Join(texts, " or ")
}

// text prints an interval, whose first end is the lower one.
func (v *interval) text() string {
	switch {
	case v.lo == nil && v.hi == nil:
		return "any"
	case v.point:
		return short(v.first.value)
	case v.first.begin && v.last.begin && document.Equal(v.first.value, v.last.value):
		if text, _ := v.first.value.Text(); text != "" {
			return "begins " + short(v.first.value)
		}
		return "any string"
	}
	low, high := "(-inf", "+inf)"
	if v.first.value.Exists() {
		low = "[" + short(v.first.value)
		if v.first.open {
			low = "(" + low[1:]
		}
	}
	if v.last.value.Exists() {
		high = short(v.last.value) + "]"
		if v.last.open {
			high = high[:len(high)-1] + ")"
		}
	}
	return low + ", " + high
}

// short prints a value in a few dozen characters.
func short(v document.Value) string {
	const most = 60
	text := []rune(v.String())
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

func sortText(s *query.Sort) string {
	fields := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		fields[i] = fieldText(f)
	}
	return strings.Join(fields, ", ")
}

func fieldText(f query.SortField) string {
	if f.Near != nil {
		return f.Near.String()
	}
	return index.Field{Path: f.Path.String(), Desc: f.Desc}.String()
}

func sortPattern(s *query.Sort) document.D {
	var d document.D
	for _, f := range s.Fields {
		dir := 1
		if f.Desc {
			dir = -1
		}
		key := f.Path.String()
		if f.Near != nil {
			key = "$distance"
		}
		d = append(d, document.E{Key: key, Value: dir})
	}
	return d
}
