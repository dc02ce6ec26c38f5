package query

import "github.com/virgadb/virga/document"

// bitTest is what a $bitsAllSet and its like ask for. Bit 0 is the lowest of a
// number, or of the first byte of a binary value.
type bitTest struct {
	mask  []byte  // the positions asked about, as a binary value
	list  []int64 // or one by one
	any   bool    // one position is enough
	clear bool    // positions should be 0
}

// match reports whether v is a whole number or a binary value with the bits that
// b asks for.
func (b *bitTest) match(v document.Value) bool {
	n, isWhole := v.Int64()
	if !isWhole && v.Kind() != document.Binary {
		return false
	}
	data := v.Bytes()
	meets := func(at int64) bool {
		if isWhole {
			return bitOfNumber(n, at) != b.clear
		}
		return bitOfBytes(data, at) != b.clear
	}
	for _, at := range b.list {
		if meets(at) == b.any {
			return b.any
		}
	}
	for at := range int64(len(b.mask)) * 8 {
		if bitOfBytes(b.mask, at) && meets(at) == b.any {
			return b.any
		}
	}
	return !b.any
}

// bitOfNumber returns bit at of n, whose sign goes on for ever.
func bitOfNumber(n, at int64) bool { return n>>min(at, 63)&1 != 0 }

// bitOfBytes returns bit at of data, after which all bits are 0.
func bitOfBytes(data []byte, at int64) bool {
	return at/8 < int64(len(data)) && data[at/8]>>(at%8)&1 != 0
}
