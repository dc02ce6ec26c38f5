package expr

import (
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
)

// cells holds the operators on H3 cells, which no other database has.
var cells = table{
	"$h3Cell":   {params: []string{"point", "resolution"}, fn: h3Cell},
	"$h3Parent": {params: []string{"cell", "resolution"}, fn: h3Parent},
}

// h3Cell yields the cell of a resolution that a point is in, as text.
func h3Cell(e *Env, args []document.Value) (document.Value, error) {
	res, ok, err := cellOperands(args)
	if !ok || err != nil {
		return document.NullValue(), err
	}
	p, err := pointOperand(args[0])
	if err != nil {
		return missing, err
	}
	c, err := geo.CellOf(p, res)
	if err != nil {
		return missing, err
	}
	return e.str([]byte(c.String()))
}

// pointOperand returns the point that v is in GeoJSON.
func pointOperand(v document.Value) (geo.Point, error) {
	if p, ok := geo.ReadPoint(v); ok {
		return p, nil
	}
	if v.Kind() != document.Object {
		return geo.Point{}, needs("a GeoJSON point as point", v)
	}
	g, err := geo.Parse(v)
	if err == nil {
		err = invalid("needs a GeoJSON point as point, found a %s", g.Type())
	}
	return geo.Point{}, err
}

// h3Parent yields the cell of a resolution that a cell descends from, as text.
func h3Parent(e *Env, args []document.Value) (document.Value, error) {
	res, ok, err := cellOperands(args)
	if !ok || err != nil {
		return document.NullValue(), err
	}
	text, ok := args[0].Text()
	if !ok {
		return missing, needs("the text of a cell as cell", args[0])
	}
	c, err := geo.ParseCell(text)
	if err == nil {
		c, err = c.Parent(res)
	}
	if err != nil {
		return missing, err
	}
	return e.str([]byte(c.String()))
}

// cellOperands returns the resolution. It reports false when an operand is null or
// missing, and so is the result.
func cellOperands(args []document.Value) (res int, ok bool, err error) {
	if nullish(args[0]) || nullish(args[1]) {
		return 0, false, nil
	}
	n, isInteger := integral(args[1])
	switch {
	case args[1].Kind() != document.Number:
		return 0, false, needs("an integer from 0 to 15 as resolution", args[1])
	case !isInteger || n < 0 || n > geo.MaxResolution:
		return 0, false, invalid("needs an integer from 0 to %d as resolution, found %s", geo.MaxResolution, args[1])
	}
	return int(n), true, nil
}
