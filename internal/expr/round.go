package expr

import (
	"math"
	"math/big"
	"strconv"

	"github.com/virgadb/virga/document"
)

// A rounding makes numbers whole.
type rounding struct {
	float  func(float64) float64
	places func(f float64, places int) float64
	// integer returns q, or a neighbour, given that r of a unit is left over q units.
	integer func(q, r, unit int64) int64
}

var halfEven = rounding{
	float: math.RoundToEven,
	places: func(f float64, places int) float64 {
		// The shortest exact way: decimals are rounded half to even of the exact value.
		r, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'f', places, 64), 64)
		return r
	},
	integer: func(q, r, unit int64) int64 {
		half := unit / 2
		switch {
		case r > half || r == half && q&1 != 0:
			return q + 1
		case r < -half || r == -half && q&1 != 0:
			return q - 1
		}
		return q
	},
}

var towardZero = rounding{
	float: math.Trunc,
	places: func(f float64, places int) float64 {
		exact := new(big.Float).SetFloat64(f).Text('f', 1074) // all the digits a float may have
		cut := exact[:len(exact)-1074+places]
		r, _ := strconv.ParseFloat(cut, 64)
		return r
	},
	integer: func(q, _, _ int64) int64 { return q },
}

// rounded returns the function of $round or $trunc: a number and, if given, to how
// many decimal places, of which a negative number counts in front of the point.
func rounded(r rounding) function {
	return func(e *Env, args []document.Value) (document.Value, error) {
		if nullish(args[0]) {
			return null, nil
		}
		n, ok := numberOf(args[0])
		if !ok {
			return missing, needs("a number", args[0])
		}
		places := 0
		if len(args) == 2 {
			if nullish(args[1]) {
				return null, nil
			}
			p, ok := integral(args[1])
			if !ok || p < -20 || p > 100 {
				return missing, invalid("needs a whole number of places from -20 to 100")
			}
			places = int(p)
		}
		if n.float {
			return e.float(r.round(n.f, places)), nil
		}
		i, ok := r.roundInteger(n.i, places)
		if !ok {
			return missing, invalid("the result does not fit into 64 bits")
		}
		return e.integer(i), nil
	}
}

func (r rounding) round(f float64, places int) float64 {
	switch {
	case math.IsInf(f, 0) || f != f:
		return f
	case places == 0:
		return r.float(f)
	case places > 0:
		return r.places(f, places)
	}
	unit := math.Pow10(-places)
	rest := math.Mod(f, unit)
	return f - rest + r.nearest(rest, math.Trunc(f/unit), unit)
}

// roundInteger reports false when what i is rounded to is no integer of 64 bits.
func (r rounding) roundInteger(i int64, places int) (int64, bool) {
	switch {
	case places >= 0:
		return i, true
	case places < -18: // the unit is none
		return 0, r.nearest(float64(i), 0, math.Pow10(-places)) == 0
	}
	unit := integerUnit(-places)
	return multiply(r.integer(i/unit, i%unit, unit), unit)
}

// nearest returns what the rest of q units is rounded to: nothing or a unit.
func (r rounding) nearest(rest, q, unit float64) float64 {
	odd := int64(0)
	if math.Mod(q, 2) != 0 {
		odd = 1
	}
	const fine = 1 << 40 // of the unit, to tell a half from what is above and below
	scaled := int64(0)
	switch half := unit / 2; {
	case math.Abs(rest) > half:
		scaled = fine/2 + 1
	case math.Abs(rest) == half:
		scaled = fine / 2
	}
	return math.Copysign(float64(r.integer(odd, scaled, fine)-odd)*unit, rest)
}

func integerUnit(zeros int) int64 {
	unit := int64(1)
	for ; zeros > 0; zeros-- {
		unit *= 10
	}
	return unit
}
