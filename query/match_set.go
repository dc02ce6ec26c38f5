package query

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/regex"
)

// A set is the list of an $in, arranged for looking up one value.
type set struct {
	null     bool             // null is a member, hence missing too
	values   []document.Value // the other members that are values, in ascending order
	patterns []*regex.Pattern // members that stand for the strings they match
	hashed   hashed           // when members are many
}

// hashed finds the members that are most common. It is made when it is first asked,
// which queries that an index serves never do.
type hashed struct {
	once     sync.Once
	texts    map[string]struct{}
	integers map[int64]struct{} // numbers that are whole
}

// fewMembers is the size up to which a set is searched one by one.
const fewMembers = 8

func newSet(values []document.Value, patterns []*regex.Pattern) *set {
	s := &set{patterns: patterns}
	var texts []keyed[[]byte]
	var integers []keyed[int64]
	var others []document.Value
	for i, v := range values {
		switch v.Kind() {
		case document.Null:
			s.null = true
		case document.String:
			if texts == nil {
				texts = make([]keyed[[]byte], 0, len(values)-i)
			}
			texts = append(texts, keyed[[]byte]{v.Bytes(), v})
		case document.Number:
			if n, whole := v.Int64(); whole {
				if integers == nil {
					integers = make([]keyed[int64], 0, len(values)-i)
				}
				integers = append(integers, keyed[int64]{n, v})
				continue
			}
			fallthrough
		default:
			others = append(others, v)
		}
	}
	slices.SortFunc(others, document.Compare)
	others = slices.CompactFunc(others, document.Equal)
	s.values = mergeOrdered(mergeOrdered(inOrder(integers, cmp.Compare), others), inOrder(texts, bytes.Compare))
	return s
}

// A keyed is a value with what it is sorted by among its like, which is faster than
// comparing values.
type keyed[K any] struct {
	key   K
	value document.Value
}

// inOrder returns the values in ascending order, each once.
func inOrder[K any](list []keyed[K], compare func(a, b K) int) []document.Value {
	slices.SortFunc(list, func(a, b keyed[K]) int { return compare(a.key, b.key) })
	values := make([]document.Value, 0, len(list))
	for i := range list {
		if i == 0 || compare(list[i-1].key, list[i].key) != 0 {
			values = append(values, list[i].value)
		}
	}
	return values
}

// mergeOrdered joins two lists, both in ascending order. It may take the memory of the first.
func mergeOrdered(a, b []document.Value) []document.Value {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 || document.Compare(a[len(a)-1], b[0]) < 0 {
		return append(a, b...)
	}
	all := make([]document.Value, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		next := &a
		if document.Compare(a[0], b[0]) > 0 {
			next = &b
		}
		all = append(all, (*next)[0])
		*next = (*next)[1:]
	}
	return append(append(all, a...), b...)
}

// has reports whether the one value v is a member of s, patterns aside.
func (s *set) has(v document.Value) bool {
	kind := v.Kind()
	switch {
	case kind == document.Missing || kind == document.Null:
		return s.null
	case len(s.values) <= fewMembers:
		for i := range s.values {
			if document.Equal(s.values[i], v) {
				return true
			}
		}
		return false
	case kind == document.String:
		_, ok := s.index().texts[string(v.Bytes())]
		return ok
	case kind == document.Number:
		if n, whole := v.Int64(); whole {
			_, ok := s.index().integers[n]
			return ok
		}
	}
	_, ok := slices.BinarySearchFunc(s.values, v, document.Compare)
	return ok
}

// index returns what finds the texts and integers among the members.
func (s *set) index() *hashed {
	h := &s.hashed
	h.once.Do(func() {
		texts := 0
		for _, v := range s.values {
			if v.Kind() == document.String {
				texts++
			}
		}
		h.texts = make(map[string]struct{}, texts)
		h.integers = make(map[int64]struct{}, len(s.values)-texts)
		for _, v := range s.values {
			if n, whole := v.Int64(); whole {
				h.integers[n] = struct{}{}
			} else if v.Kind() == document.String {
				h.texts[string(v.Bytes())] = struct{}{}
			}
		}
	})
	return h
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
