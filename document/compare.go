package document

import (
	"bytes"
	"cmp"
	"math"
)

// Compare returns -1, 0 or 1 as a comes before, with or after b in the one order
// of all values. It is total: kinds in the order of their constants; numbers by
// exact value, integers and floats alike, NaN equal to itself and below all
// others, -0 equal to 0; strings, binaries and regular expressions by their bytes;
// false before true; dates by time; arrays element by element; objects field by
// field in stored order, each by kind, then name, then value. Of two containers
// that agree as far as the shorter goes, the shorter comes first.
func Compare(a, b Value) int { return compare(a, b, 0) }

// Equal reports whether Compare(a, b) is 0.
func Equal(a, b Value) bool {
	return bytes.Equal(a.raw, b.raw) || compare(a, b, 0) == 0
}

// compare is Compare at the given depth. Malformed bytes may be nested without
// end; what lies far below any stored value is compared as bytes.
func compare(a, b Value, depth int) int {
	k, l := a.Kind(), b.Kind()
	if k != l {
		return cmp.Compare(k, l)
	}
	switch k {
	case Number:
		return compareNumbers(a, b)
	case String, Binary:
		return bytes.Compare(a.Bytes(), b.Bytes())
	case Object, Array:
		if depth > 2*MaxDepth || bytes.Equal(a.raw, b.raw) {
			return bytes.Compare(a.raw, b.raw)
		}
		if k == Object {
			return compareObjects(a, b, depth)
		}
		return compareArrays(a, b, depth)
	case Bool:
		return cmp.Compare(a.raw[0], b.raw[0])
	case Date:
		x, _ := a.Millis()
		y, _ := b.Millis()
		return cmp.Compare(x, y)
	case Regexp:
		return bytes.Compare(a.regex(), b.regex())
	}
	return 0
}

func compareNumbers(a, b Value) int {
	x, _ := numberOf(a.raw)
	y, _ := numberOf(b.raw)
	switch {
	case !x.float && !y.float:
		return cmp.Compare(x.i, y.i)
	case x.float && y.float:
		return cmp.Compare(x.f, y.f) // orders NaN below all and equal to itself
	case x.float:
		return -compareIntFloat(y.i, x.f)
	}
	return compareIntFloat(x.i, y.f)
}

// compareIntFloat compares without rounding either number.
func compareIntFloat(i int64, f float64) int {
	switch {
	case f != f || f < -1<<63:
		return 1
	case f >= 1<<63:
		return -1
	}
	whole := math.Trunc(f)
	if c := cmp.Compare(i, int64(whole)); c != 0 {
		return c
	}
	return cmp.Compare(whole, f)
}

func compareObjects(a, b Value, depth int) int {
	f, g := a.Fields(), b.Fields()
	for {
		x, y := f.Next(), g.Next()
		if !x || !y {
			return compareEnds(x, y)
		}
		if c := cmp.Compare(f.Value().Kind(), g.Value().Kind()); c != 0 {
			return c
		}
		if c := bytes.Compare(f.Key(), g.Key()); c != 0 {
			return c
		}
		if c := compare(f.Value(), g.Value(), depth+1); c != 0 {
			return c
		}
	}
}

func compareArrays(a, b Value, depth int) int {
	e, f := a.Elements(), b.Elements()
	for {
		x, y := e.Next(), f.Next()
		if !x || !y {
			return compareEnds(x, y)
		}
		if c := compare(e.Value(), f.Value(), depth+1); c != 0 {
			return c
		}
	}
}

// compareEnds orders two containers, of which at most one goes on.
func compareEnds(more, other bool) int {
	switch {
	case more:
		return 1
	case other:
		return -1
	}
	return 0
}
