package expr

import (
	"math"
)

// transcendental holds the operators that calculate in floats only.
var transcendental = table{
	"$exp":              {min: 1, max: 1, fn: real(math.Exp, everywhere, "")},
	"$ln":               {min: 1, max: 1, fn: real(math.Log, positive, "a positive number")},
	"$log10":            {min: 1, max: 1, fn: real(math.Log10, positive, "a positive number")},
	"$log":              {min: 2, max: 2, fn: binary(logarithm)},
	"$sqrt":             {min: 1, max: 1, fn: real(math.Sqrt, from(0), "a number that is not negative")},
	"$sin":              {min: 1, max: 1, fn: real(math.Sin, finite, "a finite number")},
	"$cos":              {min: 1, max: 1, fn: real(math.Cos, finite, "a finite number")},
	"$tan":              {min: 1, max: 1, fn: real(math.Tan, finite, "a finite number")},
	"$asin":             {min: 1, max: 1, fn: real(math.Asin, unit, "a number from -1 to 1")},
	"$acos":             {min: 1, max: 1, fn: real(math.Acos, unit, "a number from -1 to 1")},
	"$atan":             {min: 1, max: 1, fn: real(math.Atan, everywhere, "")},
	"$atan2":            {min: 2, max: 2, fn: binary(arcTangent)},
	"$sinh":             {min: 1, max: 1, fn: real(math.Sinh, everywhere, "")},
	"$cosh":             {min: 1, max: 1, fn: real(math.Cosh, everywhere, "")},
	"$tanh":             {min: 1, max: 1, fn: real(math.Tanh, everywhere, "")},
	"$asinh":            {min: 1, max: 1, fn: real(math.Asinh, everywhere, "")},
	"$acosh":            {min: 1, max: 1, fn: real(math.Acosh, from(1), "a number from 1 on")},
	"$atanh":            {min: 1, max: 1, fn: real(math.Atanh, unit, "a number from -1 to 1")},
	"$degreesToRadians": {min: 1, max: 1, fn: real(func(x float64) float64 { return x * (math.Pi / 180) }, everywhere, "")},
	"$radiansToDegrees": {min: 1, max: 1, fn: real(func(x float64) float64 { return x * (180 / math.Pi) }, everywhere, "")},
}

// real returns the function of an operator on one number within a domain. NaN is
// in every domain.
func real(f func(float64) float64, domain func(float64) bool, what string) function {
	return unary(func(n number) (number, error) {
		x := n.asFloat()
		if x == x && !domain(x) {
			return number{}, invalid("needs %s, found %v", what, x)
		}
		return floating(f(x)), nil
	})
}

func everywhere(float64) bool { return true }
func positive(x float64) bool { return x > 0 }
func finite(x float64) bool   { return !math.IsInf(x, 0) }
func unit(x float64) bool     { return x >= -1 && x <= 1 }
func from(least float64) func(float64) bool {
	return func(x float64) bool { return x >= least }
}

func logarithm(n, base number) (number, error) {
	x, b := n.asFloat(), base.asFloat()
	switch {
	case x <= 0:
		return number{}, invalid("needs a positive number, found %v", x)
	case b <= 0 || b == 1:
		return number{}, invalid("needs a positive base other than 1, found %v", b)
	}
	return floating(math.Log(x) / math.Log(b)), nil
}

func arcTangent(y, x number) (number, error) {
	return floating(math.Atan2(y.asFloat(), x.asFloat())), nil
}
