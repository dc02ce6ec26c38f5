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
// of many documents; package query asks them.
//
// # Errors
//
// What breaks a rule of GeoJSON is ErrInvalid. The error names the rule and where:
// "polygon 1, ring 0, point 3" is coordinates[1][0][3]. Each place is counted
// from 0. A GeometryCollection, which the cloud does not have, is ErrNotImplemented,
// and so is MongoDB's crs of strict winding, for polygons larger than a half.
package geo
