package expr

import (
	"math"
	"math/bits"

	"github.com/virgadb/virga/document"
)

// A sum adds numbers without rounding: integers in 128 bits, floats in an [exact].
// What comes out is rounded once, and is the same in whatever order and parts the
// numbers are added.
type sum struct {
	high, low  uint64 // of the integers, two's complement
	floats     exact
	float      bool // a float was added
	n          int64
	infinities float64 // the sum of NaN and infinities, which have no digits
	special    bool
}

func (s *sum) add(n number) {
	s.n++
	if !n.float {
		var carry uint64
		s.low, carry = bits.Add64(s.low, uint64(n.i), 0)
		s.high, _ = bits.Add64(s.high, uint64(n.i>>63), carry)
		return
	}
	s.float = true
	if math.IsInf(n.f, 0) || n.f != n.f {
		s.infinities += n.f
		s.special = true
		return
	}
	s.floats.add(n.f)
}

// merge adds the sum o, which may not be used afterwards.
func (s *sum) merge(o *sum) {
	var carry uint64
	s.low, carry = bits.Add64(s.low, o.low, 0)
	s.high, _ = bits.Add64(s.high, o.high, carry)
	s.n += o.n
	s.float = s.float || o.float
	s.special = s.special || o.special
	s.infinities += o.infinities
	s.floats.merge(&o.floats)
}

// total returns the sum: an integer when only integers were added and it fits.
func (s *sum) total() number {
	switch {
	case !s.float && s.high == uint64(int64(s.low)>>63):
		return number{i: int64(s.low)}
	case s.special:
		return floating(s.infinities)
	}
	sign, high, low := 1.0, s.high, s.low
	if int64(high) < 0 {
		var borrow uint64
		sign = -1
		low, borrow = bits.Sub64(0, low, 0)
		high, _ = bits.Sub64(0, high, borrow)
	}
	// In pieces of 32 bits, which are floats without rounding.
	t := s.floats.clone()
	t.add(sign * float64(high>>32) * (1 << 96))
	t.add(sign * float64(high&math.MaxUint32) * (1 << 64))
	t.add(sign * float64(low>>32) * (1 << 32))
	t.add(sign * float64(low&math.MaxUint32))
	return floating(t.round())
}

// A sumOf is $sum or, when average is set, $avg.
type sumOf struct {
	sum
	average bool
}

func (s *sumOf) Add(v document.Value) error {
	if n, ok := numberOf(v); ok {
		s.sum.add(n)
	}
	return nil
}

func (s *sumOf) Result(e *Env) (document.Value, error) { return s.result(e, s.average), nil }
func (s *sumOf) Size() int                             { return 112 + s.floats.size() }

func (s *sumOf) result(e *Env, average bool) document.Value {
	switch {
	case !average:
		return e.number(s.total())
	case s.n == 0:
		return null
	}
	return e.float(s.total().asFloat() / float64(s.n))
}

// A deviation is $stdDevPop or, when sample is set, $stdDevSamp, by Welford's
// method.
type deviation struct {
	sample     bool
	n          int64
	mean, sum2 float64
}

func (d *deviation) Add(v document.Value) error {
	if n, ok := numberOf(v); ok {
		x := n.asFloat()
		d.n++
		delta := x - d.mean
		d.mean += delta / float64(d.n)
		d.sum2 += delta * (x - d.mean)
	}
	return nil
}

func (d *deviation) Result(e *Env) (document.Value, error) {
	n := d.n
	if d.sample {
		n--
	}
	if n <= 0 {
		return null, nil
	}
	return e.float(math.Sqrt(d.sum2 / float64(n))), nil
}

func (d *deviation) Size() int { return 32 }
