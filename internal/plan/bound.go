package plan

import (
	"math"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/internal/keys"
	"github.com/virgadb/virga/query"
)

// A bound is what a condition says of one field of an index: a document that meets
// the condition has an entry with a value in set.
type bound struct {
	set   []interval
	known bool // set narrows the field; otherwise it means nothing
	exact bool // conversely, a document with such an entry meets the condition
}

var unbounded = bound{}

// A bounder finds the bounds of one field.
type bounder struct {
	index    *index.Index // nil: the field is _id as the keys of documents have it
	field    int
	multikey bool
	desc     bool
	arena    *[]byte // ends of intervals are cut from it
}

// of returns what t says of the field at path target. Within the term of an
// elemMatch paths start at the element, and target is what is left of the field's
// path there.
func (b *bounder) of(t query.Term, target string, element bool) bound {
	switch t.Kind() {
	case query.TermNever:
		return bound{known: true, exact: true}
	case query.TermAnd:
		return b.and(t, target, element)
	case query.TermOr:
		return b.or(t, target, element)
	case query.TermNot:
		return b.not(t, target, element)
	case query.TermElem:
		return b.elem(t, target, element)
	case query.TermAlways:
		return unbounded
	}
	if t.Path() != target || element && t.Positional(0) {
		return unbounded
	}
	return b.leaf(t)
}

// and joins what several conditions say. Where a document has several entries each
// condition may be met by another of them, so only one of the conditions counts,
// unless all are about the same element.
func (b *bounder) and(t query.Term, target string, element bool) bound {
	same := !b.multikey || element && target == ""
	joined := b.kids(t, 0, t.Len(), target, element, same)
	joined.exact = joined.exact && same && joined.known
	return joined
}

// kids returns what some of the conditions that t joins say together. Halves are joined
// with halves: n conditions that each leave out one value make a set of n intervals, and
// to narrow it by one after the other would be to copy it n times.
func (b *bounder) kids(t query.Term, from, to int, target string, element, same bool) bound {
	switch to - from {
	case 0:
		return unbounded
	case 1:
		return b.of(t.At(from), target, element)
	}
	mid := (from + to) / 2
	return b.kids(t, from, mid, target, element, same).with(b.kids(t, mid, to, target, element, same), same)
}

// conjuncts returns what all of list, the first of which has the number c, say together
// of the field at path, which has one value. It adds to done those that this decides. It
// joins halves as kids does.
func (b *bounder) conjuncts(list []query.Term, c int, path string, done *decided) bound {
	switch len(list) {
	case 0:
		return unbounded
	case 1:
		k := b.of(list[0], path, false)
		if k.known && k.exact {
			done.add(c)
		}
		return k
	}
	mid := len(list) / 2
	return b.conjuncts(list[:mid], c, path, done).with(b.conjuncts(list[mid:], c+mid, path, done), true)
}

// with returns the bound of both conditions, or, when they may be met by different
// entries, the narrower of the two.
func (a bound) with(k bound, same bool) bound {
	exact := a.exact && k.exact
	switch {
	case !k.known:
		a.exact = exact
		return a
	case !a.known:
		return bound{set: k.set, known: true, exact: exact}
	case same:
		return bound{set: intersect(a.set, k.set), known: true, exact: exact}
	case weight(k.set) < weight(a.set):
		a.set = k.set
	}
	a.exact = false
	return a
}

// weight ranks sets of intervals: the narrower, the smaller.
func weight(set []interval) float64 {
	w := 0.0
	for i := range set {
		if set[i].point {
			w += 1e-3
		} else {
			w += set[i].part
		}
	}
	return w
}

func (b *bounder) or(t query.Term, target string, element bool) bound {
	joined := bound{known: true, exact: true}
	for i := range t.Len() {
		k := b.of(t.At(i), target, element)
		if !k.known {
			return unbounded
		}
		joined.set = append(joined.set, k.set...)
		joined.exact = joined.exact && k.exact
	}
	joined.set = union(joined.set)
	return joined
}

// not returns the complement of a bound, which only makes sense where a document
// has one entry and the bound is exact.
func (b *bounder) not(t query.Term, target string, element bool) bound {
	inner := t.At(0)
	if inner.Kind() == query.TermExists && inner.Path() == target && !element {
		// A field that does not exist has the entry null, as others may have.
		return b.equal(bound{known: true}, document.NullValue())
	}
	if b.multikey || element {
		return unbounded
	}
	k := b.of(inner, target, element)
	if !k.known || !k.exact {
		return unbounded
	}
	return bound{set: complement(k.set), known: true, exact: true}
}

// elem returns what an elemMatch says of the elements of its array, or of a field
// within them.
func (b *bounder) elem(t query.Term, target string, element bool) bound {
	if element && (t.Path() == "" || t.Positional(0)) {
		return unbounded
	}
	rest, ok := below(target, t.Path())
	if !ok {
		return unbounded
	}
	k := b.of(t.At(0), rest, true)
	k.exact = false // a value that is no array meets no elemMatch
	return k
}

// below returns what is left of path behind prefix, both dotted.
func below(path, prefix string) (rest string, ok bool) {
	switch {
	case path == prefix:
		return "", true
	case len(path) > len(prefix) && path[len(prefix)] == '.' && path[:len(prefix)] == prefix:
		return path[len(prefix)+1:], true
	}
	return "", false
}

// leaf returns the bound of a test of the field itself.
func (b *bounder) leaf(t query.Term) bound {
	var k bound
	switch t.Kind() {
	case query.TermEq:
		k = b.equal(bound{known: true, exact: true}, t.Value())
		k.set = union(k.set)
	case query.TermIn:
		k = b.in(t)
	case query.TermGt, query.TermGte, query.TermLt, query.TermLte:
		k = b.within(t.Kind(), t.Value())
	case query.TermRegex:
		k = bound{set: []interval{b.prefix(t.Prefix())}, known: true}
	case query.TermExists:
		if b.index == nil || !b.index.Spec().Sparse || len(b.index.Spec().Fields) > 1 {
			return unbounded
		}
		k = bound{set: whole, known: true, exact: true} // it has no other entries
	default:
		return unbounded
	}
	if b.multikey && k.exact {
		k.exact = !positional(t)
	}
	return k
}

// positional reports whether a segment of the path of t may be a place in an array.
// Then a document has entries for values that the filter does not look at.
func positional(t query.Term) bool {
	for i := range t.Segments() {
		if t.Positional(i) {
			return true
		}
	}
	return false
}

// usualKey is how many bytes the two ends of a value's interval take, or a bit less.
const usualKey = 20

func (b *bounder) in(t query.Term) bound {
	n, patterns := t.Members()
	k := bound{set: make([]interval, 0, n), known: true, exact: true}
	reserve(b.arena, n*usualKey)
	for v := range t.Each {
		k = b.equal(k, v)
	}
	if patterns > 0 {
		k.exact = false
		t.EachPrefix(func(p string) { k.set = append(k.set, b.prefix(p)) })
	}
	k.set = union(k.set)
	return k
}

// equal adds to k the values that equal v: for an array its first element, by which
// an array that equals it has an entry, and the array itself, which may be the
// element of another one. The set is in no order then.
func (b *bounder) equal(k bound, v document.Value) bound {
	switch v.Kind() {
	case document.Array:
		first := v.Element(0)
		if first.Exists() {
			p, _ := b.point(first)
			k.set = append(k.set, p)
		} else {
			k.set = append(k.set, b.empty())
		}
		k.exact = false
	case document.Null:
		// Beyond an array a path that leads nowhere has the entry null, yet the
		// filter finds nothing there.
		k.exact = k.exact && !b.multikey
	}
	p, cut := b.point(v)
	k.exact = k.exact && !cut
	k.set = append(k.set, p)
	return k
}

// An edge lies before all encodings that start with a block of bytes, or behind
// them.
type edge struct {
	block  []byte
	behind bool
	end    end // what it stands for
}

// bytes returns the smallest key behind the edge.
func (b *bounder) bytes(e edge) []byte {
	if e.behind {
		return b.after(e.block)
	}
	return e.block
}

// stretch returns the interval between two edges, the lower values first.
func (b *bounder) stretch(from, to edge, part float64) interval {
	if b.desc {
		from, to = to, from
		from.behind, to.behind = !from.behind, !to.behind
	}
	return interval{lo: b.bytes(from), hi: b.bytes(to), part: part, first: from.end, last: to.end}
}

// within returns the values of the kind of v that stand to v as op says.
func (b *bounder) within(op query.TermKind, v document.Value) bound {
	orEqual := op == query.TermGte || op == query.TermLte
	k := bound{known: true, exact: true}
	switch {
	case v.Kind() == document.Array:
		return unbounded // arrays have entries for their elements, not for themselves
	case v.Kind() == document.Null || isNaN(v):
		if orEqual {
			k = b.equal(k, v)
		}
		return k
	}
	enc, cut := b.encode(v)
	low, high := edge{block: enc[:1]}, edge{block: enc[:1], behind: true}
	if v.Kind() == document.Number {
		low = edge{block: b.nan(), behind: true}
	}
	at := edge{enc, op == query.TermGt || op == query.TermLte, end{value: v, open: !orEqual}}
	if cut {
		// Values that begin alike are in no order: all of them may lie within.
		at.block, at.behind = enc[:index.MaxValue], op == query.TermLt || op == query.TermLte
		k.exact = false
	}
	if op == query.TermGt || op == query.TermGte {
		low = at
	} else {
		high = at
	}
	s := b.stretch(low, high, oneSide)
	if s.hi == nil || string(s.lo) < string(s.hi) {
		k.set = []interval{s}
	}
	return k
}

// prefix returns the strings that begin with text.
func (b *bounder) prefix(text string) interval {
	const terminator = 2
	enc := b.append(document.Text(text))
	enc = enc[:min(len(enc)-terminator, index.MaxValue)]
	part := begins
	if text == "" {
		part = mostly
	}
	at := end{value: document.Text(text), begin: true}
	return b.stretch(edge{enc, false, at}, edge{enc, true, at}, part)
}

// point returns the interval of one value, and whether its key was cut, so that
// other values may lie in it.
func (b *bounder) point(v document.Value) (interval, bool) {
	enc, cut := b.encode(v)
	return interval{lo: enc, hi: b.after(enc), point: true, part: equals, first: end{value: v}, last: end{value: v}}, cut
}

// empty returns the interval of arrays without elements.
func (b *bounder) empty() interval {
	start := len(*b.arena)
	*b.arena = keys.AppendEmpty(*b.arena, b.desc)
	enc := b.cut(start)
	at := end{value: emptyArray}
	return interval{lo: enc, hi: b.after(enc), point: true, part: equals, first: at, last: at}
}

// encode returns the key of v as the field holds it.
func (b *bounder) encode(v document.Value) (enc []byte, cut bool) {
	if b.index == nil {
		return b.append(v), false
	}
	start := len(*b.arena)
	*b.arena, cut = b.index.AppendValue(*b.arena, b.field, v)
	return b.cut(start), cut
}

// append returns the whole key of v.
func (b *bounder) append(v document.Value) []byte {
	start := len(*b.arena)
	*b.arena = keys.Append(*b.arena, v, b.desc)
	return b.cut(start)
}

// after returns what [keys.After] does.
func (b *bounder) after(block []byte) []byte {
	end := len(block)
	for end > 0 && block[end-1] == 0xFF {
		end--
	}
	if end == 0 {
		return nil
	}
	start := len(*b.arena)
	*b.arena = append(*b.arena, block[:end]...)
	next := b.cut(start)
	next[end-1]++
	return next
}

// reserve makes room for n bytes. What was cut from an arena stays where it is, so that
// nothing needs to be copied.
func reserve(arena *[]byte, n int) {
	if cap(*arena)-len(*arena) < n {
		*arena = make([]byte, 0, n)
	}
}

// cut returns what has been added to the arena since start.
func (b *bounder) cut(start int) []byte {
	end := len(*b.arena)
	return (*b.arena)[start:end:end]
}

// nan returns the key of not-a-number, below which no number lies.
func (b *bounder) nan() []byte {
	if b.desc {
		return nanDesc
	}
	return nanAsc
}

// emptyArray is what stands for the interval of arrays without elements.
var emptyArray, _ = document.Of([]any{})

var (
	nanAsc  = keys.Append(nil, document.Float(math.NaN()), false)
	nanDesc = keys.Append(nil, document.Float(math.NaN()), true)
)

func isNaN(v document.Value) bool {
	if v.IsInt() {
		return false
	}
	f, ok := v.Float64()
	return ok && math.IsNaN(f)
}

// firstSegment returns path up to its first dot.
func firstSegment(path string) string {
	first, _, _ := strings.Cut(path, ".")
	return first
}
