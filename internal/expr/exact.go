package expr

import (
	"math"
	"math/bits"
)

// An exact is the sum of finite floats without rounding, so that neither the order
// in which they are added nor the parts in which they are summed matter. It is a
// whole number of the smallest float, 2^-1074, in digits of 32 bits whose carries
// wait in the upper half of a word, as in the small superaccumulator of R. M. Neal,
// "Fast Exact Summation Using Small and Large Superaccumulators", 2015.
//
// Sums of numbers of about one size need few of the digits, which are then held in
// place; the others make room for all.
type exact struct {
	few  [fewDigits]int64 // the digits from first on
	from int16            // one more than the place of few[0]; 0 while nothing was added
	adds uint16           // since carries were last moved
	all  *[allDigits]int64
}

const (
	fewDigits = 4
	allDigits = 67 // of a sum of 2^32 of the largest float, and a sign

	// maxAdds is how many floats may be added before carries have to be moved: each
	// adds less than 2^53 to a digit.
	maxAdds = 1 << 9
)

// add adds f, which must be finite.
func (x *exact) add(f float64) {
	b := math.Float64bits(f)
	exponent, m := int(b>>52&0x7ff), int64(b&(1<<52-1))
	if exponent == 0 {
		if m == 0 {
			return
		}
		exponent = 1
	} else {
		m |= 1 << 52
	}
	at, shift := (exponent-1)>>5, (exponent-1)&31
	sign := int64(b) >> 63
	low, high := m<<shift&math.MaxUint32, m>>(32-shift)
	low, high = low^sign-sign, high^sign-sign
	if x.from == 0 {
		x.from = int16(max(at-1, 0)) + 1
	}
	if i := at - int(x.from) + 1; x.all == nil && uint(i) < fewDigits-1 {
		x.few[i] += low
		x.few[i+1] += high
	} else {
		x.widen()
		x.all[at] += low
		x.all[at+1] += high
	}
	if x.adds++; x.adds == maxAdds {
		x.carry()
	}
}

// widen makes room for all digits.
func (x *exact) widen() {
	if x.all == nil {
		x.all = new([allDigits]int64)
		if x.from > 0 {
			copy(x.all[x.from-1:], x.few[:])
		}
	}
}

// carry leaves digits from 0 to 2^32-1, and the sign in the last.
func (x *exact) carry() {
	x.adds = 0
	if x.all != nil {
		carryDigits(x.all[:])
		return
	}
	carryDigits(x.few[:])
	if top := x.few[fewDigits-1]; top >= 1<<61 || top <= -1<<61 {
		x.widen()
		carryDigits(x.all[:])
	}
}

func carryDigits(d []int64) {
	for i := range len(d) - 1 {
		c := d[i] >> 32
		d[i] -= c << 32
		d[i+1] += c
	}
}

// merge adds the sum o.
func (x *exact) merge(o *exact) {
	if o.from == 0 {
		return
	}
	if x.from == 0 {
		x.from = o.from
	}
	x.carry()
	o.carry()
	if x.all == nil && o.all == nil && x.from == o.from {
		for i, d := range o.few {
			x.few[i] += d
		}
	} else {
		x.widen()
		o.widen()
		for i, d := range o.all {
			x.all[i] += d
		}
	}
	x.carry()
}

// clone returns a sum that what is added to changes x no more.
func (x *exact) clone() exact {
	c := *x
	if x.all != nil {
		all := *x.all
		c.all = &all
	}
	return c
}

// round returns the float nearest to the sum, the even one of two.
func (x *exact) round() float64 {
	var room [allDigits]int64
	d := room[:]
	if x.all != nil {
		room = *x.all
	} else if x.from > 0 {
		copy(d[x.from-1:], x.few[:])
	}
	carryDigits(d)
	sign := 1.0
	if d[allDigits-1] < 0 {
		sign = -1
		for i := range d {
			d[i] = -d[i]
		}
		carryDigits(d)
	}
	top := allDigits - 1
	for top > 0 && d[top] == 0 {
		top--
	}
	length := 32*top + bits.Len64(uint64(d[top]))
	if length <= 53 {
		return sign * math.Ldexp(float64(d[0]+d[1]<<32), -1074)
	}
	// The 53 highest bits, one more that says where half way is, and whether any
	// below is set.
	shift := length - 54
	m := bitsAt(d, shift)
	rest := d[shift>>5]&(1<<(shift&31)-1) != 0
	for i := 0; i < shift>>5 && !rest; i++ {
		rest = d[i] != 0
	}
	if m&1 == 1 && (rest || m&2 == 2) {
		m++
	}
	return sign * math.Ldexp(float64(m>>1), shift+1-1074)
}

// bitsAt returns the bits of d from place at on, at most 64 of them.
func bitsAt(d []int64, at int) uint64 {
	i, shift := at>>5, at&31
	v := (uint64(d[i]) | uint64(d[i+1])<<32) >> shift
	if i+2 < len(d) {
		v |= uint64(d[i+2]) << (64 - shift)
	}
	return v
}

// size returns the memory in use beside the struct, in bytes.
func (x *exact) size() int {
	if x.all == nil {
		return 0
	}
	return 8 * allDigits
}
