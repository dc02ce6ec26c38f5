package document

// AppendPositions appends the first two numbers of each element of v to dst: v is an
// array of arrays of at least two numbers, as GeoJSON has lines. It reports false when
// v is anything else; what it has appended then counts for nothing. It goes over the
// bytes once, which cursors over arrays in arrays do not.
func AppendPositions[P ~[2]float64](dst []P, v Value) ([]P, bool) {
	dst, at := positionsAt(dst, v.raw, 0)
	return dst, at >= 0
}

// AppendLines is [AppendPositions] for an array of such arrays, as GeoJSON has polygons.
func AppendLines[L ~[]P, P ~[2]float64](dst []L, v Value) ([]L, bool) {
	k, at, n := headOf(v.raw)
	if k != Array {
		return dst, false
	}
	for range n {
		line, end := positionsAt(L(nil), v.raw, at)
		if end < 0 {
			return dst, false
		}
		dst, at = append(dst, line), end
	}
	return dst, true
}

// positionsAt reads the array that starts at b[at]. It returns where it ends, or -1.
func positionsAt[P ~[2]float64, L ~[]P](dst L, b []byte, at int) (L, int) {
	k, width, n := headOf(b[min(at, len(b)):])
	if k != Array || n > len(b) {
		return dst, -1
	}
	if dst == nil {
		dst = make(L, 0, n)
	}
	at += width
	for range n {
		k, width, parts := headOf(b[min(at, len(b)):])
		if k != Array || parts < 2 {
			return dst, -1
		}
		at += width
		var p P
		for i := range p {
			number, ok := numberOf(b[min(at, len(b)):])
			if !ok {
				return dst, -1
			}
			p[i] = number.float64()
			if c := b[at]; c >= 0xca && c <= 0xd3 {
				at += int(forms[c&0x1f].fixed)
			}
			at++
		}
		for range parts - len(p) {
			if at = skip(b, at); at < 0 {
				return dst, -1
			}
		}
		dst = append(dst, p)
	}
	return dst, at
}

// float64 returns the number, an integer rounded.
func (n number) float64() float64 {
	if n.float {
		return n.f
	}
	return float64(n.i)
}
