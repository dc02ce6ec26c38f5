package geo

import (
	"fmt"
	"math"
	"strconv"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// A Cell is a cell of the H3 grid (https://h3geo.org): hexagons, and 12 pentagons,
// of 16 resolutions from 0, a ninth of a continent, to 15, a square metre. It is H3's
// 64-bit index, and stored as H3's text: 15 hexadecimal digits. The zero Cell is
// none.
//
// A cell divides into seven of the next resolution, its children; what descends from
// it is what the database means by the places in a cell. The hexagons that H3 draws
// do not nest exactly: of the places in a cell about one in fifteen lies outside of
// the hexagon of the cell's parent. [CellOf] asks which hexagon a place is in,
// [Cell.Parent] which cell a cell descends from; the two can differ.
type Cell uint64

// MaxResolution is the finest resolution of cells.
const MaxResolution = maxResolution

// The parts of an index, from the top: a bit that is 0, four of the mode, three that
// are 0, four of the resolution, seven of the number of the base cell, and 15 digits
// of three bits, of which those behind the resolution are 7.
const (
	cellMode  = 1
	modeShift = 59
	resShift  = 52
	baseShift = 45
	pathMask  = 1<<resShift - 1
	unused    = 7
)

// ParseCell returns the cell that text, in hexadecimal digits, stands for. Anything
// else is ErrInvalid.
func ParseCell(text string) (Cell, error) {
	n, err := strconv.ParseUint(text, 16, 64)
	if err != nil || len(text) > 16 || !Cell(n).Valid() {
		return 0, invalid("%q is no H3 cell: that is 15 hexadecimal digits, such as 8928308280fffff", clipped(text))
	}
	return Cell(n), nil
}

// clipped returns the beginning of text, as much as an error should show.
func clipped(text string) string {
	if len(text) > 32 {
		return text[:32] + "…"
	}
	return text
}

// CheckResolution refuses what is no resolution, 0 to 15.
func CheckResolution(res int) error {
	if res < 0 || res > maxResolution {
		return invalid("a resolution is 0 to %d, found %d", maxResolution, res)
	}
	return nil
}

// CellOf returns the cell of a resolution, 0 to 15, whose hexagon p lies in. It is
// computed by H3, and hence ErrNotImplemented in a program that was built without cgo.
func CellOf(p Point, res int) (Cell, error) {
	if err := p.check(); err != nil {
		return 0, err
	}
	if err := CheckResolution(res); err != nil {
		return 0, err
	}
	return h3CellOf(p, res)
}

// Valid reports whether c is the index of a cell.
func (c Cell) Valid() bool {
	if c>>modeShift != cellMode || c>>(resShift+4)&7 != 0 || c.base() >= len(baseCells) {
		return false
	}
	first := 0
	for r := 1; r <= maxResolution; r++ {
		d := c.digit(r)
		if r <= c.Resolution() == (d == unused) {
			return false
		}
		if first == 0 {
			first = d
		}
	}
	return first != 1 || baseCells[c.base()].face != pentagon
}

// check refuses what is no cell.
func (c Cell) check() error {
	if !c.Valid() {
		return invalid("%x is no H3 cell", uint64(c))
	}
	return nil
}

// String returns the 15 hexadecimal digits of the cell.
func (c Cell) String() string { return strconv.FormatUint(uint64(c), 16) }

// MarshalValue returns the text of the cell. What is no cell, as the zero Cell, is
// ErrInvalid.
func (c Cell) MarshalValue() (document.Value, error) {
	return document.Text(c.String()), c.check()
}

// UnmarshalValue reads the text of a cell.
func (c *Cell) UnmarshalValue(v document.Value) error {
	text, ok := v.Text()
	if !ok {
		return invalid("a cell is text, found %s", v.Kind())
	}
	return c.UnmarshalText([]byte(text))
}

// MarshalText returns the text of the cell, which JSON holds too. What is no cell, as the
// zero Cell, is ErrInvalid.
func (c Cell) MarshalText() ([]byte, error) { return []byte(c.String()), c.check() }

// UnmarshalText reads the text of a cell.
func (c *Cell) UnmarshalText(text []byte) error {
	parsed, err := ParseCell(string(text))
	if err == nil {
		*c = parsed
	}
	return err
}

// Resolution returns the resolution of the cell, 0 to 15.
func (c Cell) Resolution() int { return int(c >> resShift & 15) }

func (c Cell) base() int { return int(c >> baseShift & 127) }

// digit returns which child, at resolution r, the cell is or descends from.
func (c Cell) digit(r int) int { return int(c >> (3 * (maxResolution - r)) & 7) }

// IsPentagon reports whether the cell is one of the 12 of its resolution that have
// five neighbours.
func (c Cell) IsPentagon() bool {
	return c.Valid() && baseCells[c.base()].face == pentagon && c.path()<<(64-baseShift) == 0
}

// Parent returns the cell of a resolution, no finer than its own, that c descends from.
func (c Cell) Parent(res int) (Cell, error) {
	if err := c.check(); err != nil {
		return 0, err
	}
	if res < 0 || res > c.Resolution() {
		return 0, invalid("a cell of resolution %d has no parent of resolution %d", c.Resolution(), res)
	}
	return c.parent(res), nil
}

func (c Cell) parent(res int) Cell {
	return c&^(15<<resShift) | Cell(res)<<resShift | (1<<(3*(maxResolution-res)) - 1)
}

// maxChildren is the most cells that are listed: all that are five resolutions finer.
const maxChildren = 16807

// Children returns the cells of a resolution that descend from c, in ascending
// order. They are refused with ErrTooLarge when they are more than 16,807, which is
// what a cell has five resolutions down.
func (c Cell) Children(res int) ([]Cell, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if res < c.Resolution() || res > maxResolution {
		return nil, invalid("a cell of resolution %d has no children of resolution %d", c.Resolution(), res)
	}
	n := int(math.Pow(7, float64(res-c.Resolution())))
	if n > maxChildren {
		return nil, fmt.Errorf("cell %s has %d children of resolution %d, the limit is %d: %w", c, n, res, maxChildren, fault.ErrTooLarge)
	}
	list := []Cell{c}
	for r := c.Resolution() + 1; r <= res; r++ {
		next := make([]Cell, 0, 7*len(list))
		for _, p := range list {
			for digit := range 7 {
				if digit != 1 || !p.IsPentagon() {
					next = append(next, p.child(digit))
				}
			}
		}
		list = next
	}
	return list, nil
}

// child returns the child of that digit.
func (c Cell) child(digit int) Cell {
	r := c.Resolution() + 1
	at := 3 * (maxResolution - r)
	return c&^(15<<resShift|7<<at) | Cell(r)<<resShift | Cell(digit)<<at
}

// Center returns the point at the middle of the cell. The center of what is no cell
// is the zero Point.
func (c Cell) Center() Point {
	if !c.Valid() {
		return Point{}
	}
	return pointOf(nodeOf(c).center)
}

// Contains reports whether d is c or descends from it.
func (c Cell) Contains(d Cell) bool {
	return c.Valid() && d.Valid() && d.Resolution() >= c.Resolution() && d.parent(c.Resolution()) == c
}

// maxRings is the most rings of neighbours that are listed, 30,301 cells.
const maxRings = 100

// Disk returns c and its neighbours up to k cells away, 0 to 100: 3k(k+1)+1 cells,
// fewer about a pentagon. They are in ascending order. Without cgo it is
// ErrNotImplemented.
func (c Cell) Disk(k int) ([]Cell, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if k < 0 || k > maxRings {
		return nil, invalid("neighbours are listed from 0 to %d cells away, found %d", maxRings, k)
	}
	return h3Disk(c, k)
}
