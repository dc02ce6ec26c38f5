package geo

import "github.com/virgadb/virga/document"

// A Geometry is one of the six that a document can hold: [Point], [LineString],
// [Polygon], [MultiPoint], [MultiLineString], [MultiPolygon]. Where one of them is
// stored or asked about it is checked; see each type for the rules.
type Geometry interface {
	document.Marshaler

	// Type returns the name GeoJSON has for the geometry, such as "Point".
	Type() string

	check() error     // holds the rules that need no computing
	coordinates() any // as GeoJSON nests them, ready to be encoded
	shape(*Shape, rigor) error
}

// A Point is a place: its longitude, -180 to 180, and its latitude, -90 to 90, in
// degrees, in this order. Longitudes -180 and 180 are the same.
type Point [2]float64

// Lng returns the longitude in degrees.
func (p Point) Lng() float64 { return p[0] }

// Lat returns the latitude in degrees.
func (p Point) Lat() float64 { return p[1] }

// A LineString is a line through two points or more, at least two of them
// different. Two that follow one another must not be antipodes.
type LineString []Point

// A Polygon is an area with holes: ring 0 goes round it, the others round its
// holes. A ring is a line of at least four points, three of them different, whose
// last is its first; it does not cross itself or pass a point twice. Holes lie
// inside ring 0 and outside of one another; two rings may share one point.
type Polygon []LineString

// A MultiPoint is at least one point.
type MultiPoint []Point

// A MultiLineString is at least one line.
type MultiLineString []LineString

// A MultiPolygon is at least one polygon.
type MultiPolygon []Polygon

// Type returns "Point".
func (Point) Type() string { return "Point" }

// Type returns "LineString".
func (LineString) Type() string { return "LineString" }

// Type returns "Polygon".
func (Polygon) Type() string { return "Polygon" }

// Type returns "MultiPoint".
func (MultiPoint) Type() string { return "MultiPoint" }

// Type returns "MultiLineString".
func (MultiLineString) Type() string { return "MultiLineString" }

// Type returns "MultiPolygon".
func (MultiPolygon) Type() string { return "MultiPolygon" }

// The positions are copied level by level into types without methods, which would
// otherwise be encoded as geometries of their own.

func (p Point) coordinates() any           { return [2]float64(p) }
func (l LineString) coordinates() any      { return positions(l) }
func (g MultiPoint) coordinates() any      { return positions(g) }
func (g Polygon) coordinates() any         { return nested(g) }
func (g MultiLineString) coordinates() any { return nested(g) }
func (g MultiPolygon) coordinates() any    { return nested(g) }

func positions(points []Point) [][2]float64 {
	list := make([][2]float64, len(points))
	for i, p := range points {
		list[i] = p
	}
	return list
}

func nested[G Geometry](parts []G) []any {
	list := make([]any, len(parts))
	for i, part := range parts {
		list[i] = part.coordinates()
	}
	return list
}
