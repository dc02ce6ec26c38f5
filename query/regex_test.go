package query

import (
	"errors"
	"strings"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/regex"
)

// A pattern that backtracks without end gives up, also below a negation, and the
// filter says so. It takes the limit of time.
func TestPatternGivesUp(t *testing.T) {
	t.Parallel()
	p, err := regex.Compile(`(?=(a+)+$)`, "")
	if err != nil {
		t.Fatal(err)
	}
	d := mustEncode(t, document.M{"a": strings.Repeat("a", 40) + "!"})
	root := not(leaf(mustPath(t, "a"), test{op: testRegex, pattern: p}))
	f := &Filter{root: root}
	f.assignSlots(root)
	if ok, err := f.Match(d); ok || !errors.Is(err, fault.ErrTimeout) {
		t.Errorf("match: %v, %v, want ErrTimeout", ok, err)
	}
}

func mustPath(t *testing.T, s string) document.Path {
	t.Helper()
	p, err := document.ParsePath(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
