package geo

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

var square = LineString{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}

// everyType holds one geometry of each type and the GeoJSON it is stored as.
var everyType = []struct {
	g    Geometry
	json string
}{
	{Point{113.5, -23}, `{"type":"Point","coordinates":[113.5,-23.0]}`},
	{LineString{{0, 0}, {1, 2}}, `{"type":"LineString","coordinates":[[0.0,0.0],[1.0,2.0]]}`},
	{Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}, `{"type":"Polygon","coordinates":[[[0.0,0.0],[1.0,0.0],[1.0,1.0],[0.0,0.0]]]}`},
	{MultiPoint{{0, 0}}, `{"type":"MultiPoint","coordinates":[[0.0,0.0]]}`},
	{MultiLineString{{{0, 0}, {1, 2}}}, `{"type":"MultiLineString","coordinates":[[[0.0,0.0],[1.0,2.0]]]}`},
	{MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}}, `{"type":"MultiPolygon","coordinates":[[[[0.0,0.0],[1.0,0.0],[1.0,1.0],[0.0,0.0]]]]}`},
}

func TestGeometriesAreStoredAsGeoJSONAndRead(t *testing.T) {
	for _, c := range everyType {
		doc, err := document.Encode(document.M{"loc": c.g, "list": []any{c.g}}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		var loose, want any
		if json.Unmarshal([]byte(doc.Lookup("loc").String()), &loose) != nil || json.Unmarshal([]byte(c.json), &want) != nil ||
			!reflect.DeepEqual(loose, want) {
			t.Errorf("stored %s, expected %s", doc.Lookup("loc"), c.json)
		}
		if document.Compare(doc.Lookup("loc"), doc.Lookup("list.0")) != 0 {
			t.Errorf("in a list %s", doc.Lookup("list.0"))
		}
		back, err := Parse(doc.Lookup("loc"))
		if err != nil || !reflect.DeepEqual(back, c.g) {
			t.Errorf("read %v, %v, expected %v", back, err, c.g)
		}
		into := reflect.New(reflect.TypeOf(c.g))
		if err := doc.Lookup("loc").Decode(into.Interface()); err != nil || !reflect.DeepEqual(into.Elem().Interface(), c.g) {
			t.Errorf("decoded %v, %v", into.Elem(), err)
		}
		text, err := json.Marshal(c.g)
		if err != nil {
			t.Fatal(err)
		}
		again := reflect.New(reflect.TypeOf(c.g))
		if err := json.Unmarshal(text, again.Interface()); err != nil || !reflect.DeepEqual(again.Elem().Interface(), c.g) {
			t.Errorf("from JSON %v, %v", again.Elem(), err)
		}
	}
}

func TestGeometriesAreFieldsOfStructs(t *testing.T) {
	type shop struct {
		Name  string        `json:"name"`
		Place Point         `json:"place"`
		Maybe *Point        `json:"maybe,omitempty"`
		Yard  Polygon       `json:"yard"`
		Any   []LineString  `json:"any"`
		More  []MultiPoint  `json:"more,omitempty"`
		Empty *MultiPolygon `json:"empty"`
	}
	in := shop{Name: "tea", Place: Point{1, 2}, Maybe: &Point{3, 4}, Yard: Polygon{square}, Any: []LineString{{{0, 0}, {1, 1}}}}
	doc, err := document.Encode(in, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var out shop
	if err := doc.Decode(&out); err != nil || !reflect.DeepEqual(in, out) {
		t.Errorf("decoded %+v, %v", out, err)
	}
	var wrong struct {
		Place Polygon `json:"place"`
	}
	if err := doc.Decode(&wrong); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("a point as a polygon: %v", err)
	}
	if _, ok := document.Pairs(in.Place); ok {
		t.Error("a geometry in a filter would be taken apart into dotted paths")
	}
}

func TestGeometriesThatBreakRulesAreNotStored(t *testing.T) {
	for want, g := range map[string]any{
		"loc: longitude 181 is outside -180 to 180: invalid argument":                            Point{181, 0},
		"loc: latitude NaN is outside -90 to 90: invalid argument":                               Point{0, math.NaN()},
		"loc: a line needs 2 points, this one has 1: invalid argument":                           LineString{{0, 0}},
		"loc: a polygon needs a ring: invalid argument":                                          Polygon{},
		"loc: ring 1: a ring needs 4 points, this one has 2: invalid argument":                   Polygon{square, {{1, 1}, {2, 2}}},
		"loc: a MultiPoint needs a point: invalid argument":                                      MultiPoint(nil),
		"loc: polygon 1, ring 0, point 2: latitude 95 is outside -90 to 90: invalid argument":    MultiPolygon{{square}, {{{0, 0}, {1, 0}, {1, 95}, {0, 0}}}},
		"loc: line 0, point 1: longitude -200 is outside -180 to 180: invalid argument":          MultiLineString{{{0, 0}, {-200, 0}}},
		"loc: ring 0: the ring is not closed: its last point is not its first: invalid argument": Polygon{square[:4]},
		"loc: a circle cannot be stored: GeoJSON has none: invalid argument":                     Circle{Radius: 1},
	} {
		_, err := document.Encode(document.M{"loc": g}, time.Time{})
		if err == nil || err.Error() != want || !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%v: %v, expected %s", g, err, want)
		}
	}
}

// TestRules holds each rule that takes computing, and what GeoJSON must look like.
func TestRules(t *testing.T) {
	for text, want := range map[string]string{
		`1`:                 "GeoJSON is an object, found number",
		`{}`:                "GeoJSON needs a type, which is a string, found missing",
		`{"type": "Point"}`: "GeoJSON needs coordinates, which are an array, found missing",
		`{"type": "Circle", "coordinates": [0, 0]}`:                                                                                       `unknown type of geometry "Circle"`,
		`{"type": "Point", "coordinates": [1]}`:                                                                                           "a position needs 2 numbers, this one has 1",
		`{"type": "Point", "coordinates": ["1", 2]}`:                                                                                      "a position holds numbers, found string",
		`{"type": "LineString", "coordinates": [[0, 0], 5]}`:                                                                              "point 1: a position is an array, found number",
		`{"type": "MultiLineString", "coordinates": [[[0, 0], [1, 1]], 5]}`:                                                               "line 1: an array of points is needed, found number",
		`{"type": "LineString", "coordinates": [[1, 1], [1, 1]]}`:                                                                         "a line needs 2 different points, this one has 1",
		`{"type": "LineString", "coordinates": [[5, 5], [0, 0], [180, 0]]}`:                                                               "point 2: it lies opposite to the point before, so that the edge between them has no certain way",
		`{"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,0],[0,0],[0,0]]]}`:                                                           "ring 0: a ring needs 3 different points, this one has 2",
		`{"type": "Polygon", "coordinates": [[[0,0],[0,0],[10,10],[10,0],[0,10],[0,0]]]}`:                                                 "ring 0: the ring crosses itself: the edge from point 0 and the edge from point 3",
		`{"type": "Polygon", "coordinates": [[[0,0],[5,5],[10,0],[10,10],[5,5],[0,10],[0,0]]]}`:                                           "ring 0, point 4: the ring comes by [5, 5] twice",
		`{"type": "Polygon", "coordinates": [[[0,0],[9,0],[9,9],[0,9],[0,0]],[[5,5],[15,5],[15,15],[5,15],[5,5]]]}`:                       "ring 1: it crosses ring 0",
		`{"type": "Polygon", "coordinates": [[[0,0],[9,0],[9,9],[0,9],[0,0]],[[15,5],[25,5],[20,15],[15,5]]]}`:                            "ring 1: it lies outside of ring 0",
		`{"type": "Polygon", "coordinates": [[[0,0],[9,0],[9,9],[0,9],[0,0]],[[0,0],[9,0],[5,4],[0,0]]]}`:                                 "ring 1: it shares more than 1 point with ring 0",
		`{"type": "Polygon", "coordinates": [[[0,0],[9,0],[9,9],[0,9],[0,0]],[[1,1],[8,1],[8,8],[1,8],[1,1]],[[2,2],[3,2],[3,3],[2,2]]]}`: "ring 2: it lies inside ring 1, which goes round a hole as well",
		`{"type": "Polygon", "coordinates": [[[0,0],[9,0],[9,9],[0,9],[0,0]],[[2,2],[3,2],[3,3],[2,2]],[[1,1],[8,1],[8,8],[1,8],[1,1]]]}`: "ring 2: it goes round ring 1, which goes round a hole as well",
	} {
		_, err := Read(parseJSON(t, []byte(text)))
		if err == nil || err.Error() != want+": invalid argument" {
			t.Errorf("%s: %v, expected %s", text, err, want)
		}
	}
	for _, text := range []string{
		`{"type": "Point", "coordinates": [1, 2, 300, "x"], "crs": null}`,
		`{"type": "LineString", "coordinates": [[0, 0], [0, 0], [1, 1], [1, 1]]}`,
		`{"type": "Polygon", "coordinates": [[[0,0],[9,0],[9,9],[0,9],[0,0]],[[0,0],[2,1],[1,2],[0,0]]]}`,
		`{"type": "Polygon", "coordinates": [[[180,0],[170,0],[170,10],[180,10],[-180,0]]]}`,
		`{"coordinates": [-180, -90], "type": "Point"}`,
	} {
		if _, err := Read(parseJSON(t, []byte(text))); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A GeometryCollection, which has no coordinates, is refused by its name.
func TestNoCollections(t *testing.T) {
	v := parseJSON(t, []byte(`{"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [1, 2]}]}`))
	want := "a GeometryCollection, which is none of the six types from Point to MultiPolygon that the cloud has: not implemented"
	if _, err := Read(v); !errors.Is(err, fault.ErrNotImplemented) || err.Error() != want {
		t.Error(err)
	}
	area, shape := areaOf(t, Circle{Radius: 1e7}), shapeOf(t, Point{1, 2})
	if o, err := NewOrigin(Point{1, 2}); err != nil {
		t.Fatal(err)
	} else if _, ok := o.Distance(v); ok || area.Holds(v) || shape.Touches(v) {
		t.Error("it is somewhere")
	}
}

// The inside of a polygon is the smaller side, so that one that asks for the side to
// the left of its ring is refused, and not answered as another one.
func TestNoStrictWinding(t *testing.T) {
	const ring = `[[[0, 0], [0, 10], [10, 10], [10, 0], [0, 0]]]`
	strict := parseJSON(t, []byte(`{"type": "Polygon", "coordinates": `+ring+`, "crs": {"type": "name", "properties": {"name": "urn:x-mongodb:crs:strictwinding:EPSG:4326"}}}`))
	if _, err := Read(strict); !errors.Is(err, fault.ErrNotImplemented) {
		t.Error(err)
	}
	usual := parseJSON(t, []byte(`{"type": "Polygon", "coordinates": `+ring+`, "crs": {"type": "name", "properties": {"name": "EPSG:4326"}}}`))
	if _, err := Read(usual); err != nil {
		t.Error(err)
	}
}

func TestReadPointReadsWhatParseReads(t *testing.T) {
	for _, text := range []string{
		`{"type": "Point", "coordinates": [1, 2.5]}`, `{"coordinates": [1, 2, 3], "x": 0, "type": "Point"}`,
		`{"type": "Point", "coordinates": [181, 0]}`, `{"type": "Point", "coordinates": [0, -91]}`, `{"type": "Point", "coordinates": [1]}`,
		`{"type": "Point", "coordinates": [1, "2"]}`, `{"type": "MultiPoint", "coordinates": [[1, 2]]}`, `{"type": "Point"}`, `{}`, `[1, 2]`, `null`,
		`{"type": 5, "coordinates": [1, 2]}`, `{"type": "Point", "coordinates": {"0": 1, "1": 2}}`,
	} {
		v := parseJSON(t, []byte(text))
		want, err := Parse(v)
		got, ok := ReadPoint(v)
		point, isPoint := want.(Point)
		if ok != (err == nil && isPoint) || ok && got != point {
			t.Errorf("%s: %v %v, expected %v %v", text, got, ok, want, err)
		}
	}
}
