package rules

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// TestHostile tries what would take for ever or overflow a stack: it is refused, or
// ends in time.
func TestHostile(t *testing.T) {
	for name, source := range map[string]string{
		"long":      "doc.a == '" + strings.Repeat("x", 1024) + "'",
		"brackets":  strings.Repeat("(", 500) + "true" + strings.Repeat(")", 500),
		"nots":      strings.Repeat("!", 1000) + "true",
		"lists":     "doc.a == " + strings.Repeat("[", 500) + strings.Repeat("]", 500),
		"indexes":   strings.Repeat("doc[", 200) + "1" + strings.Repeat("]", 200),
		"templates": strings.Repeat("get(`database.a.${", 50) + "1" + strings.Repeat("}`)", 50),
		"quotes":    strings.Repeat("`${'", 200),
	} {
		text, err := document.Of(document.M{"read": source})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(text.String()); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := compileExpression("doc.a == '\xff'"); err == nil {
		t.Error("what is not UTF-8 compiled")
	}
	for _, text := range []string{"", " ", "null", "{", `{"read"`, `{"read":`, `{"read":"`, "\xff", strings.Repeat("{", 1e6), "{/*", "{//", strings.Repeat(" ", 1e5) + "{}"} {
		if _, err := Parse(text); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// TestManyAlternatives proves a rule about a filter that has more ways through it
// than can be followed.
func TestManyAlternatives(t *testing.T) {
	var and []any
	for i := range 40 {
		and = append(and, query.Or(document.M{fmt.Sprint("x", i): 1}, document.M{fmt.Sprint("x", i): 2}))
	}
	r := mustRules(t, "doc.a == 1")
	call := &Call{Auth: alice, Op: Read, Now: noon}
	if _, err := r.Query(t.Context(), call, mustFilter(t, query.And(and...))); denied(t, err).Reason != "" {
		t.Error(err)
	}
	// Each alternative says something that the rule asks about.
	parts := make([]string, 40)
	for i := range parts {
		parts[i] = fmt.Sprintf("doc.x%d in [1,2]", i)
	}
	r = mustRules(t, strings.Join(parts, "&&"))
	_, err := r.Query(t.Context(), call, mustFilter(t, query.And(and...)))
	if !strings.Contains(denied(t, err).Reason, "alternatives") {
		t.Error(err)
	}
	// A big list, and a big array, are work and no more.
	list := make([]int, 100000)
	for i := range list {
		list[i] = i
	}
	r = mustRules(t, "doc.a != -1 && doc.a < 200000")
	if _, err := r.Query(t.Context(), call, mustFilter(t, document.M{"a": query.In(list)})); err == nil {
		t.Error("a list of a hundred thousand was looked through")
	}
	doc, err := document.Encode(document.M{"_id": 1, "a": list, "b": list}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := r.Stored(t.Context(), call, doc); !ok {
		t.Error(err)
	}
	r = mustRules(t, "doc.a == doc.b[doc.zero]")
	if _, err = r.Stored(t.Context(), call, doc); err == nil {
		t.Error("zero is missing")
	}
	r = mustRules(t, "doc.a < doc.b && doc.a in doc.b && 'x' in doc.a || doc.b == doc.c || doc.a == 'z' || doc.a in doc.b && doc.b == 'y'")
	doc, err = document.Encode(document.M{"_id": 1, "a": reversed(list), "b": list}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = r.Stored(t.Context(), call, doc); denied(t, err).Reason == "" {
		t.Errorf("ten thousand million comparisons: %v", err)
	}
}

func reversed(list []int) []int {
	out := make([]int, len(list))
	for i, n := range list {
		out[len(list)-1-i] = -n - 1
	}
	return out
}

// counter is a Getter that counts and fails on demand.
type counter struct {
	shelf
	reads map[string]int
	err   error
}

func (c *counter) Get(ctx context.Context, collection string, id document.ID) (document.Doc, error) {
	if c.err != nil {
		return document.Doc{}, c.err
	}
	if c.reads == nil {
		c.reads = map[string]int{}
	}
	c.reads[collection+"."+id.String()]++
	return c.shelf.Get(ctx, collection, id)
}

func TestGetLimits(t *testing.T) {
	r := mustRules(t, "get(`database.c.${doc.a}`).ok && get(`database.c.${doc.b}`).ok")
	others := shelf{}
	for i := range 20 {
		others[fmt.Sprint("c.d", i)] = `{"ok": true}`
	}
	// The same document is read once for a call, and each way through the filter
	// reads its own.
	g := &counter{shelf: others}
	call := &Call{Auth: alice, Op: Read, Now: noon, Get: g}
	where := query.Or(document.M{"a": "d1", "b": "d1"}, document.M{"a": "d1", "b": "d2"})
	if _, err := r.Query(t.Context(), call, mustFilter(t, where)); err != nil {
		t.Error(err)
	}
	if ok, err := r.Stored(t.Context(), call, mustDoc(t, `{"_id": 1, "a": "d2", "b": "d1"}`)); !ok {
		t.Error(err)
	}
	if len(g.reads) != 2 || g.reads[`c."d1"`] != 1 || g.reads[`c."d2"`] != 1 {
		t.Errorf("read %v", g.reads)
	}
	var ways []any
	for i := range 11 {
		ways = append(ways, document.M{"a": fmt.Sprint("d", i), "b": fmt.Sprint("d", i)})
	}
	for documents, want := range map[int]bool{0: false, 10: false, 11: true, 3: false} {
		call := &Call{Auth: alice, Op: Read, Now: noon, Get: others, Limits: Limits{Documents: documents}}
		_, err := r.Query(t.Context(), call, mustFilter(t, query.Or(ways...)))
		if (err == nil) != want || err != nil && !strings.Contains(denied(t, err).Reason, "documents and needs more") {
			t.Errorf("limit %d: %v", documents, err)
		}
	}
	// More choices than are tried.
	many := make([]string, 200)
	for i := range many {
		many[i] = fmt.Sprint("no", i)
	}
	doc, err := document.Encode(document.M{"_id": 1, "a": many, "b": "d1"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Stored(t.Context(), call, doc); !strings.Contains(denied(t, err).Reason, "choices") {
		t.Error(err)
	}
	// Faults are no denials.
	broken := &Call{Auth: alice, Op: Read, Now: noon, Get: &counter{err: fault.ErrCorrupt}}
	if _, err := r.Stored(t.Context(), broken, mustDoc(t, `{"_id": 1, "a": "d1", "b": "d1"}`)); !errors.Is(err, fault.ErrCorrupt) || errors.Is(err, fault.ErrDenied) {
		t.Error(err)
	}
	if _, err := r.Query(t.Context(), broken, mustFilter(t, document.M{"a": "d1", "b": "d1"})); !errors.Is(err, fault.ErrCorrupt) {
		t.Error(err)
	}
	without := &Call{Auth: alice, Op: Read, Now: noon}
	if _, err := r.Stored(t.Context(), without, mustDoc(t, `{"_id": 1, "a": "d1", "b": "d1"}`)); denied(t, err).Reason == "" {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Query(ctx, without, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestBadCalls calls everything with too little.
func TestBadCalls(t *testing.T) {
	for _, r := range []*Rules{mustRules(t, "doc.a == 1"), Simple(Private), Simple(Custom), Simple(Mode(9)), {}} {
		for _, op := range []Operation{0, Read, Create, Update, Delete, 77} {
			for _, c := range []*Call{{Op: op}, {Op: op, Static: true}, {Op: op, Filters: true}} {
				if _, err := r.Query(t.Context(), c, nil); !errors.Is(err, fault.ErrDenied) && !c.Filters {
					t.Errorf("%v %v: %v", r, op, err)
				}
				if ok, err := r.Stored(t.Context(), c, document.Doc{}); ok {
					t.Errorf("%v %v: %v", r, op, err)
				}
				if err := r.New(t.Context(), c, document.Doc{}); err == nil {
					t.Errorf("%v %v: created nothing", r, op)
				}
			}
		}
		_ = r.Lint()
	}
	for what, v := range map[string]Verdict{
		"no rules": Simulate(t.Context(), nil, &Call{Op: Read}, Question{}),
		"no call":  Simulate(t.Context(), Simple(Private), nil, Question{}),
		//lint:ignore SA1012 a nil context is what is tested
		"no context": Simulate(nil, Simple(Private), &Call{Op: Read}, Question{}),
	} {
		if v.Allowed || !errors.Is(v.Err, fault.ErrInvalid) || v.String() == "" {
			t.Errorf("%s: %v", what, v)
		}
	}
}

// A JSON Schema in a query proves nothing, and stands in the way of no other proof.
func TestSimulateSchema(t *testing.T) {
	r := mustRules(t, "doc.a == 1")
	call := &Call{Auth: alice, Op: Read, Now: noon}
	schema := document.M{"$jsonSchema": document.M{"properties": document.M{"a": document.M{"enum": []int{1}}}}}
	alone := Simulate(t.Context(), r, call, Question{Where: schema})
	denied(t, alone.Err)
	beside := Simulate(t.Context(), r, call, Question{Where: query.And(document.M{"a": 1}, schema)})
	denies := Simulate(t.Context(), r, call, Question{Where: query.And(document.M{"a": 1}, query.Not(schema))})
	if alone.Allowed || !beside.Allowed || !denies.Allowed {
		t.Errorf("%v\n%v\n%v", alone, beside, denies)
	}
	f, err := query.CompileForTerms(schema, noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Match(mustDoc(t, `{"a": 1}`)); !errors.Is(err, fault.ErrNotImplemented) {
		t.Errorf("matched: %v", err)
	}
}
