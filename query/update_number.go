package query

import (
	"fmt"
	"math"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// An arithmetic is $inc or $mul with a number.
type arithmetic struct {
	name    string
	value   document.Value // of the operand
	missing document.Value // what a missing field becomes
	exact   func(a, b int64) (int64, bool)
	float   func(a, b float64) float64
}

func makeInc(_ *updateCompiler, _ string, operand any) (operator, error) {
	n, err := numberOf(operand)
	return &arithmetic{"$inc", n, n, add, func(a, b float64) float64 { return a + b }}, err
}

func makeMul(_ *updateCompiler, _ string, operand any) (operator, error) {
	n, err := numberOf(operand)
	zero := document.Int(0)
	if !n.IsInt() {
		zero = document.Float(0)
	}
	return &arithmetic{"$mul", n, zero, multiply, func(a, b float64) float64 { return a * b }}, err
}

// numberOf returns the number that an operand is.
func numberOf(operand any) (document.Value, error) {
	v, err := document.Of(operand)
	if err == nil && v.Kind() != document.Number {
		err = fmt.Errorf("needs a number, found %s: %w", v.Kind(), fault.ErrInvalid)
	}
	return v, err
}

func (a *arithmetic) revise(e *edit, t target) (bool, error) {
	if t.value.Kind() != document.Number {
		return false, fmt.Errorf("%s needs a number, found %s: %w", a.name, t.value.Kind(), fault.ErrInvalid)
	}
	if !t.value.IsInt() || !a.value.IsInt() {
		x, _ := t.value.Float64()
		y, _ := a.value.Float64()
		return e.set(t, document.Float(a.float(x, y)))
	}
	x, _ := t.value.Int64()
	y, _ := a.value.Int64()
	z, ok := a.exact(x, y)
	if !ok {
		return false, fmt.Errorf("%s of %d and %d gives a number over 64 bits: %w", a.name, x, y, fault.ErrInvalid)
	}
	return e.set(t, document.Int(z))
}

func (a *arithmetic) fresh(*edit, bool) (document.Value, error) { return a.missing, nil }
func (a *arithmetic) tolerant(*edit) bool                       { return false }

// add returns a + b, unless that is over 64 bits.
func add(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}

// multiply returns a * b, unless that is over 64 bits.
func multiply(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	product := a * b
	// The smallest integer has no opposite: the division below would not show it.
	smallest := a == -1 && b == math.MinInt64 || b == -1 && a == math.MinInt64
	return product, !smallest && product/b == a
}

// A bitwise is $bit: its steps in the order given.
type bitwise []bitStep

type bitStep struct {
	op   string // and, or, xor
	mask int64
}

func makeBit(_ *updateCompiler, _ string, operand any) (operator, error) {
	fields, ok := pairsOf(operand)
	if !ok || len(fields) == 0 {
		return nil, fmt.Errorf("needs an object such as {and: 1}, found %s: %w", describe(operand), fault.ErrInvalid)
	}
	var b bitwise
	for _, f := range fields {
		v, err := document.Of(f.Value)
		if err != nil {
			return nil, err
		}
		mask, _ := v.Int64()
		switch {
		case f.Key != "and" && f.Key != "or" && f.Key != "xor":
			return nil, fmt.Errorf("%q is none of and, or, xor: %w", f.Key, fault.ErrInvalid)
		case !v.IsInt():
			return nil, fmt.Errorf("%s needs an integer, found %s: %w", f.Key, brief(v), fault.ErrInvalid)
		}
		b = append(b, bitStep{f.Key, mask})
	}
	return b, nil
}

func (b bitwise) revise(e *edit, t target) (bool, error) {
	if !t.value.IsInt() {
		return false, fmt.Errorf("$bit needs an integer, found %s: %w", brief(t.value), fault.ErrInvalid)
	}
	n, _ := t.value.Int64()
	return e.set(t, document.Int(b.of(n)))
}

func (b bitwise) fresh(*edit, bool) (document.Value, error) { return document.Int(b.of(0)), nil }
func (b bitwise) tolerant(*edit) bool                       { return false }

func (b bitwise) of(n int64) int64 {
	for _, s := range b {
		switch s.op {
		case "and":
			n &= s.mask
		case "or":
			n |= s.mask
		case "xor":
			n ^= s.mask
		}
	}
	return n
}
