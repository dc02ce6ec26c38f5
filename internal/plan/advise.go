package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// advice returns the index that would help much with a plan that was run, or nil.
func (p *planner) advice(a *access, e query.Explain) *query.Advice {
	need := max(e.Returned, 1)
	if a.kind == byID || e.DocsExamined < 100 || e.DocsExamined < 4*need && a.served {
		return nil
	}
	fields, why := p.wanted()
	if len(fields) == 0 || p.has(fields) {
		return nil
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.String()
	}
	return &query.Advice{Collection: p.coll.Name, Fields: names, Reason: fmt.Sprintf("%s: %d documents read for %d found", why, e.DocsExamined, e.Returned)}
}

// wanted returns the fields of the index that would serve the request best: those
// that must equal one value, then the order, then those with several values or a
// range. It says why.
func (p *planner) wanted() (fields []index.Field, why string) {
	var same, several, ranges []index.Field
	for _, t := range p.conjuncts {
		f := index.Field{Path: t.Path()}
		switch kindOfTerm(t) {
		case asksOne:
			same = appendField(same, f)
		case asksSeveral:
			several = appendField(several, f)
		case asksRange:
			ranges = appendField(ranges, f)
		}
	}
	slices.SortFunc(same, func(a, b index.Field) int { return strings.Compare(a.Path, b.Path) })
	var order []index.Field
	for _, f := range p.by {
		order = append(order, index.Field{Path: f.Path.String(), Desc: f.Desc})
	}
	var reasons []string
	for _, part := range []struct {
		fields []index.Field
		reason string
	}{{same, "equality"}, {order, "order"}, {several, "a few values"}, {ranges, "range"}} {
		before := len(fields)
		for _, f := range part.fields {
			if f.Path != "_id" && !strings.HasPrefix(f.Path, "_id.") {
				fields = appendField(fields, f)
			}
		}
		if len(fields) > before {
			reasons = append(reasons, part.reason)
		}
	}
	return fields[:min(len(fields), index.MaxFields)], strings.Join(reasons, ", then ")
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

// has reports whether the collection has an index that begins with these fields, in
// these directions or all of them turned.
func (p *planner) has(fields []index.Field) bool {
	return slices.ContainsFunc(p.indexes(), func(x *index.Index) bool { return BeginsWith(x.Spec().Fields, fields) })
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
