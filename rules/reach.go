package rules

import "github.com/virgadb/virga/document"

// A reached value is one that a path leads to. A path that meets arrays may lead to
// many values, or to none.
type reached struct {
	value document.Value
	open  bool // an array counts for its elements too
}

// reach calls f for each value that p leads to from v, until f returns false, and
// reports whether it never did. It goes the way that filters go (package query,
// "Matching"): into each element of an array that is an object, and, by a segment
// that is a number, to the element at that place. Where p leads nowhere it leads to
// the missing value, except beyond an array.
func reach(v document.Value, p *path, f func(reached) bool) bool {
	return reachFrom(v, p.names, p.index, f)
}

func reachFrom(v document.Value, names []string, index []int, f func(reached) bool) bool {
	for len(names) > 0 {
		switch v.Kind() {
		case document.Object:
			v, names, index = v.Field(names[0]), names[1:], index[1:]
		case document.Array:
			return reachElements(v, names, index, f)
		default:
			return f(reached{})
		}
	}
	return f(reached{v, true})
}

func reachElements(array document.Value, names []string, index []int, f func(reached) bool) bool {
	elements := array.Elements()
	for i := 0; elements.Next(); i++ {
		e := elements.Value()
		if e.Kind() == document.Object && !reachFrom(e, names, index, f) {
			return false
		}
		if index[0] == i && !reachPlace(e, names[1:], index[1:], f) {
			return false
		}
	}
	return true
}

// reachPlace goes on from e, an element that was asked for by its place.
func reachPlace(e document.Value, names []string, index []int, f func(reached) bool) bool {
	switch {
	case len(names) == 0:
		return f(reached{e, false})
	case e.Kind() == document.Object:
		return reachFrom(e, names, index, f)
	case e.Kind() == document.Array:
		return reachElements(e, names, index, f)
	}
	return true
}

// A reading says which values an array stands for.
type reading uint8

const (
	inSome  reading = iota // itself and each of its elements: what a comparison may hold for
	inParts                // its elements, or itself when it has none: what may break a comparison
	inWhole                // itself
	inList                 // its elements and nothing else: the members of a list
)

// each calls f for each value that r stands for, until f returns false, and reports
// whether it never did.
func (r reached) each(how reading, f func(document.Value) bool) bool {
	if r.value.Kind() != document.Array || !r.open || how == inWhole {
		return f(r.value)
	}
	elements, any := r.value.Elements(), false
	for elements.Next() {
		any = true
		if !f(elements.Value()) {
			return false
		}
	}
	if how == inList || any && how == inParts {
		return true
	}
	return f(r.value)
}
