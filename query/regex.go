package query

import (
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/regex"
)

// matches reports whether v is a string that p matches.
func (m *matcher) matches(p *regex.Pattern, v document.Value) bool {
	if v.Kind() != document.String {
		return false
	}
	ok, err := p.Match(v.Bytes())
	m.fail(err)
	return ok
}
