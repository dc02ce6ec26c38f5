package expr

import (
	"math"
	"math/bits"

	"github.com/virgadb/virga/document"
)

// A sum adds numbers without losing what is small beside what is large: integers
// in 128 bits, floats in two words of which the second holds what the first has no
// room for. The order of what is added hardly matters.
type sum struct {
	high, low  uint64 // of the integers, two's complement
	f, rest    float64
	float      bool // a float was added
	n          int64
	infinities float64 // NaN and infinities, which would spoil rest
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
	s.addFloat(n.f)
}

// addFloat adds f: Knuth's two-sum.
func (s *sum) addFloat(f float64) {
	total := s.f + f
	part := total - s.f
	if !math.IsInf(total, 0) {
		s.rest += (s.f - (total - part)) + (f - part)
	}
	s.f = total
}

// total returns the sum: an integer when only integers were added and it fits.
func (s *sum) total() number {
	switch {
	case !s.float && s.high == uint64(int64(s.low)>>63):
		return number{i: int64(s.low)}
	case s.special:
		return floating(s.infinities)
	}
	t := *s
	sign, high, low := 1.0, s.high, s.low
	if int64(high) < 0 {
		var borrow uint64
		sign = -1
		low, borrow = bits.Sub64(0, low, 0)
		high, _ = bits.Sub64(0, high, borrow)
	}
	// In pieces of 32 bits, which are floats without rounding.
	t.addFloat(sign * float64(high>>32) * (1 << 96))
	t.addFloat(sign * float64(high&math.MaxUint32) * (1 << 64))
	t.addFloat(sign * float64(low>>32) * (1 << 32))
	t.addFloat(sign * float64(low&math.MaxUint32))
	if math.IsInf(t.f, 0) {
		return floating(t.f)
	}
	return floating(t.f + t.rest)
}

// A sumOf is $sum.
type sumOf struct{ sum }

func (s *sumOf) Add(v document.Value) error {
	if n, ok := numberOf(v); ok {
		s.sum.add(n)
	}
	return nil
}

func (s *sumOf) Result(e *Env) (document.Value, error) { return e.number(s.total()), nil }
func (s *sumOf) Size() int                             { return 80 }

// A mean is $avg.
type mean struct{ sumOf }

func (m *mean) Result(e *Env) (document.Value, error) {
	if m.n == 0 {
		return null, nil
	}
	return e.float(m.total().asFloat() / float64(m.n)), nil
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
