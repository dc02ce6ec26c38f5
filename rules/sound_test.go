package rules

import (
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/trial"
	"github.com/virgadb/virga/query"
)

// TestSound tries what must never fail: among the documents that meet a filter which
// a rule lets pass there is none that the rule refuses.
func TestSound(t *testing.T) {
	n, random := trial.Cases(t, 2000)
	m := maker{random}
	granted, documents, filtered := 0, 0, 0
	for range n {
		source := m.rule(2)
		x, err := compileExpression(source)
		if err != nil {
			continue // too many calls of get, and the like
		}
		r := mustRules(t, x.source)
		cond := m.filter(2)
		f, compileErr := query.CompileFilter(query.Raw(cond), noon)
		if compileErr != nil {
			continue
		}
		call := func() *Call { return &Call{Auth: Auth{OpenID: "alice"}, Op: Read, Now: noon, Get: m.shelf()} }
		c := call()
		if _, err := r.Query(t.Context(), c, f); err == nil {
			granted++
			documents += m.refute(t, r, c, f, source, cond)
		} else if where, ok := denied(t, err).Where(); ok {
			both := mustFilter(t, query.And(query.Raw(cond), where))
			documents += m.refute(t, r, c, both, source, document.D{{"cond", cond}, {"where", where}})
		}
		c = call()
		c.Filters = true
		if extra, err := r.Query(t.Context(), c, f); err == nil && extra != nil {
			filtered++
			both := mustFilter(t, query.And(query.Raw(cond), extra))
			documents += m.refute(t, r, c, both, source, document.D{{"cond", cond}, {"extra", extra}})
		}
	}
	t.Logf("%d granted, %d as filters, %d documents", granted, filtered, documents)
	if granted == 0 || filtered == 0 || documents == 0 {
		t.Error("nothing was tried")
	}
}

// refute looks for documents that meet f and that r refuses. It returns how many met f.
func (m maker) refute(t *testing.T, r *Rules, c *Call, f *query.Filter, source string, cond any) int {
	t.Helper()
	met := 0
	for range 40 {
		d := m.doc()
		if ok, err := f.Match(d); err != nil || !ok {
			continue
		}
		met++
		alone := *c
		alone.Filters = false
		if ok, err := r.Stored(t.Context(), &alone, d); err != nil || !ok {
			t.Fatalf("rule %s lets %v pass, and refuses %v:\n%v\nget reads %v", source, cond, d, err, c.Get)
		}
	}
	return met
}
