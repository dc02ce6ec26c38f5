package geo

// A key is what an index has of a cell: the number of its base cell and its digits,
// those it does not use as zeroes, and behind these 52 bits four of its resolution.
// What descends from a cell has keys in one stretch, which begins with the cell's
// own; a cell comes before its children, and they come in the order of their digits.

// path returns the base cell and the digits, unused ones as zeroes.
func (c Cell) path() uint64 {
	return uint64(c) & pathMask &^ (1<<(3*(maxResolution-c.Resolution())) - 1)
}

// Key returns the key of the cell in an index, a number of 56 bits.
func (c Cell) Key() uint64 { return c.path()<<4 | uint64(c.Resolution()) }

// KeyCell returns the cell of a key, which is not valid for what is no key.
func KeyCell(key uint64) Cell {
	res := key & 15
	return Cell(cellMode<<modeShift | res<<resShift | key>>4&pathMask | (1<<(3*(maxResolution-res)) - 1))
}

// Keys returns the first key of what descends from the cell, itself included, and
// the one behind the last.
func (c Cell) Keys() (lo, hi uint64) {
	lo = c.Key()
	return lo, (c.path() + 1<<(3*(maxResolution-c.Resolution()))) << 4
}
