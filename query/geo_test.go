package query

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/internal/fault"
)

var (
	origin = geo.Point{0, 0}
	square = geo.Polygon{{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}}
)

func TestGeoConditions(t *testing.T) {
	inside := []string{
		`{"a": {"type": "Point", "coordinates": [5, 5]}}`,
		`{"a": {"coordinates": [5, 5, 12], "type": "Point", "crs": null}}`,
		`{"a": [{"type": "Point", "coordinates": [50, 5]}, {"type": "Point", "coordinates": [5, 5]}]}`,
		`{"a": {"type": "Point", "coordinates": [10, 10]}}`,
	}
	outside := []string{
		`{}`, `{"a": null}`, `{"a": 5}`, `{"a": [5, 5]}`, `{"a": {"type": "Point", "coordinates": [50, 5]}}`,
		`{"a": {"type": "Point", "coordinates": [500, 5]}}`, `{"a": {"type": "Point"}}`, `{"a": []}`,
	}
	for _, c := range []struct {
		cond any
		yes  []string
		no   []string
	}{
		{M{"a": GeoWithin(square)}, inside, outside},
		{M{"a": GeoIntersects(square)}, append(inside, `{"a": {"type": "LineString", "coordinates": [[-5, 5], [15, 5]]}}`), outside},
		{M{"a": GeoWithin(geo.Circle{Center: geo.Point{5, 5}, Radius: 1e6})}, inside, outside},
		{M{"a": GeoWithin(geo.MultiPolygon{square})}, inside, outside},
		{M{"a": GeoWithin(M{"type": "Polygon", "coordinates": [][][]float64{{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}}})}, inside, outside},
		{M{"a": GeoNear(geo.Point{5, 5}, NearOptions{Max: 1e6})}, inside, outside},
		{M{"a": GeoNear(&geo.Point{5, 5}, NearOptions{Max: 1e6})}, inside, outside},
		{M{"a": GeoWithin(&square)}, inside, outside},
		{M{"a": GeoWithin(&geo.Circle{Center: geo.Point{5, 5}, Radius: 1e6})}, inside, outside},
		{M{"a": GeoNear(geo.Point{5, 5}, NearOptions{Min: 1e6})},
			[]string{`{"a": {"type": "Point", "coordinates": [50, 5]}}`}, append(inside, `{}`)},
		{M{"a": Not(GeoWithin(square))}, outside, inside},
		{M{"a": Nor(GeoWithin(square), GeoWithin(geo.Circle{Radius: 1}))}, outside, inside},
		{M{"a": ElemMatch(GeoWithin(square))}, inside[2:3], append(outside, inside[0])},
		{M{"a": Exists().GeoWithin(square).GeoIntersects(square).GeoNear(origin)}, inside, outside},
		{M{"a.b": GeoWithin(square)}, []string{`{"a": [{"b": 1}, {"b": {"type": "Point", "coordinates": [5, 5]}}]}`}, inside},
		{M{"a": geo.Point{5, 5}}, inside[:1], inside[1:2]},
		{Raw(M{"a": M{"$geoWithin": M{"$centerSphere": []any{[]any{5, 5}, 0.2}}}}), inside, outside},
		{Raw(M{"a": M{"$geoWithin": M{"$centerSphere": []any{geo.Point{5, 5}, 0.2}}}}), inside, outside},
		{Raw(M{"a": M{"$nearSphere": M{"$geometry": M{"type": "Point", "coordinates": []int{5, 5}}, "$maxDistance": 1e6}}}), inside, outside},
		{Raw(M{"$and": []any{M{"a": M{"$near": M{"$geometry": origin}}}, M{"a": M{"$geoIntersects": M{"$geometry": square}}}}}), inside, outside},
	} {
		for _, text := range c.yes {
			if !meets(t, c.cond, text) {
				t.Errorf("%v does not hold for %s", c.cond, text)
			}
		}
		for _, text := range c.no {
			if meets(t, c.cond, text) {
				t.Errorf("%v holds for %s", c.cond, text)
			}
		}
	}
}

func TestGeoConditionsAreRefused(t *testing.T) {
	near := M{"$near": M{"$geometry": origin}}
	for _, c := range []struct {
		cond any
		text string
	}{
		{M{"a": GeoNear(square)}, "filter a: $near: distances are measured from a Point, found a Polygon: invalid argument"},
		{M{"a": GeoNear(nil)}, "filter a: $near: $geometry is nil: invalid argument"},
		{M{"a": GeoNear(geo.Point{181, 0})}, "filter a: $near: longitude 181 is outside -180 to 180: invalid argument"},
		{M{"a": GeoNear(origin, NearOptions{Min: -1})}, "filter a: $near: $minDistance is a number of metres, not negative, found -1.0: invalid argument"},
		{M{"a": GeoNear(origin, NearOptions{Max: math.NaN()})}, "filter a: $near: $maxDistance is a number of metres, not negative, found {\"$numberDouble\":\"NaN\"}: invalid argument"},
		{M{"a": GeoWithin(origin)}, "filter a: $geoWithin: nothing lies within a Point, only within a Polygon, a MultiPolygon or a circle: invalid argument"},
		{M{"a": GeoWithin(geo.Circle{Radius: -1})}, "filter a: $geoWithin: the radius of a circle is a finite number of metres, not negative, found -1: invalid argument"},
		{M{"a": GeoWithin(&geo.Circle{Radius: -1})}, "filter a: $geoWithin: the radius of a circle is a finite number of metres, not negative, found -1: invalid argument"},
		{M{"a": GeoWithin((*geo.Circle)(nil))}, "filter a: $geoWithin: $geometry is nil: invalid argument"},
		{M{"a": GeoNear((*geo.Point)(nil))}, "filter a: $near: $geometry is nil: invalid argument"},
		{M{"a": GeoNear([]float64{1, 2})}, `filter a: $near: a pair of numbers is no GeoJSON, {"type": "Point", "coordinates": [1.0,2.0]} is: invalid argument`},
		{M{"a": GeoWithin(geo.Polygon{square[0][:4]})}, "filter a: $geoWithin: ring 0: the ring is not closed: its last point is not its first: invalid argument"},
		{M{"a": GeoIntersects(M{"type": "Sphere", "coordinates": []int{1, 2}})}, "filter a: $geoIntersects: unknown type of geometry \"Sphere\": invalid argument"},
		{M{"a": GeoIntersects(func() {})}, ""},
		{GeoNear(origin), "filter: $near needs a field to stand under: invalid argument"},
		{M{"$near": M{"$geometry": origin}}, "filter: $near needs a field to stand under: invalid argument"},
		{M{"a": M{"$near": []int{1, 2}}}, "filter a: $near needs an object with $geometry, found array: invalid argument"},
		{M{"a": M{"$near": M{"$maxDistance": 1}}}, "filter a: $near needs a $geometry: invalid argument"},
		{M{"a": M{"$near": M{"$geometry": origin, "$max": 1}}}, "filter a: $near knows no \"$max\", only [$geometry $minDistance $maxDistance]: invalid argument"},
		{M{"a": M{"$geoWithin": M{"$box": 1}}}, "filter a: $geoWithin knows no \"$box\", only [$geometry $centerSphere]: invalid argument"},
		{M{"a": M{"$geoWithin": M{}}}, "filter a: $geoWithin needs either $geometry or $centerSphere: invalid argument"},
		{M{"a": M{"$geoWithin": M{"$centerSphere": []any{[]any{1, 2, 3}, 1}}}}, "filter a: $geoWithin: the centre of $centerSphere is a longitude and a latitude, found 3 values: invalid argument"},
		{M{"a": M{"$geoWithin": M{"$centerSphere": []any{[]any{1, "2"}, 1}}}}, "filter a: $geoWithin: the centre of $centerSphere is two numbers, found string: invalid argument"},
		{M{"a": M{"$geoWithin": M{"$centerSphere": []any{origin}}}}, "filter a: $geoWithin: $centerSphere is an array of a point and a radius in radians, found an array of 1: invalid argument"},
		{M{"a": M{"$geoWithin": M{"$centerSphere": 1}}}, "filter a: $geoWithin: $centerSphere is an array of a point and a radius in radians, found number: invalid argument"},
		{M{"a": M{"$geoWithin": M{"$centerSphere": []any{origin, -1}}}}, "filter a: $geoWithin: the radius of a circle is a finite number of radians, not negative, found -1: invalid argument"},
		{Or(M{"a": near}, M{"b": 1}), "filter a: $near orders the whole result and cannot be part of $or, $nor, $not or $elemMatch: invalid argument"},
		{Nor(M{"a": near}), "filter a: $near orders the whole result and cannot be part of $or, $nor, $not or $elemMatch: invalid argument"},
		{Not(M{"a": near}), "filter a: $near orders the whole result and cannot be part of $or, $nor, $not or $elemMatch: invalid argument"},
		{M{"a": Not(GeoNear(origin))}, "filter a: $near orders the whole result and cannot be part of $or, $nor, $not or $elemMatch: invalid argument"},
		{M{"a": ElemMatch(GeoNear(origin))}, "filter a: $near orders the whole result and cannot be part of $or, $nor, $not or $elemMatch: invalid argument"},
		{M{"a": ElemMatch(M{"b": near})}, "filter a: b: $near orders the whole result and cannot be part of $or, $nor, $not or $elemMatch: invalid argument"},
		{M{"a": near, "b": near}, "filter b: $near stands in the filter twice, and only one can order the result: invalid argument"},
	} {
		_, err := CompileFilter(c.cond, noon)
		if !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%v: error %v, want ErrInvalid", c.cond, err)
		} else if c.text != "" && err.Error() != c.text {
			t.Errorf("error %q, want %q", err, c.text)
		}
	}
	if _, err := CompileUpdate(M{"a": Pull(GeoNear(origin))}, noon); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("near in a pull: %v", err)
	}
}

func TestNear(t *testing.T) {
	f := mustCompile(t, And(M{"a.b": GeoNear(origin, NearOptions{Min: 100, Max: 1e6})}, M{"c": 1}))
	near := f.Near()
	if near == nil || near.Path() != "a.b" || near.Origin.Point() != origin {
		t.Fatalf("the condition is %v", near)
	}
	if min, max := near.Bounds(); min != 100 || max != 1e6 {
		t.Errorf("bounds %v to %v", min, max)
	}
	degree := 111318.84502145034
	for text, want := range map[string]float64{
		`{"a": {"b": {"type": "Point", "coordinates": [1, 0]}}}`:                                                                   degree,
		`{"a": [{"b": {"type": "Point", "coordinates": [0, 3]}}, {"b": [{"type": "Point", "coordinates": [0, -2]}]}, {"b": "x"}]}`: 2 * degree,
		`{"a": {"b": {"type": "LineString", "coordinates": [[1, -1], [1, 1]]}}}`:                                                   degree,
		`{"a": {"b": {"type": "Point", "coordinates": [20, 0]}}}`:                                                                  -1,
		`{"a": {"b": {"type": "Point", "coordinates": [0, 0]}}}`:                                                                   -1,
		`{"a": {"c": {"type": "Point", "coordinates": [1, 0]}}}`:                                                                   -1,
	} {
		metres, ok, err := near.Distance(mustParse(t, text))
		if err != nil || ok != (want >= 0) || ok && math.Abs(metres-want) > 1e-6 {
			t.Errorf("%s: %v %v %v, want %v", text, metres, ok, err, want)
		}
	}
	d := mustParse(t, `{"a": [{"b": {"type": "Point", "coordinates": [0, 3]}}, {"b": {"type": "Point", "coordinates": [0, 2]}}]}`)
	if g := near.Nearest(d); g.Field("coordinates").String() != "[0,2]" {
		t.Errorf("the nearest is %v", g)
	}
	if ok, err := f.Beside().Match(mustParse(t, `{"c": 1}`)); !ok || err != nil {
		t.Error("the rest of the filter still asks for a distance")
	}
	if ok, err := f.Beside().Match(mustParse(t, `{"c": 2}`)); ok || err != nil {
		t.Error("the rest of the filter asks for nothing")
	}
	if mustCompile(t, M{"a": GeoWithin(square)}).Near() != nil || (*Filter)(nil).Near() != nil {
		t.Error("a filter without GeoNear has a Near")
	}
}

func TestGeoDoesNotAllocateForPoints(t *testing.T) {
	d := mustEncode(t, document.D{{Key: "name", Value: "tea"}, {Key: "place", Value: geo.Point{5, 5.5}}})
	for name, cond := range geoConditions() {
		f := mustCompile(t, M{"place": cond})
		if n := testing.AllocsPerRun(100, func() { _, _ = f.Match(d) }); n != 0 {
			t.Errorf("%s: %v allocations a document", name, n)
		}
		if near := f.Near(); near != nil {
			if n := testing.AllocsPerRun(100, func() { _, _, _ = near.Distance(d) }); n != 0 {
				t.Errorf("%s: %v allocations a distance", name, n)
			}
		}
	}
}

func geoConditions() map[string]Condition {
	var round geo.LineString
	for i := range 100 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / 100)
		round = append(round, geo.Point{5 + 3*cos, 5 + 3*sin})
	}
	round = append(round, round[0])
	return map[string]Condition{
		"near":        GeoNear(origin, NearOptions{Max: 1e6}),
		"circle":      GeoWithin(geo.Circle{Center: origin, Radius: 1e6}),
		"square":      GeoWithin(square),
		"polygon100":  GeoWithin(geo.Polygon{round}),
		"intersects":  GeoIntersects(square),
		"within none": GeoWithin(geo.Polygon{{{50, 0}, {60, 0}, {60, 10}, {50, 0}}}),
	}
}

func BenchmarkGeoMatch(b *testing.B) {
	d := mustEncode(b, document.D{{Key: "name", Value: "tea"}, {Key: "place", Value: geo.Point{5, 5.5}}})
	for name, cond := range geoConditions() {
		f, err := CompileFilter(M{"place": cond}, time.Time{})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Match(d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
