package aggregate

import (
	"context"
	"fmt"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// A nearness is what a $geoNear asks of the collection: the documents near a point,
// the nearest first.
type nearness struct {
	key     string     // the path of the geometries; empty for that of the only geo index
	operand document.D // of the condition $near
}

// geoNear compiles $geoNear, which is the first stage or none.
func (c *compiler) geoNear(p *Program, v any, first bool) error {
	switch {
	case !first:
		return invalid("it must be the first stage")
	case c.sub == "$facet" || c.sub == "$merge":
		return invalid("it cannot be part of a %s, whose documents come from elsewhere", c.sub)
	}
	given, ok, err := pick(v, "near", "distanceField", "key?", "query?", "minDistance?", "maxDistance?", "distanceMultiplier?",
		"includeLocs?", "limit?", "num?", "spherical?")
	if err != nil {
		return err
	}
	if p.access.near, err = c.nearness(given, ok); err != nil {
		return err
	}
	if ok[3] {
		if p.access.filter, err = c.besides(given[3]); err != nil {
			return err
		}
	}
	if err := p.access.check(); err != nil {
		return err
	}
	m, err := newMeasure(given, ok)
	if err != nil {
		return err
	}
	p.steps = append(p.steps, m)
	return c.geoLimit(p, given[8:10], ok[8:10])
}

// nearness returns what the operands, in the order that geoNear picks them, ask.
func (c *compiler) nearness(given []any, ok []bool) (*nearness, error) {
	g, err := geo.Of(plain(given[0]))
	if err != nil {
		return nil, fault.At("near", err)
	}
	point, isPoint := g.(geo.Point)
	if !isPoint {
		return nil, invalidAt("near", "distances are measured from a Point, found a %s", g.Type())
	}
	n := &nearness{operand: document.D{{"$geometry", point}}}
	for i, name := range []string{"minDistance", "maxDistance"} {
		if !ok[4+i] {
			continue
		}
		metres, err := notNegative(name, given[4+i])
		if err != nil {
			return nil, err
		}
		n.operand = append(n.operand, document.E{Key: "$" + name, Value: metres})
	}
	if ok[10] {
		if _, err := boolAt("spherical", given[10]); err != nil {
			return nil, err
		}
	}
	if !ok[2] {
		return n, nil
	}
	path, err := pathAt("key", given[2])
	n.key = path.String()
	return n, err
}

// notNegative returns the parameter name, a number that is not negative.
func notNegative(name string, v any) (float64, error) {
	value, err := document.Of(plain(v))
	if err != nil {
		return 0, fault.At(name, err)
	}
	f, ok := value.Float64()
	if !ok || !(f >= 0) {
		return 0, invalidAt(name, "needs a number that is not negative, found %s", value)
	}
	return f, nil
}

// besides returns what documents must meet besides.
func (c *compiler) besides(v any) (*query.Filter, error) {
	filter, err := c.filter(v)
	if err == nil && filter.Near() != nil {
		err = invalid("$near in the query of a $geoNear, which orders by distance itself")
	}
	if err != nil {
		return nil, fault.At("query", err)
	}
	return filter, nil
}

// geoLimit adds the limit that is part of a $geoNear under one of two names.
func (c *compiler) geoLimit(p *Program, given []any, ok []bool) error {
	if ok[0] && ok[1] {
		return invalid("limit and num are two names of one parameter")
	}
	for i, name := range []string{"limit", "num"} {
		if !ok[i] {
			continue
		}
		steps, err := buildLimit(c, given[i])
		if err != nil {
			return fault.At(name, err)
		}
		p.steps = append(p.steps, steps...)
	}
	return nil
}

// check compiles the filter once, at any path when that is not known before the run.
func (a *access) check() error {
	path := a.near.key
	if path == "" {
		path = "key"
	}
	at, err := a.located(path)
	if err == nil && a.near.key != "" {
		*a = *at
	}
	return err
}

// located returns a with its filter and its order for geometries at path.
func (a *access) located(path string) (*access, error) {
	b := *a
	near, err := query.CompileFilterIn(query.Raw(document.D{{path, document.D{{"$near", a.near.operand}}}}), a.filters)
	if err != nil {
		return nil, err
	}
	b.filter = a.filter.And(near)
	b.sort = b.filter.Near().Sort()
	return &b, nil
}

// in returns a as it is asked of a collection, whose geo index says where the
// geometries are unless the pipeline does.
func (a *access) in(db Database, collection string) (*access, error) {
	if a.near == nil || a.near.key != "" {
		return a, nil
	}
	paths := db.GeoPaths(collection)
	switch len(paths) {
	case 0:
		return nil, invalidAt("key", "$geoNear needs the path of the geometries, because %s has no geo index", collection)
	case 1:
		return a.located(paths[0])
	}
	return nil, invalidAt("key", "$geoNear needs the path of the geometries, because %s has geo indexes on %s", collection, strings.Join(paths, ", "))
}

// A measure adds to each document of a $geoNear its distance, and the geometry that
// is at that distance.
type measure struct {
	distance document.Path
	location document.Path // without segments when it is not wanted
	factor   float64       // from metres
}

func newMeasure(given []any, ok []bool) (*measure, error) {
	m := &measure{factor: 1}
	var err error
	if m.distance, err = pathAt("distanceField", given[1]); err != nil {
		return nil, err
	}
	if ok[7] {
		if m.location, err = pathAt("includeLocs", given[7]); err != nil {
			return nil, err
		}
	}
	if ok[6] {
		if m.factor, err = notNegative("distanceMultiplier", given[6]); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *measure) text() string { return fmt.Sprintf("measure %s", m.distance) }

// leaves reports whether what reads says is the same before the step. What is no
// object on the way to a field that is set gives way to one.
func (m *measure) leaves(reads *paths) bool {
	names := m.location.Segments()
	return !reads.touches(m.distance.Segments()[0]) && (len(names) == 0 || !reads.touches(names[0]))
}

func (m *measure) open(_ *run, in source) (source, error) {
	f, ok := in.(*found)
	if !ok {
		return in, nil // there is nothing to find
	}
	return &measuring{measure: m, in: f, near: f.request.Sort.Near()}, nil
}

type measuring struct {
	*measure
	in   *found
	near *query.Near
	b    document.Builder
}

func (s *measuring) next(ctx context.Context) (document.Doc, bool, error) {
	doc, ok, err := s.in.next(ctx)
	if err != nil || !ok {
		return doc, false, err
	}
	v := setPath(&s.b, doc.Value(), s.distance.Segments(), document.Float(s.in.cursor.Distance()*s.factor))
	if names := s.location.Segments(); len(names) > 0 {
		v = setPath(&s.b, v, names, s.near.Nearest(doc))
	}
	return document.FromRaw(v.Raw()), true, nil
}

func (s *measuring) close() { s.in.close() }
