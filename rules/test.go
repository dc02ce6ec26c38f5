package rules

import (
	"math"

	"github.com/virgadb/virga/document"
)

// A testKind says what a test asks of a value.
type testKind uint8

const (
	testCompare testKind = iota // to stand to value as op says
	testAmong                   // to equal one of values
	testNull                    // to be null or missing
	testTrue                    // to count as true
)

// A test asks something of one value.
type test struct {
	kind   testKind
	op     compareOp        // opEq, or an order
	value  document.Value   // of testCompare
	values []document.Value // of testAmong
	null   bool             // of testAmong: or to be null or missing
	whole  bool             // an array is compared as a whole: an operand is one, as written
}

// meets reports whether v meets t.
func (t *test) meets(v document.Value) bool {
	switch t.kind {
	case testNull:
		return isNull(v)
	case testTrue:
		return counts(v)
	case testAmong:
		for i := range t.values {
			if equal(v, t.values[i]) {
				return true
			}
		}
		return t.null && isNull(v)
	}
	if t.op == opEq {
		return equal(v, t.value)
	}
	return ordered(t.op, v, t.value)
}

// never reports whether nothing meets t.
func (t *test) never() bool {
	switch t.kind {
	case testCompare:
		return !t.value.Exists() || t.op != opEq && !hasOrder(t.value)
	case testAmong:
		return len(t.values) == 0 && !t.null
	}
	return false
}

// size returns the number of bytes of the operands of t.
func (t *test) size() int {
	n := len(t.value.Raw())
	for i := range t.values {
		n += len(t.values[i].Raw())
	}
	return n
}

func isNull(v document.Value) bool { return v.Kind() == document.Null || !v.Exists() }

// counts reports whether v counts as true where && and || and ! want it to be true
// or false. It is JavaScript's notion.
func counts(v document.Value) bool {
	switch v.Kind() {
	case document.Missing, document.Null:
		return false
	case document.Bool:
		b, _ := v.Bool()
		return b
	case document.Number:
		f, _ := v.Float64()
		return f != 0 && !math.IsNaN(f)
	case document.String:
		return len(v.Bytes()) > 0
	}
	return true
}

// equal reports whether a equals b. Missing equals nothing, not even itself: a
// caller without an openid is not the owner of a document without one.
func equal(a, b document.Value) bool { return a.Exists() && b.Exists() && document.Equal(a, b) }

// hasOrder reports whether v can be less or greater than anything.
func hasOrder(v document.Value) bool {
	f, isNumber := v.Float64()
	return !isNull(v) && !(isNumber && math.IsNaN(f))
}

// ordered reports whether a stands to b as op says. Only values of one kind do.
func ordered(op compareOp, a, b document.Value) bool {
	if a.Kind() != b.Kind() || !hasOrder(a) || !hasOrder(b) {
		return false
	}
	return standing(op, document.Compare(a, b))
}

// standing reports whether a value that compares as c with a bound is within it.
func standing(op compareOp, c int) bool {
	switch op {
	case opGt:
		return c > 0
	case opGte:
		return c >= 0
	case opLt:
		return c < 0
	}
	return c <= 0
}
