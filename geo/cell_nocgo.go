//go:build !cgo

package geo

import (
	"fmt"

	"github.com/virgadb/virga/internal/fault"
)

// HasCells reports whether the program can tell the cell of a point, as geo indexes
// need: whether it was built with cgo.
const HasCells = false

// errNoCgo says what H3 lacks.
var errNoCgo = fmt.Errorf("H3 cells need a program built with cgo (CGO_ENABLED=1 and a C compiler): %w", fault.ErrNotImplemented)

func h3CellOf(Point, int) (Cell, error) { return 0, errNoCgo }
func h3Disk(Cell, int) ([]Cell, error)  { return nil, errNoCgo }
func h3Boundary(Cell) ([]Point, error)  { return nil, errNoCgo }
