package command

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/aggregate"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/query"
)

// A nearness is what the flags of a reading verb say about places.
type nearness struct {
	text     string // of --near
	min      float64
	max      float64
	field    string // the path of the geometries; empty to look for it
	distance string // the path of the field that takes the distance; empty for none
	drawn    bool   // geometries are wanted without --near, too

	point *geo.Point // nil without --near
}

func (n *nearness) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&n.text, "near", "", "longitude and latitude, such as 114.06,22.54: documents near there, the nearest first")
	cmd.Flags().Float64Var(&n.min, "min", 0, "least distance from there in metres")
	cmd.Flags().Float64Var(&n.max, "max", 0, "greatest distance from there in metres, 0 for any")
	cmd.Flags().StringVar(&n.field, "geo", "", "dotted path of the geometry; by default that of the first one found")
}

// parse reads the point.
func (n *nearness) parse() error {
	if n.text == "" {
		if n.min != 0 || n.max != 0 || n.distance != "" {
			return misused(fmt.Errorf("--min, --max and --distance are about distances from --near, which is missing"))
		}
		if n.field != "" && !n.drawn {
			return misused(fmt.Errorf("--geo is about what is near, but --near is missing"))
		}
		return nil
	}
	parts := split(n.text)
	if len(parts) != 2 {
		return misused(fmt.Errorf("--near is a longitude and a latitude, such as 114.06,22.54"))
	}
	n.point = new(geo.Point)
	for i := range n.point {
		var err error
		if n.point[i], err = strconv.ParseFloat(parts[i], 64); err != nil {
			return misused(fmt.Errorf("--near: %q is no number", parts[i]))
		}
	}
	return nil
}

// on returns the query of c on a collection, for documents near the point if there is
// one.
func (n *nearness) on(ctx context.Context, coll *virga.Collection, c *choice) (*virga.Query, error) {
	if n.point == nil {
		return c.on(coll), nil
	}
	path, err := n.path(ctx, coll)
	if err != nil {
		return nil, err
	}
	placed := *c
	placed.cond = query.Raw(virga.D{{path, query.GeoNear(*n.point, query.NearOptions{Min: n.min, Max: n.max})}})
	if c.cond != nil {
		placed.cond = query.And(c.cond, placed.cond)
	}
	return placed.on(coll), nil
}

// measured is [nearness.on] with the distance in each document.
func (n *nearness) measured(ctx context.Context, coll *virga.Collection, c *choice) (iter.Seq2[virga.Doc, error], error) {
	path, err := n.path(ctx, coll)
	if err != nil {
		return nil, err
	}
	a := coll.Aggregate().GeoNear(aggregate.GeoNearOptions{
		Near: *n.point, Min: n.min, Max: n.max, Key: path, Query: c.cond, DistanceField: n.distance,
	})
	if c.order != nil {
		a = a.Sort(c.order)
	}
	if c.skip > 0 {
		a = a.Skip(c.skip)
	}
	if c.limit > 0 {
		a = a.Limit(c.limit)
	}
	if fields := withField(c.fields, n.distance); len(fields) > 0 {
		a = a.Project(fields)
	}
	return a.Each(ctx), nil
}

// withField returns a projection that keeps a field besides.
func withField(projection any, path string) virga.D {
	fields, _ := document.Pairs(projection)
	names := func(f virga.E) bool { return under(f.Key, path) || under(path, f.Key) }
	keeps := func(f virga.E) bool { return (f.Key != "_id" || len(fields) == 1) && !leavesOut(f.Value) }
	if slices.ContainsFunc(fields, names) || !slices.ContainsFunc(fields, keeps) {
		return fields
	}
	return append(virga.D(slices.Clone(fields)), virga.E{Key: path, Value: 1})
}

// under reports whether a dotted path is another one or lies below it.
func under(path, other string) bool { return strings.HasPrefix(path+".", other+".") }

// leavesOut reports whether what stands beside a field of a projection leaves it out.
func leavesOut(v any) bool {
	value, err := document.Of(v)
	b, isBool := value.Bool()
	n, isNumber := value.Float64()
	return err == nil && (isBool && !b || isNumber && n == 0)
}

// path returns the path of the geometries, which is looked for in coll when it is not
// given.
func (n *nearness) path(ctx context.Context, coll *virga.Collection) (string, error) {
	if n.field != "" {
		return n.field, nil
	}
	return firstGeometry(ctx, coll)
}

// lookedAt is how many documents are searched for a geometry.
const lookedAt = 1000

// firstGeometry returns the path of the first geometry in the first documents.
func firstGeometry(ctx context.Context, coll *virga.Collection) (string, error) {
	for doc, err := range coll.Where(nil).Limit(lookedAt).Each(ctx) {
		if err != nil {
			return "", err
		}
		if path, ok := geometryIn(doc.Value(), ""); ok {
			return path, nil
		}
	}
	return "", misused(fmt.Errorf("no geometry in GeoJSON in the first %d documents: name its path by --geo", lookedAt))
}

// geometryIn returns the dotted path of the first geometry, or array of them, in the
// objects of v, which lies at path itself.
func geometryIn(v document.Value, path string) (string, bool) {
	for f := v.Fields(); f.Next(); {
		at := string(f.Key())
		if path != "" {
			at = path + "." + at
		}
		if isPlace(f.Value()) {
			return at, true
		}
		if found, ok := geometryIn(f.Value(), at); ok {
			return found, true
		}
	}
	return "", false
}
