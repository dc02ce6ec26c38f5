package query

import (
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
)

// H3Within asks for a point in one of some H3 cells, of any resolutions: a point
// whose finest cell descends from one of them, see [geo.Cell]. What is within some
// steps of a cell are its neighbours:
//
//	disk, err := cell.Disk(2)
//	shops.Where(virga.M{"place": query.H3Within(disk...)})
//
// Other geometries than points are in no cell. A geo index has the points of a cell
// side by side. In a program built without cgo it is ErrNotImplemented.
func H3Within(cells ...geo.Cell) Condition {
	list := make([]any, len(cells))
	for i, c := range cells {
		list[i] = c
	}
	return Condition{"$h3Within", []any{list}}
}

// H3Within returns c and [H3Within].
func (c Condition) H3Within(cells ...geo.Cell) Condition { return c.and(H3Within(cells...)) }

func compileH3Within(c *compiler, op string, v any, s scope) (*node, error) {
	list, ok := document.List(v)
	if !ok {
		return nil, invalidAt(s.path, "%s needs a list of cells, found %s", op, describe(v))
	}
	cells := make([]geo.Cell, len(list))
	for i, one := range list {
		var err error
		if cells[i], err = cellOf(one); err != nil {
			return nil, atGeo(fmt.Sprintf("%s: cell %d", op, i), s, err)
		}
	}
	set, err := geo.NewCellSet(cells...)
	if err != nil {
		return nil, atGeo(op, s, err)
	}
	if len(cells) == 0 {
		return &node{op: opNever}, nil
	}
	return c.leaf(test{op: testCells, geo: &geoTest{cells: set}}, s)
}

// cellOf returns the cell that v, a cell or its text, stands for.
func cellOf(v any) (geo.Cell, error) {
	value, err := document.Of(v)
	if err != nil {
		return 0, err
	}
	text, ok := value.Text()
	if !ok {
		return 0, invalidAt("", "a cell is text, found %s", value.Kind())
	}
	return geo.ParseCell(text)
}
