package query

import (
	"cmp"
	"math"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/regex"
)

// A testOp says what a test asks of a value.
type testOp uint8

const (
	testEq         testOp = iota // equal to value
	testGt                       // greater than value, of its kind
	testGte                      // greater or equal
	testLt                       // less
	testLte                      // less or equal
	testIn                       // one of set
	testExists                   // not missing
	testType                     // one of types
	testMod                      // number with remainder n[1] after division by n[0]
	testRegex                    // string that pattern matches
	testBits                     // number or binary with bits as wanted
	testObject                   // object, or array standing for one
	testWithin                   // geometry within an area
	testIntersects               // geometry that has a point in common with a shape
	testCells                    // point in cells
	testNear                     // never met: what it comes by is measured
	testSize                     // array of n[0] elements
	testElem                     // array with an element that elem holds for
)

// A test asks something of one value. Only the fields its op speaks of are set.
type test struct {
	op      testOp
	short   shortcut // of a comparison with value
	value   document.Value
	text    string // value as a string, for byText
	set     *set
	types   *types
	n       [2]int64 // operands that are whole numbers; n[0] is value as one, for byInteger
	pattern *regex.Pattern
	bits    *bitTest
	elem    *node
	geo     *geoTest
}

// A shortcut is a way to compare with an operand, settled when the filter is
// compiled, that answers what document.Compare does for less.
type shortcut uint8

const (
	byOrder   shortcut = iota // no shortcut
	byInteger                 // the operand is a whole number
	byText                    // the operand is a string
)

// comparison returns the test that compares with value as op says.
func comparison(op testOp, value document.Value) test {
	t := test{op: op, value: value}
	if n, ok := value.Int64(); ok {
		t.short, t.n[0] = byInteger, n
	} else if text, ok := value.Text(); ok {
		t.short, t.text = byText, text
	}
	return t
}

// whole reports whether t is about an array as a whole, never about its elements.
func (t *test) whole() bool { return t.op >= testSize || t.op == testExists }

// meets reports whether the one value v meets t.
func (m *matcher) meets(t *test, v document.Value) bool {
	switch t.op {
	case testEq:
		return equals(t, v)
	case testGt, testGte, testLt, testLte:
		return inRange(t, v)
	case testIn:
		return m.in(t.set, v)
	case testExists:
		return v.Exists()
	case testType:
		return t.types.has(v)
	case testMod:
		return remains(v, t.n[0], t.n[1])
	case testRegex:
		return m.matches(t.pattern, v)
	case testBits:
		return t.bits.match(v)
	case testObject:
		return v.Kind() == document.Object || v.Kind() == document.Array
	case testWithin:
		return t.geo.made.Within(t.geo.area, v)
	case testIntersects:
		return t.geo.made.Touching(t.geo.shape, v)
	case testCells:
		return t.geo.cells.Holds(v)
	case testNear:
		m.measure(t.geo.near, v)
		return false
	case testSize:
		return v.Kind() == document.Array && int64(v.Len()) == t.n[0]
	case testElem:
		return m.elemMatch(t.elem, v)
	}
	return false
}

// equals reports whether v equals t's value; a missing v is null.
func equals(t *test, v document.Value) bool {
	switch t.short {
	case byInteger:
		n, ok := v.Int64()
		return ok && n == t.n[0]
	case byText:
		return v.Kind() == document.String && string(v.Bytes()) == t.text
	}
	if !v.Exists() {
		return t.value.Kind() == document.Null
	}
	return document.Equal(v, t.value)
}

// inRange reports whether v stands to t's value as t says. Only values of one kind
// are compared, and not-a-number only equals itself.
func inRange(t *test, v document.Value) bool {
	orEqual := t.op == testGte || t.op == testLte
	if t.short == byInteger {
		if n, ok := v.Int64(); ok {
			return standing(t.op, cmp.Compare(n, t.n[0]))
		}
	}
	kind := v.Kind()
	if kind == document.Missing && !v.Exists() {
		kind = document.Null
	}
	if kind != t.value.Kind() {
		return false
	}
	switch kind {
	case document.Null:
		return orEqual
	case document.Number:
		if isNaN(v) || isNaN(t.value) {
			return orEqual && isNaN(v) && isNaN(t.value)
		}
	}
	return standing(t.op, document.Compare(v, t.value))
}

// standing reports whether a value that compares as c with a bound is within it.
func standing(op testOp, c int) bool {
	switch op {
	case testGt:
		return c > 0
	case testGte:
		return c >= 0
	case testLt:
		return c < 0
	}
	return c <= 0
}

func isNaN(v document.Value) bool {
	if v.IsInt() {
		return false
	}
	f, _ := v.Float64()
	return math.IsNaN(f)
}

// remains reports whether v is a number that leaves remainder when divided by
// divisor, all cut down to whole numbers.
func remains(v document.Value, divisor, remainder int64) bool {
	n, ok := integral(v)
	if !ok {
		return false
	}
	if divisor == -1 {
		return remainder == 0 // the smallest integer divided by -1 is none
	}
	return n%divisor == remainder
}

// integral returns the number v without its fraction, if that is an int64.
func integral(v document.Value) (int64, bool) {
	if n, ok := v.Int64(); ok {
		return n, true
	}
	f, ok := v.Float64()
	f = math.Trunc(f)
	if !ok || !(f >= math.MinInt64 && f < -math.MinInt64) {
		return 0, false
	}
	return int64(f), true
}

// elemMatch reports whether v is an array with an element that n holds for.
func (m *matcher) elemMatch(n *node, v document.Value) bool {
	if v.Kind() != document.Array {
		return false
	}
	elements := v.Elements()
	for elements.Next() {
		if m.holds(n, elements.Value()) {
			return true
		}
	}
	m.fail(elements.Err())
	return false
}
