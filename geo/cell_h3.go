//go:build cgo

package geo

import (
	"fmt"
	"slices"

	"github.com/uber/h3-go/v4"
)

// This file alone calls H3, which is written in C. Its callers have checked what
// they pass: of what it does not expect, H3 makes plausible cells.

// HasCells reports whether the program can tell the cell of a point, as geo indexes
// need: whether it was built with cgo.
const HasCells = true

func h3CellOf(p Point, res int) (Cell, error) {
	c, err := h3.LatLngToCell(h3.LatLng{Lat: p.Lat(), Lng: p.Lng()}, res)
	if err != nil {
		return 0, fmt.Errorf("cell of [%v, %v]: %w", p.Lng(), p.Lat(), err)
	}
	return Cell(c), nil
}

func h3Disk(c Cell, k int) ([]Cell, error) {
	found, err := h3.GridDisk(h3.Cell(c), k)
	if err != nil {
		return nil, fmt.Errorf("neighbours of cell %s: %w", c, err)
	}
	disk := make([]Cell, 0, len(found))
	for _, d := range found {
		if d != 0 { // H3 leaves holes about a pentagon
			disk = append(disk, Cell(d))
		}
	}
	slices.Sort(disk)
	return disk, nil
}

// h3Boundary returns the corners of a cell, counterclockwise.
func h3Boundary(c Cell) ([]Point, error) {
	b, err := h3.CellToBoundary(h3.Cell(c))
	if err != nil {
		return nil, fmt.Errorf("boundary of cell %s: %w", c, err)
	}
	corners := make([]Point, len(b))
	for i, v := range b {
		corners[i] = Point{v.Lng, v.Lat}
	}
	return corners, nil
}
