package plan

import (
	"bytes"
	"slices"

	"github.com/virgadb/virga/document"
)

// An interval is a stretch of the encoded values of one field: those from lo up to,
// but not including, hi. A nil hi runs to the end.
//
// Both ends lie between values, never within the encodings that start with one:
// encodings are prefix-free, so an interval keeps its meaning when other fields
// follow.
type interval struct {
	lo, hi []byte
	point  bool    // it holds one value: lo is its encoding
	part   float64 // a guess at the part of all values that lie in it, unless it is a point

	first, last end // what lo and hi stand for, for people to read
}

// An end is an operand at which an interval begins or ends.
type end struct {
	value document.Value // missing: there is no limit
	open  bool           // the operand itself is not in the interval
	begin bool           // nor is what the text in value begins
}

// whole is the interval of all values.
var whole = []interval{{part: 1}}

// compareEnds orders ends of intervals, of which nil is the last.
func compareEnds(a, b []byte) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return bytes.Compare(a, b)
}

// intersect returns what lies in both lists, which are in order and disjoint, as
// is the result.
func intersect(a, b []interval) []interval {
	var both []interval
	for i, j := 0, 0; i < len(a) && j < len(b); {
		v := a[i]
		if bytes.Compare(b[j].lo, v.lo) > 0 {
			v.lo, v.first = b[j].lo, b[j].first
		}
		if compareEnds(b[j].hi, v.hi) < 0 {
			v.hi, v.last = b[j].hi, b[j].last
		}
		if v.hi == nil || bytes.Compare(v.lo, v.hi) < 0 {
			v.point = a[i].point || b[j].point
			v.part = a[i].part * b[j].part
			both = append(both, v)
		}
		if compareEnds(a[i].hi, b[j].hi) < 0 {
			i++
		} else {
			j++
		}
	}
	return both
}

// union brings a list into order and joins intervals that overlap. It works in
// the memory of the list.
func union(list []interval) []interval {
	if len(list) < 2 {
		return list
	}
	slices.SortFunc(list, func(a, b interval) int { return bytes.Compare(a.lo, b.lo) })
	joined := list[:1]
	for _, v := range list[1:] {
		last := &joined[len(joined)-1]
		if last.hi != nil && bytes.Compare(v.lo, last.hi) >= 0 {
			joined = append(joined, v)
			continue
		}
		if compareEnds(v.hi, last.hi) > 0 {
			last.hi, last.last, last.point = v.hi, v.last, false
		}
		last.part = min(1, last.part+v.part)
	}
	return joined
}

// complement returns all values that do not lie in list, which is in order and
// disjoint.
func complement(list []interval) []interval {
	var rest []interval
	var lo []byte
	var first end
	for _, v := range list {
		if bytes.Compare(lo, v.lo) < 0 {
			rest = append(rest, interval{lo: lo, hi: v.lo, part: mostly, first: first, last: v.first.turned()})
		}
		if v.hi == nil {
			return rest
		}
		lo, first = v.hi, v.last.turned()
	}
	return append(rest, interval{lo: lo, part: mostly, first: first})
}

// The guesses at the part of a field's values that a condition admits, where
// nothing better is known.
const (
	mostly  = 0.9  // all but one value, all values of one kind
	oneSide = 0.33 // beyond an operand
	within  = 0.1  // between two operands
	begins  = 0.05 // strings that begin alike
	equals  = 0.05 // one value
)

// turned returns the end as that of what lies on its other side.
func (e end) turned() end {
	e.open = !e.open
	return e
}

// points reports whether the list consists of single values.
func points(list []interval) bool {
	for i := range list {
		if !list[i].point {
			return false
		}
	}
	return true
}
