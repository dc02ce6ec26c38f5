package query

import (
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/regex"
)

// A set is the list of an $in, arranged for looking up one value.
type set struct {
	null     bool                // null is a member, hence missing too
	values   []document.Value    // members in order, save for those below
	texts    map[string]struct{} // when members are many: strings
	integers map[int64]struct{}  // when members are many: numbers that are whole
	patterns []*regex.Pattern    // members that stand for the strings they match
}

// fewMembers is the size up to which a set is searched one by one.
const fewMembers = 8

func newSet(values []document.Value, patterns []*regex.Pattern) *set {
	s := &set{patterns: patterns}
	many := len(values) > fewMembers
	if many {
		s.texts, s.integers = map[string]struct{}{}, map[int64]struct{}{}
	}
	for _, v := range values {
		n, isWhole := v.Int64()
		switch {
		case v.Kind() == document.Null:
			s.null = true
		case many && v.Kind() == document.String:
			s.texts[string(v.Bytes())] = struct{}{}
		case many && isWhole:
			s.integers[n] = struct{}{}
		default:
			s.values = append(s.values, v)
		}
	}
	slices.SortFunc(s.values, document.Compare)
	s.values = slices.CompactFunc(s.values, document.Equal)
	return s
}

// has reports whether the one value v is a member of s, patterns aside.
func (s *set) has(v document.Value) bool {
	switch v.Kind() {
	case document.Missing, document.Null:
		return s.null
	case document.String:
		if s.texts != nil {
			_, ok := s.texts[string(v.Bytes())]
			return ok
		}
	case document.Number:
		if n, ok := v.Int64(); ok && s.integers != nil {
			_, ok := s.integers[n]
			return ok
		}
	}
	if len(s.values) > fewMembers {
		_, ok := slices.BinarySearchFunc(s.values, v, document.Compare)
		return ok
	}
	for i := range s.values {
		if document.Equal(s.values[i], v) {
			return true
		}
	}
	return false
}

// in reports whether v is a member of s.
func (m *matcher) in(s *set, v document.Value) bool {
	if s.has(v) {
		return true
	}
	for _, p := range s.patterns {
		if m.matches(p, v) {
			return true
		}
	}
	return false
}
