package keys_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
)

// Points and cells are skipped whole, give back what they were made of, and lie
// between the bounds of their cells.
func TestCells(t *testing.T) {
	const last = 1<<56 - 1
	for _, cell := range []uint64{0, 1, 0x0123456789abcd, last} {
		point := keys.AppendPoint(nil, cell, -179.5, 89.25)
		shape := keys.AppendCell(nil, cell)
		for _, field := range [][]byte{point, shape} {
			n, err := keys.Skip(append(bytes.Clone(field), 0xAA, 0xBB), false)
			if err != nil || n != len(field) {
				t.Errorf("cell %x: %d of %d bytes skipped, %v", cell, n, len(field), err)
			}
			head := binary.BigEndian.Uint64(field)
			for _, points := range []bool{true, false} {
				got, ok := keys.HeadCell(head, points)
				if ok != (points == (&field[0] == &point[0])) || ok && got != cell {
					t.Errorf("cell %x: %x, %v of head %x", cell, got, ok, head)
				}
			}
			if _, err := keys.Skip(field[:len(field)-1], false); !errors.Is(err, fault.ErrCorrupt) {
				t.Errorf("cell %x: a byte short: %v", cell, err)
			}
		}
		if lng, lat, ok := keys.DecodePoint(point); !ok || lng != -179.5 || lat != 89.25 {
			t.Errorf("cell %x: decoded [%v, %v], %v", cell, lng, lat, ok)
		}
		if _, _, ok := keys.DecodePoint(shape); ok {
			t.Errorf("cell %x: a point without coordinates", cell)
		}
		if head := binary.BigEndian.Uint64(point); head < keys.PointHead(cell) || head >= keys.PointHead(cell+1) {
			t.Errorf("cell %x: head %x is not from %x to %x", cell, head, keys.PointHead(cell), keys.PointHead(cell+1))
		}
		for points, field := range map[bool][]byte{true: point, false: shape} {
			lo, hi := keys.AppendCellBound(nil, cell, points), keys.AppendCellBound(nil, cell+1, points)
			if bytes.Compare(field, lo) < 0 || bytes.Compare(field, hi) >= 0 {
				t.Errorf("cell %x: %x is not from %x to %x", cell, field, lo, hi)
			}
		}
	}
	if _, ok := keys.HeadCell(binary.BigEndian.Uint64(keys.Append(nil, of(t, "text, long"), false)), true); ok {
		t.Error("a cell of text")
	}
}
