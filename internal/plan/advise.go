package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// advice returns the index that would help much with a plan that was run, or nil.
func (p *planner) advice(a *access, e query.Explain) *query.Advice {
	need := max(e.Returned, 1)
	if a.kind == byID || e.DocsExamined < 100 || e.DocsExamined < 4*need && a.served {
		return nil
	}
	want, why := p.wanted()
	if len(want.Fields) == 0 || p.has(want) {
		return nil
	}
	names := make([]string, len(want.Fields))
	for i, f := range want.Fields {
		names[i] = f.String()
	}
	return &query.Advice{Collection: p.coll.Name, Fields: names, Geo: want.Geo, Reason: fmt.Sprintf("%s: %d documents read for %d found", why, e.DocsExamined, e.Returned)}
}

// wanted returns the index that would serve the request best: over the fields that must
// equal one value, then the order, then those with several values or a range; or, where
// the request asks for places, the geo field behind the first of these. It says why.
func (p *planner) wanted() (want index.Spec, why string) {
	var same, several, ranges []index.Field
	for _, t := range p.conjuncts {
		f := index.Field{Path: t.Path()}
		switch kindOfTerm(t) {
		case asksOne:
			same = append(same, f)
		case asksSeveral:
			several = append(several, f)
		case asksRange:
			ranges = append(ranges, f)
		}
	}
	slices.SortFunc(same, func(a, b index.Field) int { return strings.Compare(a.Path, b.Path) })
	same = slices.Compact(same)
	var order []index.Field
	for _, f := range p.by {
		order = append(order, index.Field{Path: f.Path.String(), Desc: f.Desc})
	}
	parts := []wantedPart{{same, "equality"}, {order, "order"}, {several, "a few values"}, {ranges, "range"}}
	if place := p.place(); place != "" {
		want.Geo = place
		same = slices.DeleteFunc(same, func(f index.Field) bool { return f.Path == place })
		parts = []wantedPart{{same[:min(len(same), index.MaxFields-1)], "equality"}, {[]index.Field{{Path: place}}, "place"}}
	}
	var reasons []string
	for _, part := range parts {
		before := len(want.Fields)
		for _, f := range part.fields {
			if len(want.Fields) < index.MaxFields && f.Path != "_id" && !strings.HasPrefix(f.Path, "_id.") {
				want.Fields = appendField(want.Fields, f)
			}
		}
		if len(want.Fields) > before {
			reasons = append(reasons, part.reason)
		}
	}
	return want, strings.Join(reasons, ", then ")
}

// A wantedPart is some fields of an index, and what they are for.
type wantedPart struct {
	fields []index.Field
	reason string
}

// place returns the path of the places that the request asks for, the nearest first if
// it does, or nothing. A program without cgo has no geo indexes.
func (p *planner) place() string {
	if !geo.HasCells {
		return ""
	}
	if p.near != nil {
		return p.near.Path()
	}
	for _, t := range p.conjuncts {
		if asksWhere(t) {
			return t.Path()
		}
	}
	return ""
}

func appendField(list []index.Field, f index.Field) []index.Field {
	if f.Path == "" || slices.ContainsFunc(list, func(g index.Field) bool { return g.Path == f.Path }) {
		return list
	}
	return append(list, f)
}

// asks says how a condition narrows a field.
type asks uint8

const (
	asksNothing asks = iota
	asksOne
	asksSeveral
	asksRange
)

func kindOfTerm(t query.Term) asks {
	switch t.Kind() {
	case query.TermEq:
		return asksOne
	case query.TermIn:
		return asksSeveral
	case query.TermGt, query.TermGte, query.TermLt, query.TermLte:
		return asksRange
	case query.TermRegex:
		if t.Prefix() != "" {
			return asksRange
		}
	}
	return asksNothing
}

// has reports whether the collection has an index that serves whatever want would.
func (p *planner) has(want index.Spec) bool {
	list := p.indexes()
	if want.Geo != "" {
		list = p.geo
	}
	return slices.ContainsFunc(list, func(x *index.Index) bool { return StandsFor(x.Spec(), want) })
}

// StandsFor reports whether an index of the fields of x, its geo field among them, serves
// whatever one of those of want does. Fields before a geo field may come in any order.
func StandsFor(x, want index.Spec) bool {
	if want.Geo == "" || x.Geo != want.Geo {
		return x.Geo == want.Geo && BeginsWith(x.Fields, want.Fields)
	}
	last := len(want.Fields) - 1
	if len(x.Fields) <= last || x.Fields[last].Path != x.Geo {
		return false
	}
	for _, f := range want.Fields[:last] {
		if !slices.ContainsFunc(x.Fields[:last], func(g index.Field) bool { return g.Path == f.Path }) {
			return false
		}
	}
	return true
}

// BeginsWith reports whether an index over fields serves whatever one over prefix
// does.
func BeginsWith(fields, prefix []index.Field) bool {
	if len(prefix) > len(fields) {
		return false
	}
	turned := len(prefix) > 0 && fields[0].Desc != prefix[0].Desc
	for i, f := range prefix {
		if fields[i].Path != f.Path || fields[i].Desc != (f.Desc != turned) {
			return false
		}
	}
	return true
}

// Serves reports whether an index y makes an index x superfluous. Of two that begin
// alike in turned directions both do, so the one with the later name goes.
func Serves(y, x index.Spec) bool {
	if x.Unique || x.Sparse || y.Sparse || x.Geo != "" || y.Geo != "" || !BeginsWith(y.Fields, x.Fields) {
		return false
	}
	return len(y.Fields) > len(x.Fields) || y.Unique || y.Name < x.Name
}
