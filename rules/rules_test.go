package rules

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

var alice, nobody = Auth{OpenID: "alice"}, Auth{}

// TestModes is the table of the simple modes, with what they do silently.
func TestModes(t *testing.T) {
	const (
		yes  = "yes"
		own  = "own" // as if what belongs to others did not exist
		deny = "deny"
	)
	for _, c := range []struct {
		mode                         Mode
		read, create, update, remove string
	}{
		{ReadOnly, yes, yes, own, own},
		{Private, own, yes, own, own},
		{AdminWrite, yes, deny, deny, deny},
		{AdminOnly, deny, deny, deny, deny},
	} {
		r, err := Parse(c.mode.String())
		if err != nil || r.Mode() != c.mode || r.String() != c.mode.String() {
			t.Fatalf("%v: %v %v", c.mode, r, err)
		}
		mine, others, adrift := mustDoc(t, `{"_id": 1, "_openid": "alice"}`), mustDoc(t, `{"_id": 2, "_openid": "bob"}`), mustDoc(t, `{"_id": 3}`)
		for op, want := range map[Operation]string{Read: c.read, Create: c.create, Update: c.update, Delete: c.remove} {
			extra, err := r.Query(t.Context(), &Call{Auth: alice, Op: op}, nil)
			got := yes
			if err != nil {
				got = deny
				denied(t, err)
			} else if extra != nil {
				got = own
				f := mustFilter(t, extra)
				for d, ours := range map[*document.Doc]bool{&mine: true, &others: false, &adrift: false} {
					if ok, err := f.Match(*d); ok != ours || err != nil {
						t.Errorf("%v %v: the condition %v on %v: %v", c.mode, op, extra, d, ok)
					}
				}
			}
			if got != want {
				t.Errorf("%v %v: query %s, want %s", c.mode, op, got, want)
			}
			if _, err := r.Query(t.Context(), &Call{Op: op}, nil); err == nil {
				t.Errorf("%v %v by nobody", c.mode, op)
			}
			for d, ours := range map[*document.Doc]bool{&mine: true, &others: false, &adrift: false} {
				ok, err := r.Stored(t.Context(), &Call{Auth: alice, Op: op}, *d)
				if (err != nil) != (want == deny) || ok != (want == yes || want == own && ours) {
					t.Errorf("%v %v on %v: %v %v", c.mode, op, d, ok, err)
				}
			}
		}
		err = r.New(t.Context(), &Call{Auth: alice, Op: Create}, mine)
		if (err == nil) != (c.create == yes) {
			t.Errorf("%v create: %v", c.mode, err)
		}
		if err := r.New(t.Context(), &Call{Op: Create}, adrift); err == nil {
			t.Errorf("%v create by nobody", c.mode)
		}
	}
}

func TestInheritance(t *testing.T) {
	call := func(op Operation) *Call { return &Call{Auth: alice, Op: op, Now: noon} }
	for text, want := range map[string]string{
		`{}`:                               "",
		`{"read": true}`:                   "read",
		`{"write": true}`:                  "create update delete",
		`{"write": true, "create": false}`: "update delete",
		`{"write": false, "update": true, "read": "true"}`: "read update",
		`{"delete": "'a' == 'a'"}`:                         "delete",
	} {
		r, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []string
		for op := Read; op <= Delete; op++ {
			_, byQuery := r.Query(t.Context(), call(op), nil)
			ok, byID := r.Stored(t.Context(), call(op), mustDoc(t, `{"_id": 1}`))
			if (byQuery == nil) != ok || (byID == nil) != ok {
				t.Errorf("%s %v: %v, %v", text, op, byQuery, byID)
			}
			if ok {
				got = append(got, op.String())
			}
			if op == Create && (r.New(t.Context(), call(Update), mustDoc(t, `{}`)) == nil) != ok {
				t.Errorf("%s: New differs", text)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s allows %v, want %s", text, got, want)
		}
	}
}

// TestExample is the rule that the README shows.
func TestExample(t *testing.T) {
	r, err := Parse(`{
		// Everybody reads what is theirs.
		"read": "auth.openid == doc._openid",
		"write": "doc.status == 'draft'" /* and edits drafts */
	}`)
	if err != nil {
		t.Fatal(err)
	}
	call := func(op Operation) *Call { return &Call{Auth: alice, Op: op, Now: noon, Collection: "notes"} }
	mine := mustDoc(t, `{"_id": "n", "_openid": "alice", "status": "draft"}`)
	done := mustDoc(t, `{"_id": "n", "_openid": "bob", "status": "done"}`)
	if ok, err := r.Stored(t.Context(), call(Read), mine); !ok || err != nil {
		t.Error(err)
	}
	_, err = r.Stored(t.Context(), call(Read), done)
	want := `permission denied by rule read (1:1): auth.openid == doc._openid, where auth.openid is "alice", doc._openid is "bob"`
	if denied(t, err).Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
	_, err = r.Query(t.Context(), call(Delete), mustFilter(t, document.M{"status": query.Neq("x")}))
	want = `permission denied by rule write (1:1): doc.status == 'draft', where doc.status is not "x"; the filter lacks {"status":"draft"}`
	if d := denied(t, err); d.Error() != want || d.Key != "write" || d.Op != Delete || d.Collection != "notes" {
		t.Errorf("%v\nwant\n%s", err, want)
	}
	if err := r.New(t.Context(), call(Create), done); err == nil {
		t.Error("a document that is no draft was created")
	}
	if _, err := r.Stored(t.Context(), call(Read), document.Doc{}); err == nil {
		t.Error("a missing document was told from one that is denied")
	}
	// The mini program's way does not look at the document.
	strict := call(Read)
	strict.Static = true
	if _, err := r.Stored(t.Context(), strict, mine); err == nil || denied(t, err).Missing != `{"_openid":"alice"}` {
		t.Errorf("static: %v", err)
	}
}

func TestSubstituteAuth(t *testing.T) {
	both := Auth{OpenID: "o", UID: "u"}
	for _, c := range []struct {
		auth Auth
		in   string
		want any
	}{
		{both, "{openid}", "o"}, {both, "{uid}", "u"}, {Auth{UID: "u"}, "{openid}", "u"}, {alice, "{uid}", "alice"},
		{both, "{openid} ", "{openid} "}, {nobody, "x", "x"},
	} {
		if got, err := c.auth.Substitute(c.in); got != c.want || err != nil {
			t.Errorf("%q: %v %v", c.in, got, err)
		}
	}
	if _, err := nobody.Substitute(document.M{"a": "{openid}"}); !errors.Is(err, fault.ErrDenied) {
		t.Errorf("nobody: %v", err)
	}
}

func TestRequestData(t *testing.T) {
	u, err := query.CompileUpdate(document.M{"status": "open", "n": query.Inc(1), "a": document.M{"b": 2}, "list.0": 5, "s": query.Set(document.M{"x": 1})}, noon)
	if err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]bool{
		"request.data.status == 'open'":                     true,
		"request.data.status in ['open']":                   true,
		"request.data.a.b == 2":                             true,
		"request.data.a.c == null":                          true,
		"request.data.s.x == 1":                             true,
		"request.data.role == null":                         true,
		"request.data.n == 1":                               false,
		"request.data.n != 1":                               false, // not known, whichever way it is asked
		"request.data.n == null":                            false,
		"request.data.n.x == null":                          false,
		"!(request.data.n in [1])":                          false,
		"request.data.list != 1":                            false,
		"request.data.list[1] == null":                      false,
		"request.data.n == 1 || request.data.a.b == 2":      true,
		"request.data != null":                              false, // some of it is hidden
		"doc[request.data.status] == 1":                     true,
		"request.data.status == doc.status":                 false,
		"!(request.data.status == doc.status) && doc.n > 2": true,
	} {
		r, err := Parse(`{"update": "` + source + `"}`)
		if err != nil {
			t.Fatal(err)
		}
		if r.UsesData(Update) != true || r.UsesData(Read) {
			t.Error("UsesData")
		}
		call := &Call{Auth: alice, Op: Update, Data: DataOfUpdate(u), Now: noon}
		if ok, err := r.Stored(t.Context(), call, mustDoc(t, `{"_id": 1, "open": 1, "n": 3}`)); ok != want {
			t.Errorf("%s: %v (%v)", source, ok, err)
		}
		f := mustFilter(t, document.M{"open": 1, "n": 3, "status": 1})
		if _, err := r.Query(t.Context(), call, f); (err == nil) != want {
			t.Errorf("%s by query: %v", source, err)
		}
	}
}

// TestConcurrent uses one set of rules, and one denial, from several goroutines.
func TestConcurrent(t *testing.T) {
	r := mustRules(t, "auth.openid in get(`database.room.${doc.room}`).members && doc.status == 'open'")
	rooms := shelf{"room.r1": `{"_id": "r1", "members": ["alice"]}`}
	call := &Call{Auth: alice, Op: Read, Now: noon, Get: rooms}
	_, err := r.Query(t.Context(), call, mustFilter(t, document.M{"room": "r1"}))
	shared := denied(t, err)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				own := &Call{Auth: alice, Op: Read, Now: noon, Get: rooms}
				if _, err := r.Query(t.Context(), own, mustFilter(t, document.M{"room": "r1", "status": "open"})); err != nil {
					t.Error(err)
				}
				if where, ok := shared.Where(); !ok || jsonOf(where) != `{"status":"open"}` {
					t.Errorf("where: %v", where)
				}
				_ = shared.Error()
			}
		})
	}
	// The call goes on while its denial is looked at.
	for range 50 {
		_, _ = r.Query(t.Context(), call, mustFilter(t, document.M{"room": "r2"}))
	}
	all.Wait()
}
