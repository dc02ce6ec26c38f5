package query

import (
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/internal/fault"
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
		value, err := document.Of(one)
		if err != nil {
			return nil, fault.At(s.path, err)
		}
		text, ok := value.Text()
		if !ok {
			return nil, invalidAt(s.path, "%s: a cell is text, found %s", op, value.Kind())
		}
		if cells[i], err = geo.ParseCell(text); err != nil {
			return nil, atGeo(op, s, err)
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
