package document

// sizes holds the whole size of each value with a code 0xc0–0xdf that tells it
// alone, 0 for the others.
var sizes = [32]uint8{
	0x00: 1, 0x02: 1, 0x03: 1, // null, bool
	0x0a: 5, 0x0b: 9, 0x0c: 2, 0x0d: 3, 0x0e: 5, 0x0f: 9, 0x10: 2, 0x11: 3, 0x12: 5, 0x13: 9, // numbers
	0x14: 3, 0x15: 4, 0x16: 6, 0x17: 10, 0x18: 18, // extensions
}

// Pick walks once over the fields of an object and leaves in into[i] the value of
// the field called names[i]; what is not there stays as it is. It does what a loop
// over [Value.Fields] does, and reports ErrCorrupt like [Fields.Err], in a third
// of the time. It does not allocate.
func (v Value) Pick(names []string, into []Value) error {
	k, i, n := headOf(v.raw)
	if k != Object {
		return errMalformed
	}
	into = into[:len(names)]
	for b := v.raw; n > 0; n-- {
		// Short keys and values are stepped over in place: calls would take most of the
		// time.
		if uint(i) >= uint(len(b)) {
			return errMalformed
		}
		from, to := i+1, i+1+int(b[i]&0x1f)
		if b[i]-0xa0 >= 0x20 {
			from, to = keyAt(b, i)
		}
		if uint(to) >= uint(len(b)) {
			return errMalformed
		}
		end := 0
		switch c := b[to]; {
		case c < 0x80 || c >= 0xe0:
			end = to + 1
		case c-0xa0 < 0x20:
			end = to + 1 + int(c-0xa0)
		case c >= 0xc0 && sizes[c&0x1f] > 0:
			end = to + int(sizes[c&0x1f])
		default:
			end = skip(b, to)
		}
		if uint(end) > uint(len(b)) {
			return errMalformed
		}
		for j, name := range names {
			if string(b[from:to]) == name {
				into[j] = Value{b[to:end:end]}
				break
			}
		}
		i = end
	}
	return nil
}
