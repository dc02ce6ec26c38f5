package rules

import (
	"strings"
	"sync"
	"testing"

	"github.com/virgadb/virga/document"
)

func TestCoverage(t *testing.T) {
	r := mustRules(t, "doc.a == 1 && (doc.b < 2 || !doc.c) && auth.openid != null")
	var c Coverage
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for _, text := range []string{`{"_id": 1, "a": 1, "b": 1}`, `{"_id": 1, "a": 2}`, `{"_id": 1, "a": 1, "c": true}`} {
				_, _ = r.Stored(t.Context(), &Call{Auth: alice, Op: Read, Collection: "<notes>", Coverage: &c}, mustDoc(t, text))
			}
		})
	}
	all.Wait()
	_, _ = r.Query(t.Context(), &Call{Auth: alice, Op: Read, Collection: "<notes>", Coverage: &c}, mustFilter(t, document.M{"a": 1, "b": 0}))
	want := `<notes> read: doc.a == 1 && (doc.b < 2 || !doc.c) && auth.openid != null
       5 true        8 false   doc.a == 1 && (doc.b < 2 || !doc.c) && auth.openid != null
       9 true        4 false   doc.a == 1
       5 true        4 false   doc.b < 2 || !doc.c
       5 true        4 false   doc.b < 2
       0 true        4 false   !doc.c   ! never true
       4 true        0 false   doc.c   ! never false
       5 true        0 false   auth.openid != null   ! never false
`
	if got := c.Text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	page := c.HTML()
	for _, part := range []string{
		"<h2>&lt;notes&gt; read</h2>",
		`<span class=both title="5 true, 8 false"><span class=both title="9 true, 4 false">doc.a == 1</span> &amp;&amp; (<span class=both`,
		`doc.b &lt; 2</span> || <span class=one title="0 true, 4 false">!<span class=one title="4 true, 0 false">doc.c</span></span></span>) &amp;&amp; `,
	} {
		if !strings.Contains(page, part) {
			t.Errorf("%s is not in\n%s", part, page)
		}
	}
	if strings.Count(page, "<span") != strings.Count(page, "</span") {
		t.Error("spans do not pair up")
	}
	if new(Coverage).Text() != "" {
		t.Error("nothing was counted")
	}
}
