package rules

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// scriptExpressions adds the expressions of the behaviour scripts as seeds.
func scriptExpressions(f *testing.F, add func(source string)) {
	f.Helper()
	text, err := os.ReadFile("testdata/language.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if source, ok := strings.CutPrefix(line, "> "); ok {
			add(strings.TrimSuffix(source, "\n"))
		}
	}
}

// FuzzExpression compiles anything. What compiles has conditions whose places lie
// in its source and within one another; what does not says where.
func FuzzExpression(f *testing.F) {
	scriptExpressions(f, func(source string) { f.Add(source) })
	f.Fuzz(func(t *testing.T, source string) {
		x, err := compileExpression(source)
		if err != nil {
			if !errors.Is(err, fault.ErrInvalid) || err.Line < 1 || err.Column < 1 || err.Message == "" {
				t.Errorf("%q: %#v", source, err)
			}
			return
		}
		x.top.walk(func(n *node) {
			from, to := n.outer()
			if from > n.pos || n.pos >= n.end || n.end > to || to > len(source) {
				t.Errorf("%q: a node at %d to %d, within %d to %d", source, n.pos, n.end, from, to)
			}
			for _, k := range n.kids {
				if from, to := k.outer(); from < n.pos || to > n.end {
					t.Errorf("%q: a node at %d to %d lies outside of %d to %d", source, from, to, n.pos, n.end)
				}
			}
		})
		again, err := compileExpression(x.text(x.top))
		if err != nil || len(again.conditions) != len(x.conditions) {
			t.Errorf("%q: without what is around it: %v", source, err)
		}
	})
}

// FuzzEvaluate evaluates anything on any document, and asks for a proof from any
// filter: what is proved must hold for the document if it meets the filter.
func FuzzEvaluate(f *testing.F) {
	scriptExpressions(f, func(source string) {
		f.Add(source, `{"_id": 1, "a": ["x", 1], "room": "r1"}`, `{"a": "x", "room": "r1"}`)
	})
	others := shelf{"rooms.r1": `{"_id": "r1", "members": ["alice"], "a": 1}`}
	f.Fuzz(func(t *testing.T, source, docText, filterText string) {
		x, syntax := compileExpression(source)
		raw, err := document.ParseJSON([]byte(docText))
		if syntax != nil || err != nil {
			return
		}
		doc, err := document.Encode(raw, noon)
		if err != nil {
			return
		}
		r := &Rules{}
		r.rules[Read] = rule{"read", x}
		var c Coverage
		call := &Call{Auth: alice, Op: Read, Now: noon, Get: others, Coverage: &c}
		ok, err := r.Stored(t.Context(), call, doc)
		if ok == (err != nil) {
			t.Errorf("%s on %s: %v %v", source, docText, ok, err)
		}
		where, err := document.ParseJSON([]byte(filterText))
		if err != nil {
			return
		}
		filter, err := query.CompileFilter(query.Raw(where), noon)
		if err != nil {
			return
		}
		_ = Simulate(t.Context(), r, call, Question{ByID: true, Doc: doc}).String() + c.HTML()
		if meets, err := filter.Match(doc); err != nil || !meets {
			return
		}
		if _, err := r.Query(t.Context(), call, filter); err == nil && !ok && !tooMuch(t, r, call, doc) {
			t.Errorf("%s lets %s pass and refuses %s", source, filterText, docText)
		}
	})
}

// tooMuch reports whether a rule was refused for what it takes, not for what it says.
func tooMuch(t *testing.T, r *Rules, call *Call, doc document.Doc) bool {
	_, err := r.Stored(t.Context(), call, doc)
	reason := denied(t, err).Reason
	return strings.Contains(reason, "too long") || strings.Contains(reason, "choices") || strings.Contains(reason, "needs more")
}

// FuzzParse parses anything as a rule document.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"PRIVATE", `{"read": true}`, "{/* a */ \"write\": \"doc.a == 1\" // b\n}", `{"read": "\u0061uth"}`, `{"create": false, "update": "now > 1"}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text)
		if err != nil {
			if at := (*SyntaxError)(nil); !errors.As(err, &at) || !errors.Is(err, fault.ErrInvalid) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		_ = r.Lint()
		if again, err := Parse(r.String()); err != nil || again.Mode() != r.Mode() || again.String() != r.String() {
			t.Errorf("%q does not parse again: %v", r.String(), err)
		}
	})
}
