package regex

import (
	"bytes"
	"fmt"

	"github.com/dlclark/regexp2/v2"

	"github.com/virgadb/virga/internal/fault"
)

// Find returns where the first match of p in text is: the byte index where it
// begins and that behind its end, then the same for each group, -1 for one that
// took no part. It returns nil when there is no match.
func (p *Pattern) Find(text []byte) ([]int, error) {
	all, err := p.FindAll(text, 1)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// FindAll returns where the first n matches are, as [Pattern.Find] does. They do
// not overlap. An empty match at the end of a text that is not empty is none.
func (p *Pattern) FindAll(text []byte, n int) ([][]int, error) {
	all, err := p.findAll(text, n)
	if len(all) == 0 && err == nil && p.dollar && bytes.HasSuffix(text, []byte{'\n'}) {
		return p.findAll(text[:len(text)-1], n)
	}
	return all, err
}

func (p *Pattern) findAll(text []byte, n int) ([][]int, error) {
	var all [][]int
	if p.linear != nil {
		all = p.linear.FindAllSubmatchIndex(text, n)
	} else {
		var err error
		if all, err = p.backtrackAll(text, n); err != nil {
			return nil, err
		}
	}
	if last := len(all) - 1; last > 0 && all[last][0] == len(text) && all[last][1] == len(text) {
		all = all[:last]
	}
	return all, nil
}

func (p *Pattern) backtrackAll(text []byte, n int) ([][]int, error) {
	var all [][]int
	m, err := p.back.FindStringMatch(string(text))
	for ; m != nil && err == nil && len(all) < n; m, err = p.back.FindNextMatch(m) {
		all = append(all, locations(m))
	}
	if err != nil {
		return nil, fmt.Errorf("regex %q backtracks too much: %w", p.source, fault.ErrTimeout)
	}
	return all, nil
}

// locations returns where m and its groups are, in bytes.
func locations(m *regexp2.Match) []int {
	groups := m.Groups()
	at := make([]int, 0, 2*len(groups))
	for i := range groups {
		g := &groups[i]
		if len(g.Captures) == 0 {
			at = append(at, -1, -1)
			continue
		}
		from, length := g.ByteRange()
		at = append(at, from, from+length)
	}
	return at
}
