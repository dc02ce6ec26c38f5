package keys

import (
	"encoding/binary"
	"math"
)

// A geo field is encoded as one of two things that sort by where they are: points,
// in the order of their cells, then cells that other shapes are covered with. A cell
// is the number of 56 bits that package geo calls its key.

const (
	cellBytes  = 7
	pointBytes = 16
)

// AppendPoint appends a point, which lies in the cell of that key.
func AppendPoint(dst []byte, cell uint64, lng, lat float64) []byte {
	dst = AppendCellBound(dst, cell, true)
	dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(lng))
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(lat))
}

// AppendCell appends a cell of a covering.
func AppendCell(dst []byte, cell uint64) []byte { return AppendCellBound(dst, cell, false) }

// AppendCellBound appends what lies before all points, or else cells, whose cells have
// that key or a greater one, and behind all others. A key beyond 56 bits lies behind
// all of them.
func AppendCellBound(dst []byte, cell uint64, points bool) []byte {
	tag := byte(tagCell)
	if points {
		tag = tagPoint
	}
	if cell >= 1<<(8*cellBytes) {
		return append(dst, tag+1)
	}
	var room [8]byte
	binary.BigEndian.PutUint64(room[:], cell)
	room[0] = tag
	return append(dst, room[:]...)
}

// PointHead returns the first eight bytes of what [AppendCellBound] appends for points,
// as a number: the points whose cells have a lesser key are those that begin with a
// lesser number.
func PointHead(cell uint64) uint64 {
	return tagPoint<<(8*cellBytes) + cell
}

// HeadCell returns the cell of the point, or else of the covering's cell, that begins
// with these eight bytes, and false when they begin none.
func HeadCell(head uint64, point bool) (cell uint64, ok bool) {
	tag := uint64(tagCell)
	if point {
		tag = tagPoint
	}
	return head & (1<<(8*cellBytes) - 1), head>>(8*cellBytes) == tag
}

// DecodePoint returns the coordinates of an encoded point, and false for anything else.
func DecodePoint(field []byte) (lng, lat float64, ok bool) {
	if len(field) < 1+cellBytes+pointBytes || field[0] != tagPoint {
		return 0, 0, false
	}
	at := field[1+cellBytes:]
	return math.Float64frombits(binary.BigEndian.Uint64(at)), math.Float64frombits(binary.BigEndian.Uint64(at[8:])), true
}
