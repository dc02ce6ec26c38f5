package expr

// A Merger is an [Accumulator] that can take over what another one, of the same
// accumulation, was given, in any order.
type Merger interface {
	Accumulator
	// Merge adds what other was given. Other must not be used afterwards.
	Merge(other Accumulator)
}

// Mergeable reports whether the accumulators of a are each a [Merger].
func (a *Accumulation) Mergeable() bool {
	_, ok := a.New().(Merger)
	return ok
}

// Merge adds what the sum other was given.
func (s *sumOf) Merge(other Accumulator) { s.sum.merge(&other.(*sumOf).sum) }
