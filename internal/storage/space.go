package storage

import "encoding/binary"

// The store keeps its own records in front of everything else, under the first
// byte 0x00. The second byte says what a record is:
//
//	f            the format of the store, in decimal digits
//	n            the first number not yet given to a part set or a garbage range
//	o set        a part set whose head has not been committed
//	g number     a range that waits to be swept
//	p set index  one part of a large value
//
// Numbers are big-endian, an index has four bytes and everything else eight.
const (
	reserved    = 0x00
	spaceParts  = 'p'
	spaceOpen   = 'o'
	spaceRanges = 'g'
)

var (
	formatKey = []byte{reserved, 'f'}
	numberKey = []byte{reserved, 'n'}
	firstKey  = []byte{reserved + 1} // the first key that is not the store's own
)

// isReserved reports whether key belongs to the store itself or to nobody.
func isReserved(key []byte) bool { return len(key) == 0 || key[0] == reserved }

func openKey(set PartSet) []byte      { return spaceKey(spaceOpen, uint64(set)) }
func garbageKey(number uint64) []byte { return spaceKey(spaceRanges, number) }

func partKey(set PartSet, index int) []byte {
	return binary.BigEndian.AppendUint32(spaceKey(spaceParts, uint64(set)), uint32(index))
}

// partRange returns the stretch of all parts of a set.
func partRange(set PartSet) Range {
	return Range{Lo: spaceKey(spaceParts, uint64(set)), Hi: spaceKey(spaceParts, uint64(set)+1)}
}

// spaceRange returns the stretch of all records of one kind.
func spaceRange(kind byte) Range {
	return Range{Lo: []byte{reserved, kind}, Hi: []byte{reserved, kind + 1}}
}

func spaceKey(kind byte, number uint64) []byte {
	key := make([]byte, 2, 14)
	key[0], key[1] = reserved, kind
	return binary.BigEndian.AppendUint64(key, number)
}

// numberOf returns the number in a record's key, and false when there is none.
func numberOf(key []byte) (uint64, bool) {
	if len(key) < 10 {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[2:]), true
}
