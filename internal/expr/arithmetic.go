package expr

import (
	"math"

	"github.com/virgadb/virga/document"
)

// arithmetic holds the operators that calculate.
var arithmetic = table{
	"$add":      {max: many, fn: add},
	"$subtract": {min: 2, max: 2, fn: subtract},
	"$multiply": {max: many, fn: multiplyAll},
	"$divide":   {min: 2, max: 2, fn: binary(divide)},
	"$mod":      {min: 2, max: 2, fn: binary(modulo)},
	"$pow":      {min: 2, max: 2, fn: binary(power)},
	"$abs":      {min: 1, max: 1, fn: unary(absolute)},
	"$ceil":     {min: 1, max: 1, fn: unary(whole(math.Ceil))},
	"$floor":    {min: 1, max: 1, fn: unary(whole(math.Floor))},
	"$round":    {min: 1, max: 2, fn: rounded(halfEven)},
	"$trunc":    {min: 1, max: 2, fn: rounded(towardZero)},
	"$bitAnd":   {max: many, fn: bitwise(-1, func(a, b int64) int64 { return a & b })},
	"$bitOr":    {max: many, fn: bitwise(0, func(a, b int64) int64 { return a | b })},
	"$bitXor":   {max: many, fn: bitwise(0, func(a, b int64) int64 { return a ^ b })},
	"$bitNot":   {min: 1, max: 1, fn: bitNot},
	"$rand":     {build: buildRand, random: true},
}

// unary returns the function of an operator on one number: null for the absence of one.
func unary(f func(number) (number, error)) function {
	return func(e *Env, args []document.Value) (document.Value, error) {
		if nullish(args[0]) {
			return null, nil
		}
		n, ok := numberOf(args[0])
		if !ok {
			return missing, needs("a number", args[0])
		}
		n, err := f(n)
		if err != nil {
			return missing, err
		}
		return e.number(n), nil
	}
}

// binary returns the function of an operator on two numbers.
func binary(f func(a, b number) (number, error)) function {
	return func(e *Env, args []document.Value) (document.Value, error) {
		a, isNumber := numberOf(args[0])
		b, too := numberOf(args[1])
		if isNumber && too {
			n, err := f(a, b)
			if err != nil {
				return missing, err
			}
			return e.number(n), nil
		}
		for _, v := range args {
			if nullish(v) {
				return null, nil
			}
		}
		if isNumber {
			return missing, needs("numbers", args[1])
		}
		return missing, needs("numbers", args[0])
	}
}

// add sums up numbers, and at most one date.
func add(e *Env, args []document.Value) (document.Value, error) {
	sum := number{}
	date := false
	for _, v := range args {
		n, ok := numberOf(v)
		switch {
		case ok:
		case nullish(v):
			return null, nil
		case v.Kind() == document.Date && !date:
			date = true
			n.i, _ = v.Millis()
		case v.Kind() == document.Date:
			return missing, invalid("takes only one date")
		default:
			return missing, needs("numbers, or a date and numbers", v)
		}
		sum = sum.plus(n)
	}
	if !date {
		return e.number(sum), nil
	}
	ms, err := sum.milliseconds()
	if err != nil {
		return missing, err
	}
	return e.date(ms)
}

// milliseconds returns n as a date or a stretch of time, rounded.
func (n number) milliseconds() (int64, error) {
	if !n.float {
		return n.i, nil
	}
	f := math.Round(n.f)
	if !(f >= -1<<63 && f < 1<<63) {
		return 0, invalid("the date is out of range")
	}
	return int64(f), nil
}

func subtract(e *Env, args []document.Value) (document.Value, error) {
	a, b := args[0], args[1]
	n, isNumber := numberOf(a)
	m, too := numberOf(b)
	switch {
	case isNumber && too:
		return e.number(n.minus(m)), nil
	case nullish(a) || nullish(b):
		return null, nil
	case a.Kind() != document.Date:
		if isNumber {
			return missing, invalid("cannot take a %s from a number", b.Kind())
		}
		return missing, needs("numbers or dates", a)
	}
	ms, _ := a.Millis()
	if other, ok := b.Millis(); ok {
		return e.integer(ms - other), nil
	}
	if !too {
		return missing, invalid("cannot take a %s from a date", b.Kind())
	}
	less, err := m.milliseconds()
	if err != nil {
		return missing, err
	}
	diff := number{i: ms}.minus(number{i: less})
	if diff.float {
		return missing, invalid("the date is out of range")
	}
	return e.date(diff.i)
}

func multiplyAll(e *Env, args []document.Value) (document.Value, error) {
	product := number{i: 1}
	for _, v := range args {
		n, ok := numberOf(v)
		if !ok {
			if nullish(v) {
				return null, nil
			}
			return missing, needs("numbers", v)
		}
		product = product.times(n)
	}
	return e.number(product), nil
}

func divide(a, b number) (number, error) {
	if b.isZero() {
		return number{}, invalid("division by zero")
	}
	return floating(a.asFloat() / b.asFloat()), nil
}

func modulo(a, b number) (number, error) {
	if b.isZero() {
		return number{}, invalid("division by zero")
	}
	return a.remainder(b), nil
}

func power(a, b number) (number, error) {
	if a.isZero() && b.asFloat() < 0 {
		return number{}, invalid("zero to a negative power")
	}
	return a.power(b), nil
}

func absolute(n number) (number, error) {
	switch {
	case n.float:
		return floating(math.Abs(n.f)), nil
	case n.i == math.MinInt64:
		return number{}, invalid("the result does not fit into 64 bits")
	case n.i < 0:
		return number{i: -n.i}, nil
	}
	return n, nil
}

// whole returns the operation that makes floats whole by f.
func whole(f func(float64) float64) func(number) (number, error) {
	return func(n number) (number, error) {
		if n.float {
			n.f = f(n.f)
		}
		return n, nil
	}
}

// bitwise returns the function that joins integers by f.
func bitwise(neutral int64, f func(a, b int64) int64) function {
	return func(e *Env, args []document.Value) (document.Value, error) {
		result := neutral
		for _, v := range args {
			i, err := bitsOf(v)
			if err != nil {
				return missing, err
			}
			if nullish(v) {
				return null, nil
			}
			result = f(result, i)
		}
		return e.integer(result), nil
	}
}

func bitNot(e *Env, args []document.Value) (document.Value, error) {
	i, err := bitsOf(args[0])
	if err != nil || nullish(args[0]) {
		return null, err
	}
	return e.integer(^i), nil
}

// bitsOf returns the bits of an integer; null has none.
func bitsOf(v document.Value) (int64, error) {
	if nullish(v) {
		return 0, nil
	}
	if v.Kind() != document.Number {
		return 0, needs("integers", v)
	}
	if !v.IsInt() {
		return 0, invalid("needs integers, found a float")
	}
	i, _ := v.Int64()
	return i, nil
}

// A random yields numbers from 0 up to 1.
type random struct{}

func (random) eval(e *Env) (document.Value, error) { return e.float(e.fraction()), nil }

// fraction returns a random number from 0 up to, but not including, 1.
func (e *Env) fraction() float64 { return float64(e.Uint64()>>11) / (1 << 53) }

func buildRand(c *compiler, at place, v any) (node, error) {
	if fields, ok := document.Pairs(v); !ok || len(fields) > 0 {
		if list, ok := document.List(v); !ok || len(list) > 0 {
			return nil, invalid("takes no operands")
		}
	}
	return random{}, nil
}
