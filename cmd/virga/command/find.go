package command

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/query"
)

// A selection is what the flags of a reading verb say about the documents meant.
type selection struct {
	where       string
	raw         bool
	sort        string
	fields      string
	skip, limit int
	near        nearness
}

func (s *selection) whereFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.where, "where", "", `conditions as JSON, such as '{"price": {"$gt": 100}}'`)
	cmd.Flags().BoolVar(&s.raw, "raw", false, "conditions are in MongoDB's form: an object inside is exactly that object, not paths into it")
}

func (s *selection) findFlags(cmd *cobra.Command) {
	s.whereFlags(cmd)
	cmd.Flags().StringVar(&s.sort, "sort", "", `order, such as "-price,name" or '{"price": -1, "name": 1}'`)
	cmd.Flags().StringVar(&s.fields, "fields", "", `fields wanted, such as "name,price" or '{"note": 0}'`)
	cmd.Flags().IntVar(&s.skip, "skip", 0, "documents to pass over")
	cmd.Flags().IntVar(&s.limit, "limit", 0, "most documents to return, 0 for all")
}

// A choice is a selection whose texts have been parsed: what is wrong with them is
// found before the database is opened.
type choice struct {
	cond        any
	order       virga.D
	fields      any
	skip, limit int
}

func (s *selection) parse() (*choice, error) {
	c := &choice{skip: s.skip, limit: s.limit}
	if s.skip < 0 || s.limit < 0 {
		return nil, misused(fmt.Errorf("--skip and --limit must not be negative"))
	}
	if err := s.near.parse(); err != nil {
		return nil, err
	}
	if s.where != "" {
		cond, err := object([]byte(s.where))
		if err != nil {
			return nil, misused(fmt.Errorf("--where: %w", err))
		}
		c.cond = cond
		if s.raw {
			c.cond = query.Raw(cond)
		}
	} else if s.raw {
		return nil, misused(fmt.Errorf("--raw says how to read --where, which is missing"))
	}
	var err error
	if c.order, err = parseSort(s.sort); err != nil {
		return nil, misused(fmt.Errorf("--sort: %w", err))
	}
	if c.fields, err = parseFields(s.fields); err != nil {
		return nil, misused(fmt.Errorf("--fields: %w", err))
	}
	return c, nil
}

// parseSort reads "-a,b" or {"a": -1, "b": 1}; each direction becomes a
// [virga.Direction].
func parseSort(text string) (virga.D, error) {
	var order virga.D
	if !isObject(text) {
		for _, path := range split(text) {
			dir := virga.Asc
			if rest, desc := strings.CutPrefix(path, "-"); desc {
				path, dir = rest, virga.Desc
			}
			order = append(order, virga.E{Key: path, Value: dir})
		}
		return order, nil
	}
	spec, err := object([]byte(text))
	if err != nil {
		return nil, err
	}
	for f := spec.Fields(); f.Next(); {
		dir, ok := f.Value().Int64()
		if !ok || dir != 1 && dir != -1 {
			return nil, fmt.Errorf("%s: direction %v is neither 1 nor -1", f.Key(), f.Value())
		}
		order = append(order, virga.E{Key: string(f.Key()), Value: virga.Direction(dir)})
	}
	return order, nil
}

// parseFields reads "a,b" or {"a": 1, "b": 0}. It returns nil for no text.
func parseFields(text string) (any, error) {
	if isObject(text) {
		return object([]byte(text))
	}
	var fields virga.D
	for _, path := range split(text) {
		fields = append(fields, virga.E{Key: path, Value: 1})
	}
	if fields == nil {
		return nil, nil
	}
	return fields, nil
}

func isObject(text string) bool { return strings.HasPrefix(strings.TrimSpace(text), "{") }

// split returns the parts of a comma-separated list, none for an empty one.
func split(text string) []string {
	if text == "" {
		return nil
	}
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// on returns the query of c on a collection.
func (c *choice) on(coll *virga.Collection) *virga.Query {
	q := coll.Where(c.cond).Skip(c.skip).Limit(c.limit)
	for _, e := range c.order {
		q = q.OrderBy(e.Key, e.Value.(virga.Direction))
	}
	if c.fields != nil {
		q = q.Field(c.fields)
	}
	return q
}

func newFind(s Streams) *cobra.Command {
	var f finding
	cmd := &cobra.Command{
		Use:   "find DATABASE COLLECTION",
		Short: "Print the documents that match, as JSON Lines or GeoJSON",
		Long: `Print the documents that match, as JSON Lines or GeoJSON.

With --format geojson a document is a Feature: its geometry, several in an array as a
GeometryCollection, and its other fields as properties. As map viewers want them,
rings of polygons are turned to go counterclockwise, those of holes clockwise, and
shapes across the antimeridian are cut there.`,
		Example: `  virga find shop.virga products --where '{"price": {"$gt": 100}}' --sort -price --limit 20
  virga find shop.virga shops --near 114.06,22.54 --max 2000 --distance metres
  virga find shop.virga shops --where '{"open": true}' --fields name --format geojson > shops.geojson`,
		Args: takes(2, 2, "DATABASE COLLECTION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args[0], args[1], s.Out)
		},
	}
	f.findFlags(cmd)
	f.near.flags(cmd)
	cmd.Flags().StringVar(&f.near.distance, "distance", "", "field that takes the distance from --near in metres")
	cmd.Flags().StringVar(&f.format, "format", jsonLines, "jsonl, or geojson for a FeatureCollection that map viewers show")
	return cmd
}

// A finding is what the flags of find say.
type finding struct {
	selection
	format string
}

// The formats of find.
const (
	jsonLines = "jsonl"
	geoJSON   = "geojson"
)

func (f *finding) run(ctx context.Context, path, name string, w io.Writer) error {
	if f.format != jsonLines && f.format != geoJSON {
		return misused(fmt.Errorf("--format is %s or %s, not %q", jsonLines, geoJSON, f.format))
	}
	f.near.drawn = f.format == geoJSON
	return f.chosen(ctx, path, name, func(coll *virga.Collection, c *choice) error {
		if err := f.keepGeometry(ctx, coll, c); err != nil {
			return err
		}
		docs, err := f.docs(ctx, coll, c)
		switch {
		case err != nil:
			return err
		case f.near.drawn:
			return writeGeoJSON(w, f.near.field, docs)
		}
		return writeDocs(w, docs)
	})
}

// keepGeometry adds the geometry of Features to the fields that are wanted.
func (f *finding) keepGeometry(ctx context.Context, coll *virga.Collection, c *choice) (err error) {
	if !f.near.drawn || c.fields == nil {
		return nil
	}
	if f.near.field, err = f.near.path(ctx, coll); err == nil {
		c.fields = withField(c.fields, f.near.field)
	}
	return err
}

// docs returns the documents found, with their distance where it is asked for.
func (f *finding) docs(ctx context.Context, coll *virga.Collection, c *choice) (iter.Seq2[virga.Doc, error], error) {
	if f.near.distance != "" {
		return f.near.measured(ctx, coll, c)
	}
	q, err := f.near.on(ctx, coll, c)
	if err != nil {
		return nil, err
	}
	return q.Each(ctx), nil
}

// find writes the documents of a selection to w, as JSON Lines.
func find(ctx context.Context, path, name string, sel *selection, w io.Writer) error {
	return sel.query(ctx, path, name, func(q *virga.Query) error { return writeDocs(w, q.Each(ctx)) })
}

// query calls f with the query that the flags describe of a collection.
func (sel *selection) query(ctx context.Context, path, name string, f func(*virga.Query) error) error {
	return sel.chosen(ctx, path, name, func(coll *virga.Collection, c *choice) error {
		q, err := sel.near.on(ctx, coll, c)
		if err != nil {
			return err
		}
		return f(q)
	})
}

// chosen parses the flags, opens the database and calls f with the collection.
func (sel *selection) chosen(ctx context.Context, path, name string, f func(*virga.Collection, *choice) error) error {
	choice, err := sel.parse()
	if err != nil {
		return err
	}
	return reading(path, func(db *virga.DB) error {
		coll, err := existing(ctx, db, name)
		if err != nil {
			return err
		}
		return f(coll, choice)
	})
}

func newCount(s Streams) *cobra.Command {
	var sel selection
	cmd := &cobra.Command{
		Use:   "count DATABASE COLLECTION",
		Short: "Print the number of documents that match",
		Args:  takes(2, 2, "DATABASE COLLECTION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return sel.query(cmd.Context(), args[0], args[1], func(q *virga.Query) error {
				n, err := q.Count(cmd.Context())
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(s.Out, n)
				return err
			})
		},
	}
	sel.whereFlags(cmd)
	sel.near.flags(cmd)
	return cmd
}
