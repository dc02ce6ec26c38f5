package rules

import (
	"fmt"
	"strings"

	"github.com/virgadb/virga/query"
)

// show says what the facts tell of p.
func (b *branch) show(p *path) string {
	var said []string
	for _, f := range b.facts {
		if f.path == p.text {
			said = append(said, f.show())
		}
	}
	if len(said) == 0 {
		return "not in the filter"
	}
	return shorten(strings.Join(said, " and "))
}

func (f fact) show() string {
	text := ""
	switch t := f.term; t.Kind() {
	case query.TermEq:
		text = showValue(t.Value())
	case query.TermGt, query.TermGte, query.TermLt, query.TermLte:
		text = [...]string{opGt: "> ", opGte: ">= ", opLt: "< ", opLte: "<= "}[orderOf(t)] + showValue(t.Value())
	case query.TermIn:
		all, _ := t.Members()
		text = fmt.Sprintf("one of %d values", all)
	case query.TermExists:
		text = "there"
	default:
		text = "under a condition that proves nothing"
		if f.negative {
			return text
		}
	}
	if f.negative {
		return "not " + text
	}
	return text
}
