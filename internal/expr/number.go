package expr

import (
	"math"

	"github.com/virgadb/virga/document"
)

// A number is an operand of arithmetic: an integer or, when float is set, a float.
type number struct {
	i     int64
	f     float64
	float bool
}

// numberOf returns the number v is.
func numberOf(v document.Value) (number, bool) {
	i, f, float, ok := v.Number()
	return number{i, f, float}, ok
}

// asFloat returns n as a float, rounded.
func (n number) asFloat() float64 {
	if n.float {
		return n.f
	}
	return float64(n.i)
}

func (n number) isZero() bool { return n.asFloat() == 0 }

func (e *Env) number(n number) document.Value {
	if n.float {
		return e.float(n.f)
	}
	return e.integer(n.i)
}

func floating(f float64) number { return number{f: f, float: true} }

// plus returns the sum: of integers a float where it does not fit.
func (n number) plus(m number) number {
	if !n.float && !m.float {
		if sum := n.i + m.i; (sum > n.i) == (m.i > 0) {
			return number{i: sum}
		}
	}
	return floating(n.asFloat() + m.asFloat())
}

// minus returns the difference.
func (n number) minus(m number) number {
	if !n.float && !m.float {
		if diff := n.i - m.i; (diff < n.i) == (m.i > 0) {
			return number{i: diff}
		}
	}
	return floating(n.asFloat() - m.asFloat())
}

// times returns the product.
func (n number) times(m number) number {
	if !n.float && !m.float {
		if product, ok := multiply(n.i, m.i); ok {
			return number{i: product}
		}
	}
	return floating(n.asFloat() * m.asFloat())
}

// multiply returns the product of integers, and whether it fits.
func multiply(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	c := a * b
	return c, c/b == a && (c < 0) == ((a < 0) != (b < 0))
}

// remainder returns what is left of n divided by m, which is not zero, with the
// sign of n.
func (n number) remainder(m number) number {
	if !n.float && !m.float {
		return number{i: n.i % m.i}
	}
	return floating(math.Mod(n.asFloat(), m.asFloat()))
}

// power returns n to the power of m: an integer where it is one and fits.
func (n number) power(m number) number {
	if !n.float && !m.float {
		if p, ok := integerPower(n.i, m.i); ok {
			return number{i: p}
		}
	}
	return floating(math.Pow(n.asFloat(), m.asFloat()))
}

func integerPower(base, exponent int64) (int64, bool) {
	switch {
	case base == 1:
		return 1, true
	case base == -1 && exponent&1 == 0:
		return 1, true
	case base == -1:
		return -1, true
	case exponent < 0:
		return 0, false
	case base == 0 && exponent > 0:
		return 0, true
	}
	result := int64(1)
	for ; exponent > 0; exponent-- { // at most 63 times: the product overflows then
		var ok bool
		if result, ok = multiply(result, base); !ok {
			return 0, false
		}
	}
	return result, true
}

// integral returns v as an integer when it is a number that is exactly one.
func integral(v document.Value) (int64, bool) {
	if v.Kind() != document.Number {
		return 0, false
	}
	return v.Int64()
}

// integer32 returns v as an integer of 32 bits when it is a number that is one.
func integer32(v document.Value) (int, bool) {
	i, ok := integral(v)
	return int(i), ok && i == int64(int32(i))
}

// truncated returns v, a number, as an integer cut toward zero.
func truncated(v document.Value) (int64, bool) {
	n, ok := numberOf(v)
	if !ok || !n.float {
		return n.i, ok
	}
	f := math.Trunc(n.f)
	if f >= -1<<63 && f < 1<<63 {
		return int64(f), true
	}
	return 0, false
}
