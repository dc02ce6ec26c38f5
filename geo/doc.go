// Package geo knows the sphere: the geometries a document can hold, the questions
// that can be asked of them, and the cells the sphere is divided into.
//
// # Geometries
//
// A [Point], [LineString], [Polygon], [MultiPoint], [MultiLineString] or
// [MultiPolygon] is written as Go writes slices, longitude before latitude, in
// degrees, and stored as the GeoJSON object it stands for:
//
//	shop := virga.M{"name": "tea", "place": geo.Point{113.3238, 23.0977}}
//	park := geo.Polygon{{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}}
//
// A document's own GeoJSON object means the same. A [Circle] is no GeoJSON: it is
// only asked about, never stored.
//
// Edges are the shortest way between their ends, not lines of a map: the edge from
// (-60, 50) to (60, 50) runs over 67 degrees north. The interior of a ring is the
// smaller side of it, whichever way round its positions go. Altitudes are ignored.
// All sets are closed: what touches, intersects, and a point on the edge of a
// polygon, to within 64 micrometres, is in it. The Earth is a sphere of
// [EarthRadius].
//
// A [Shape] is a geometry, an [Area] a polygon or circle made ready for questions
// of many documents; package query asks them. What walks over cells or hands out the
// nearest is for the database's own use.
//
// Flat maps want shapes cut along the antimeridian and rings wound one way: see [Cut] and
// [LineString.Clockwise]. The database needs neither.
//
// # Cells
//
// A [Cell] is one of the H3 grid, which divides the sphere into hexagons of 16 sizes.
// Cells are for maps and for counting, see H3Bucket of package aggregate, and geo
// indexes find places by them:
//
//	cell, err := geo.CellOf(geo.Point{113.3238, 23.0977}, 9)
//	disk, err := cell.Disk(1)              // and its neighbours, for query.H3Within
//	hexagon, err := cell.MapBoundary()     // GeoJSON, for a map
//
// H3 is written in C: what asks for the cell of a place, for neighbours or boundaries is
// ErrNotImplemented in a program built without cgo; all else works there.
//
// # Errors
//
// What breaks a rule of GeoJSON is ErrInvalid. The error names the rule and where:
// "polygon 1, ring 0, point 3" is coordinates[1][0][3]. Each place is counted
// from 0. A GeometryCollection, which the cloud does not have, is ErrNotImplemented,
// and so is MongoDB's crs of strict winding, for polygons larger than a half.
package geo
