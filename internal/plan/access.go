package plan

import (
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/query"
)

// An access is one way to get at the documents of a query. It is a plan but for
// the order, the window and the projection.
type access struct {
	kind  accessKind
	cost  float64 // microseconds, see cost.go
	trial float64 // of finding out that it costs more than guessed, and less than cost then
	exact bool    // what it finds matches: the filter need not be asked

	certain bool // of a search, which may not be exact: what it is sure of matches

	// Of byIndex.
	index    *index.Index
	bounds   []bound // by field
	leading  int     // so many fields are single values in each span
	ranged   bool    // the field behind them is narrowed by the spans too
	spans    []index.Span
	checks   []int // fields whose bounds are left to check on the entries
	order    entryOrder
	cover    *cover // documents are made from entries; nil: they are fetched
	estimate estimate
	search   *search // what is looked for in a geo field; nil for any other index

	// Of byID.
	ids    []interval
	ranges []storage.Range

	// Of byUnion.
	kids []*access

	// How the documents come.
	served bool // in the order asked for; otherwise by _id
}

type accessKind uint8

const (
	byScan  accessKind = iota // the whole collection, by _id
	byUnion                   // what several accesses find, each document once: in order if all come so, or else by _id
	byIndex                   // the entries of an index, then the documents
	byID                      // single documents and stretches of the collection, by _id
)

// An entryOrder says how to walk the spans of an index so that documents come as
// the query orders them.
type entryOrder struct {
	mode    orderMode
	from    int  // the fields before it are single values within a stream
	to      int  // the fields from there on are not part of the order
	streams int  // so many streams of equally many spans
	reverse bool // each stream backwards
	desc    bool // documents with the same values by _id descending
}

type orderMode uint8

const (
	unordered orderMode = iota // ids are gathered and sorted
	streamed                   // entries come in order
	turning                    // entries with the same values come in order of their ids, but turned around
	grouped                    // entries with the same values come in no order of their ids
	nearest                    // entries of a geo index come by their distance, then by their ids
)

// conjuncts returns the conditions that all have to hold.
func conjuncts(f *query.Filter) []query.Term {
	if f == nil {
		return nil
	}
	t := f.Term()
	switch t.Kind() {
	case query.TermAlways:
		return nil
	case query.TermAnd:
		list := make([]query.Term, t.Len())
		for i := range list {
			list[i] = t.At(i)
		}
		return list
	}
	return []query.Term{t}
}

// decided is a set of conjuncts that bounds express in full.
type decided uint64

func (d *decided) add(i int) {
	if i < 64 {
		*d |= 1 << i
	}
}

// all reports whether all of n conjuncts are decided.
func (d decided) all(n int) bool { return n < 64 && d == 1<<n-1 }

// fieldBounds returns what the conjuncts say of each field of x, nil when none
// says anything.
func (p *planner) fieldBounds(x *index.Index) ([]bound, decided) {
	var done decided
	var list []bound
	fields := x.Spec().Fields
	for i := range fields {
		if x.Multikey(i) || i == x.GeoField() {
			continue
		}
		k := p.bounder(x, i).conjuncts(p.conjuncts, 0, fields[i].Path, &done)
		if !k.known {
			continue
		}
		if list == nil {
			list = make([]bound, len(fields))
		}
		list[i] = k
	}
	if x.Traits().Multikey != 0 {
		list, done = p.multikeyBounds(x, list, done)
	}
	return list, done
}

func (p *planner) bounder(x *index.Index, field int) *bounder {
	p.bound = bounder{index: x, field: field, multikey: x.Multikey(field), desc: x.Spec().Fields[field].Desc, arena: &p.arena}
	return &p.bound
}

// multikeyBounds adds the bounds of the fields that run through arrays.
//
// One condition counts for each, because another may be met by another element.
// Two fields below one first segment may share an array, so that their conditions
// may be met by different elements of it: only one of them is bounded, unless one
// elemMatch speaks of both. Fields that share no segment share no array, and no
// document has two arrays in one index.
func (p *planner) multikeyBounds(x *index.Index, list []bound, done decided) ([]bound, decided) {
	fields := x.Spec().Fields
	var taken []string // first segments with a bounded field
	for i := range fields {
		first := firstSegment(fields[i].Path)
		if !x.Multikey(i) || i == x.GeoField() || contains(taken, first) {
			continue
		}
		k, at := p.narrowest(x, i)
		if !k.known {
			continue
		}
		if list == nil {
			list = make([]bound, len(fields))
		}
		taken = append(taken, first)
		list[i] = k
		if k.exact {
			done.add(at)
		}
		if t := p.conjuncts[at]; t.Kind() == query.TermElem {
			p.sameElement(x, t, i, list)
		}
	}
	return list, done
}

// narrowest returns the narrowest bound of field i that one conjunct gives, and
// which one.
func (p *planner) narrowest(x *index.Index, i int) (best bound, at int) {
	b := p.bounder(x, i)
	for c, t := range p.conjuncts {
		k := b.of(t, x.Spec().Fields[i].Path, false)
		if k.known && (!best.known || weight(k.set) < weight(best.set)) {
			best, at = k, c
		}
	}
	return best, at
}

// sameElement adds the bounds that t, an elemMatch that bounds field i, gives of
// other fields of the same elements. Below one segment there may be one more array.
func (p *planner) sameElement(x *index.Index, t query.Term, i int, list []bound) {
	fields := x.Spec().Fields
	rest, ok := below(fields[i].Path, t.Path())
	if !ok {
		return
	}
	taken := []string{firstSegment(rest)}
	for j := i + 1; j < len(fields); j++ {
		rest, ok := below(fields[j].Path, t.Path())
		if !ok || !x.Multikey(j) || j == x.GeoField() || contains(taken, firstSegment(rest)) {
			continue
		}
		if k := p.bounder(x, j).of(t, fields[j].Path, false); k.known {
			list[j] = k
			taken = append(taken, firstSegment(rest))
		}
	}
}

func contains(list []string, s string) bool {
	for i := range list {
		if list[i] == s {
			return true
		}
	}
	return false
}

// holdsAll reports whether the entries of x lead to every document that matches,
// which is not sure of a sparse index.
func (p *planner) holdsAll(x *index.Index) bool {
	if !x.Spec().Sparse {
		return true
	}
	for _, t := range p.conjuncts {
		if impliesField(x, t, "", false) {
			return true
		}
	}
	return false
}

// impliesField reports whether a document that meets t has a value in one of the
// fields of x. The paths of t start at the path at.
func impliesField(x *index.Index, t query.Term, at string, element bool) bool {
	switch t.Kind() {
	case query.TermNever:
		return true
	case query.TermAnd:
		for i := range t.Len() {
			if impliesField(x, t.At(i), at, element) {
				return true
			}
		}
		return false
	case query.TermOr:
		for i := range t.Len() {
			if !impliesField(x, t.At(i), at, element) {
				return false
			}
		}
		return true
	case query.TermAlways:
		return false
	case query.TermNot:
		return false
	}
	if !excludesMissing(t) || element && t.Positional(0) {
		return false
	}
	path := joinPath(at, t.Path())
	if hasField(x, path) {
		return true
	}
	return t.Kind() == query.TermElem && !element && impliesField(x, t.At(0), path, true)
}

func joinPath(at, path string) string {
	switch {
	case at == "":
		return path
	case path == "":
		return at
	}
	return at + "." + path
}

func hasField(x *index.Index, path string) bool {
	for _, f := range x.Spec().Fields {
		if f.Path == path {
			return true
		}
	}
	return false
}

// excludesMissing reports whether no missing value meets the test t.
func excludesMissing(t query.Term) bool {
	switch t.Kind() {
	case query.TermEq, query.TermGte, query.TermLte:
		return t.Value().Kind() != document.Null
	case query.TermIn:
		return !t.Null()
	}
	return true // what is greater or less than null does not exist
}
