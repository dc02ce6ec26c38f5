package command

import (
	"context"
	"fmt"
	"io"
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
		Args:  takes(2, 2, "DATABASE COLLECTION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args[0], args[1], s.Out)
		},
	}
	f.findFlags(cmd)
	f.near.flags(cmd)
	cmd.Flags().StringVar(&f.format, "format", jsonLines, "jsonl, or geojson for a FeatureCollection that map viewers show")
	return cmd
}

// A finding is what the flags of find say.
type finding struct {
	selection
	near   nearness
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
	choice, err := f.parse()
	if err == nil {
		err = f.near.parse()
	}
	if err != nil {
		return err
	}
	return reading(path, func(db *virga.DB) error {
		coll, err := existing(ctx, db, name)
		if err != nil {
			return err
		}
		if err := f.near.add(ctx, coll, choice); err != nil {
			return err
		}
		docs := choice.on(coll).Each(ctx)
		if f.format == geoJSON {
			return writeGeoJSON(w, f.near.field, docs)
		}
		return writeDocs(w, docs)
	})
}

// find writes the documents of a selection to w, as JSON Lines.
func find(ctx context.Context, path, name string, sel *selection, w io.Writer) error {
	return sel.query(ctx, path, name, func(q *virga.Query) error { return writeDocs(w, q.Each(ctx)) })
}

// query calls f with the query that the flags describe of a collection.
func (sel *selection) query(ctx context.Context, path, name string, f func(*virga.Query) error) error {
	choice, err := sel.parse()
	if err != nil {
		return err
	}
	return reading(path, func(db *virga.DB) error {
		coll, err := existing(ctx, db, name)
		if err != nil {
			return err
		}
		return f(choice.on(coll))
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
	return cmd
}
