package aggregate

import "github.com/virgadb/virga/document"

// H3Cell returns the H3 cell of a resolution, 0 to 15, whose hexagon a GeoJSON point
// lies in, as 15 hexadecimal digits; null of null. See [geo.CellOf].
func H3Cell(point, resolution any) Expression {
	return Expression{"$h3Cell", document.D{{"point", point}, {"resolution", resolution}}}
}

// H3Parent returns the H3 cell of a resolution that a cell descends from; null of
// null. For one point in fifteen it is another one than [H3Cell] finds; see [geo.Cell].
func H3Parent(cell, resolution any) Expression {
	return Expression{"$h3Parent", document.D{{"cell", cell}, {"resolution", resolution}}}
}
