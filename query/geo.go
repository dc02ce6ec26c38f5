package query

import (
	"fmt"
	"math"
	"slices"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/internal/fault"
)

// GeoNear asks for a geometry near point, a [geo.Point] or an object that is one in
// GeoJSON. Unless the query has another order, its documents come by their distance,
// the nearest first; of several geometries in an array the nearest counts. It is
// part of what the whole filter asks: it does not stand inside Or, Nor, Not or
// ElemMatch, and only one does.
//
//	shops.Where(virga.M{"place": query.GeoNear(geo.Point{114.06, 22.54}, query.NearOptions{Max: 5000})}).Limit(10)
func GeoNear(point any, options ...NearOptions) Condition {
	spec := document.D{{Key: "$geometry", Value: point}}
	for _, o := range options {
		if o.Min != 0 {
			spec = append(spec, document.E{Key: "$minDistance", Value: o.Min})
		}
		if o.Max != 0 {
			spec = append(spec, document.E{Key: "$maxDistance", Value: o.Max})
		}
	}
	return Condition{"$near", []any{spec}}
}

// NearOptions bound the distance of [GeoNear], both ends included. The zero value
// takes any distance.
type NearOptions struct {
	Min float64 // metres over the ground
	Max float64 // metres; 0 is no bound
}

// GeoWithin asks for a geometry all of which lies within area: a [geo.Polygon],
// [geo.MultiPolygon], [geo.Circle], or an object that is one of the first two in
// GeoJSON. Their edges belong to them.
func GeoWithin(area any) Condition {
	return Condition{"$geoWithin", []any{document.D{{Key: "$geometry", Value: area}}}}
}

// GeoIntersects asks for a geometry that has at least one point in common with
// geometry: any of package geo, or an object that is one in GeoJSON.
func GeoIntersects(geometry any) Condition {
	return Condition{"$geoIntersects", []any{document.D{{Key: "$geometry", Value: geometry}}}}
}

// GeoNear returns c and [GeoNear].
func (c Condition) GeoNear(point any, options ...NearOptions) Condition {
	return c.and(GeoNear(point, options...))
}

// GeoWithin returns c and [GeoWithin].
func (c Condition) GeoWithin(area any) Condition { return c.and(GeoWithin(area)) }

// GeoIntersects returns c and [GeoIntersects].
func (c Condition) GeoIntersects(geometry any) Condition { return c.and(GeoIntersects(geometry)) }

func compileGeoWithin(c *compiler, op string, v any, s scope) (*node, error) {
	spec, err := c.geoSpec(op, v, s, "$geometry", "$centerSphere")
	if err != nil {
		return nil, err
	}
	var area *geo.Area
	switch shape, circle := spec[0], spec[1]; {
	case (shape == nil) == (circle == nil):
		return nil, invalidAt(s.path, "%s needs either $geometry or $centerSphere", op)
	case shape != nil:
		area, err = geo.NewArea(shape)
	default:
		area, err = centerSphere(circle)
	}
	if err != nil {
		return nil, atGeo(op, s, err)
	}
	return c.leaf(test{op: testWithin, geo: &geoTest{area: area, made: c.in.Shapes}}, s)
}

func compileGeoIntersects(c *compiler, op string, v any, s scope) (*node, error) {
	spec, err := c.geoSpec(op, v, s, "$geometry")
	if err != nil {
		return nil, err
	}
	g, err := geo.Of(spec[0])
	var shape *geo.Shape
	if err == nil {
		shape, err = geo.NewShape(g)
	}
	if err != nil {
		return nil, atGeo(op, s, err)
	}
	return c.leaf(test{op: testIntersects, geo: &geoTest{shape: shape, made: c.in.Shapes}}, s)
}

func compileNear(c *compiler, op string, v any, s scope) (*node, error) {
	if s.branch || s.element {
		return nil, invalidAt(s.path, "%s orders the whole result and cannot be part of $or, $nor, $not or $elemMatch", op)
	}
	if c.near {
		return nil, invalidAt(s.path, "%s stands in the filter twice, and only one can order the result", op)
	}
	c.near = true
	params := []string{"$geometry", "$minDistance", "$maxDistance"}
	spec, err := c.geoSpec(op, v, s, params...)
	if err != nil {
		return nil, err
	}
	near := &Near{max: math.Inf(1), made: c.in.Shapes}
	if near.Origin, err = originOf(spec[0]); err != nil {
		return nil, atGeo(op, s, err)
	}
	for i, bound := range []*float64{&near.min, &near.max} {
		if spec[i+1] == nil {
			continue
		}
		if *bound, err = c.metres(op+": "+params[i+1], spec[i+1], s); err != nil {
			return nil, err
		}
	}
	n, err := c.leaf(test{op: testNear, geo: &geoTest{near: near}}, s)
	if err != nil {
		return nil, err
	}
	n.op = opNear
	near.leaf = *n // of its own, without a slot: it is asked of documents alone, too
	return n, nil
}

// geoSpec returns the values of an object of the parameters of op, nil for those it
// does not have. The first may be the only one, and $centerSphere is in its place.
func (c *compiler) geoSpec(op string, v any, s scope, params ...string) ([]any, error) {
	fields, ok := document.Pairs(v)
	if !ok {
		return nil, invalidAt(s.path, "%s needs an object with %s, found %s", op, params[0], describe(v))
	}
	values := make([]any, len(params))
	for _, f := range fields {
		i := slices.Index(params, f.Key)
		switch {
		case i < 0:
			return nil, invalidAt(s.path, "%s knows no %q, only %v", op, f.Key, params)
		case isNil(f.Value):
			return nil, invalidAt(s.path, "%s: %s is nil", op, f.Key)
		}
		values[i] = f.Value
	}
	if values[0] == nil && !slices.Contains(params, "$centerSphere") {
		return nil, invalidAt(s.path, "%s needs a $geometry", op)
	}
	switch values[0].(type) {
	case geo.Circle:
		return values, nil // it has no stored form
	case geo.Point:
		return values, c.spend(pointOperand, s)
	}
	return values, c.geoOperand(v, s)
}

// pointOperand is what a point counts as an operand, which need not be encoded for that:
// the bytes of its GeoJSON.
const pointOperand = 43

// geoOperand counts the bytes of an operand against the limit.
func (c *compiler) geoOperand(v any, s scope) error {
	value, err := document.Of(v)
	if err != nil {
		return nil // what the geometry's own error tells better
	}
	_, err = c.operand(value, s)
	return err
}

// originOf returns the origin at a point.
func originOf(v any) (*geo.Origin, error) {
	g, err := geo.Of(v)
	if err != nil {
		return nil, err
	}
	p, ok := g.(geo.Point)
	if !ok {
		return nil, invalidAt("", "distances are measured from a Point, found a %s", g.Type())
	}
	return geo.NewOrigin(p)
}

// metres returns the distance that stands beside name.
func (c *compiler) metres(name string, v any, s scope) (float64, error) {
	value, err := c.operand(v, s)
	if err != nil {
		return 0, err
	}
	m, ok := value.Float64()
	if !ok || !(m >= 0) {
		return 0, invalidAt(s.path, "%s is a number of metres, not negative, found %s", name, value)
	}
	return m, nil
}

// centerSphere returns the circle of [[lng, lat], radians], or [point, radians].
func centerSphere(v any) (*geo.Area, error) {
	list, ok := document.List(v)
	switch {
	case !ok:
		return nil, invalidAt("", "$centerSphere is an array of a point and a radius in radians, found %s", describe(v))
	case len(list) != 2:
		return nil, invalidAt("", "$centerSphere is an array of a point and a radius in radians, found an array of %d", len(list))
	}
	center, err := centerOf(list[0])
	if err != nil {
		return nil, err
	}
	value, err := document.Of(list[1])
	if err != nil {
		return nil, err
	}
	radians, ok := value.Float64()
	if !ok {
		return nil, invalidAt("", "the radius of $centerSphere is a number of radians, found %s", value.Kind())
	}
	return geo.NewCircle(center, radians)
}

// centerOf returns the point that v, a GeoJSON point or a list of longitude and
// latitude, stands for.
func centerOf(v any) (geo.Point, error) {
	pair, ok := document.List(v)
	if !ok {
		g, err := geo.Of(v)
		if err != nil {
			return geo.Point{}, err
		}
		p, ok := g.(geo.Point)
		if !ok {
			return geo.Point{}, invalidAt("", "the centre of $centerSphere is a Point, found a %s", g.Type())
		}
		return p, nil
	}
	var p geo.Point
	if len(pair) != len(p) {
		return p, invalidAt("", "the centre of $centerSphere is a longitude and a latitude, found %d values", len(pair))
	}
	for i := range p {
		value, err := document.Of(pair[i])
		if err != nil {
			return p, err
		}
		if p[i], ok = value.Float64(); !ok {
			return p, invalidAt("", "the centre of $centerSphere is two numbers, found %s", value.Kind())
		}
	}
	return p, nil
}

// atGeo says that err is of op, which stands at s.
func atGeo(op string, s scope, err error) error {
	err = fmt.Errorf("%s: %w", op, err)
	if s.path == "" {
		return err
	}
	return fault.At(s.path, err)
}
