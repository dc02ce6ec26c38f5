package geo

import (
	"fmt"
	"reflect"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// Parse returns the geometry that a stored GeoJSON object stands for. Fields other
// than type and coordinates are ignored, as are members of a position behind
// longitude and latitude. What is no GeoJSON of the six types, or breaks a rule
// that can be seen without computing, is ErrInvalid, a GeometryCollection
// ErrNotImplemented, as is a polygon whose crs asks for what is on the left of its
// ring; [NewShape] holds the other rules.
func Parse(v document.Value) (Geometry, error) {
	g, err := parse(v)
	if err != nil {
		return nil, err
	}
	return g, g.check()
}

// Of is [Parse] for any Go value: a [Geometry], a pointer to one, an M, a D, a struct, a
// Value.
func Of(v any) (Geometry, error) {
	if g, ok := v.(Geometry); ok && reflect.TypeOf(g).Kind() != reflect.Pointer {
		return g, g.check()
	}
	value, err := document.Of(v)
	if err != nil {
		return nil, err
	}
	return Parse(value)
}

// parse returns the geometry that v stands for with no rule of it checked.
func parse(v document.Value) (Geometry, error) {
	switch {
	case isPair(v):
		return nil, invalid(`a pair of numbers is no GeoJSON, {"type": "Point", "coordinates": %s} is`, v)
	case v.Kind() != document.Object:
		return nil, invalid("GeoJSON is an object, found %s", v.Kind())
	}
	var parts [2]document.Value
	if err := v.Pick(members[:], parts[:]); err != nil {
		return nil, err
	}
	kind, c := parts[0], parts[1]
	if kind.Kind() != document.String {
		return nil, invalid("GeoJSON needs a type, which is a string, found %s", kind.Kind())
	}
	if err := notImplemented(string(kind.Bytes()), v); err != nil {
		return nil, err
	}
	if c.Kind() != document.Array {
		return nil, invalid("GeoJSON needs coordinates, which are an array, found %s", c.Kind())
	}
	switch string(kind.Bytes()) {
	case "Point":
		return parsePoint(c)
	case "LineString":
		return parseLine(c)
	case "Polygon":
		return parsePolygon(c)
	case "MultiPoint":
		list, err := parseList("point", c, parsePoint)
		return MultiPoint(list), err
	case "MultiLineString":
		list, err := parseList("line", c, parseLine)
		return MultiLineString(list), err
	case "MultiPolygon":
		list, err := parseList("polygon", c, parsePolygon)
		return MultiPolygon(list), err
	}
	return nil, invalid("unknown type of geometry %s", kind)
}

// notImplemented refuses what MongoDB has and the cloud has not: collections of
// geometries, and polygons whose inside is to the left of the ring, however large,
// and not the smaller side.
func notImplemented(kind string, v document.Value) error {
	switch kind {
	case "GeometryCollection":
		return fmt.Errorf("a GeometryCollection, which is none of the six types from Point to MultiPolygon that the cloud has: %w", fault.ErrNotImplemented)
	case "Polygon":
		crs := v.Field("crs").Field("properties").Field("name")
		if name, _ := crs.Text(); name == "urn:x-mongodb:crs:strictwinding:EPSG:4326" {
			return fmt.Errorf("a polygon by the winding of its ring, %s: %w", name, fault.ErrNotImplemented)
		}
	}
	return nil
}

// isPair reports whether v is a place as MongoDB wrote it before GeoJSON.
func isPair(v document.Value) bool {
	return v.Kind() == document.Array && v.Len() == 2 && v.Element(0).Kind() == document.Number && v.Element(1).Kind() == document.Number
}

func parsePoint(v document.Value) (Point, error) {
	if v.Kind() != document.Array {
		return Point{}, invalid("a position is an array, found %s", v.Kind())
	}
	var p Point
	e := v.Elements()
	for i := range p {
		if !e.Next() {
			return Point{}, invalid("a position needs 2 numbers, this one has %d", i)
		}
		var ok bool
		if p[i], ok = e.Value().Float64(); !ok {
			return Point{}, invalid("a position holds numbers, found %s", e.Value().Kind())
		}
	}
	return p, nil
}

func parseLine(v document.Value) (LineString, error) {
	if line, ok := document.AppendPositions(LineString(nil), v); ok {
		return line, nil
	}
	list, err := parseList("point", v, parsePoint)
	return LineString(list), err
}

func parsePolygon(v document.Value) (Polygon, error) {
	if rings, ok := document.AppendLines(make(Polygon, 0, 1), v); ok {
		return rings, nil
	}
	list, err := parseList("ring", v, parseLine)
	return Polygon(list), err
}

// parseList reads every element of the array v, a part such as "ring".
func parseList[G any](part string, v document.Value, read func(document.Value) (G, error)) ([]G, error) {
	if v.Kind() != document.Array {
		return nil, invalid("an array of %ss is needed, found %s", part, v.Kind())
	}
	list := make([]G, 0, v.Len())
	for e := v.Elements(); e.Next(); {
		g, err := read(e.Value())
		if err != nil {
			return nil, at(part, len(list), err)
		}
		list = append(list, g)
	}
	return list, nil
}

// members are the fields of GeoJSON that count.
var members = [2]string{"type", "coordinates"}

// ReadPoint returns the point that a stored GeoJSON object stands for, if it is
// one and keeps the rules. It is [Parse] for the geometry that most documents hold:
// it does not allocate.
func ReadPoint(v document.Value) (Point, bool) {
	kind, c := picked(v)
	if string(kind) != "Point" {
		return Point{}, false
	}
	return readPosition(c)
}

// picked returns the type of a stored geometry and its coordinates. The type of what has
// none is empty.
func picked(v document.Value) (kind []byte, coordinates document.Value) {
	var parts [2]document.Value
	if err := v.Pick(members[:], parts[:]); err != nil || parts[0].Kind() != document.String {
		return nil, document.Value{}
	}
	return parts[0].Bytes(), parts[1]
}

// readPosition returns the point that the coordinates of one are, if they keep the rules.
func readPosition(v document.Value) (Point, bool) {
	var p Point
	e := v.Elements()
	for i := range p {
		if !e.Next() {
			return Point{}, false
		}
		var ok bool
		if p[i], ok = e.Value().Float64(); !ok {
			return Point{}, false
		}
	}
	return p, p.Lng() >= -180 && p.Lng() <= 180 && p.Lat() >= -90 && p.Lat() <= 90
}
