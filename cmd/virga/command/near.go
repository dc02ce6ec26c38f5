package command

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/query"
)

// A nearness is what the flags of find say about places.
type nearness struct {
	text  string // of --near
	min   float64
	max   float64
	field string // the path of the geometries; empty to look for it

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
		if n.min != 0 || n.max != 0 {
			return misused(fmt.Errorf("--min and --max are distances from --near, which is missing"))
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

// add adds the condition to c, and looks for the path of the geometries in coll when
// it is not given.
func (n *nearness) add(ctx context.Context, coll *virga.Collection, c *choice) error {
	if n.point == nil {
		return nil
	}
	path := n.field
	if path == "" {
		var err error
		if path, err = firstGeometry(ctx, coll); err != nil {
			return err
		}
	}
	near := query.Raw(virga.D{{path, query.GeoNear(*n.point, query.NearOptions{Min: n.min, Max: n.max})}})
	if c.cond == nil {
		c.cond = near
	} else {
		c.cond = query.And(c.cond, near)
	}
	return nil
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
	return "", misused(fmt.Errorf("no geometry in the first %d documents: name its path by --geo", lookedAt))
}

// geometryIn returns the dotted path of the first geometry in the objects of v, which
// lies at path itself.
func geometryIn(v document.Value, path string) (string, bool) {
	for f := v.Fields(); f.Next(); {
		at := string(f.Key())
		if path != "" {
			at = path + "." + at
		}
		if f.Value().Kind() != document.Object {
			continue
		}
		if _, err := geo.Parse(f.Value()); err == nil {
			return at, true
		}
		if found, ok := geometryIn(f.Value(), at); ok {
			return found, true
		}
	}
	return "", false
}
