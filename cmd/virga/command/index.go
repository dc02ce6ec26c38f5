package command

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/index"
)

func newIndex(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "index create|drop|list|advise DATABASE COLLECTION …",
		Short: "Create, drop and list indexes, and hear which are missing",
		Args:  cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			return misused(fmt.Errorf("index needs one of create, drop, list, advise"))
		},
	}
	cmd.AddCommand(newIndexCreate(s), newIndexDrop(), newIndexList(s), newIndexAdvise(s))
	return cmd
}

func newIndexCreate(s Streams) *cobra.Command {
	var spec index.Spec
	var fields, mode string
	cmd := &cobra.Command{
		Use:   "create DATABASE COLLECTION --fields FIELDS --geo FIELD",
		Short: "Create an index and fill it",
		Long: `Create an index of the fields of --fields, of places at the field of --geo, or of both, and
fill it. A place is GeoJSON; what is none, such as a pair of numbers, makes it fail and is named.
To make a field of points, place, from one of pairs, loc:

  virga aggregate shop.virga shops '[{"$addFields": {"place": {"type": "Point",
    "coordinates": "$loc"}}}, {"$out": "shops"}]'`,
		Example: `  virga index create shop.virga products --fields category,-price
  virga index create shop.virga shops --geo place
  virga index create shop.virga shops --fields category --geo place`,
		Args: takes(2, 2, "DATABASE COLLECTION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec.Fields = index.By(split(fields)...)
			if err := spec.Validate(); err != nil {
				return misused(err)
			}
			show, err := newIndexProgress(mode, s.Err)
			if err != nil {
				return err
			}
			return writing(args[0], func(db *virga.DB) error {
				err := db.Collection(args[1]).CreateIndexes(cmd.Context(), []index.Spec{spec}, func(_ index.Spec, done, total int64) {
					show.indexed(done, total)
				})
				show.end()
				return err
			})
		},
	}
	cmd.Flags().StringVar(&fields, "fields", "", `the fields in their order, "-" for downwards: "category,-price"`)
	cmd.Flags().StringVar(&spec.Name, "name", "", "its name, made of the fields unless given")
	cmd.Flags().BoolVar(&spec.Unique, "unique", false, "refuse two documents with the same values")
	cmd.Flags().BoolVar(&spec.Sparse, "sparse", false, "leave out documents that have none of the fields")
	cmd.Flags().StringVar(&spec.Geo, "geo", "", "the field, one of --fields or behind them, that holds geometries to be found by where they are")
	cmd.Flags().StringVar(&mode, "progress", "auto", "auto: a bar on a terminal; plain: a line now and then; none")
	return cmd
}

func newIndexDrop() *cobra.Command {
	return &cobra.Command{
		Use:   "drop DATABASE COLLECTION NAME",
		Short: "Drop an index",
		Args:  takes(3, 3, "DATABASE COLLECTION NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return writing(args[0], func(db *virga.DB) error {
				coll, err := existing(cmd.Context(), db, args[1])
				if err != nil {
					return err
				}
				return coll.DropIndex(cmd.Context(), args[2])
			})
		},
	}
}

func newIndexList(s Streams) *cobra.Command {
	return aboutCollection("list", "Print the indexes of a collection", reading, func(ctx context.Context, coll *virga.Collection) error {
		infos, err := coll.Indexes(ctx)
		if err != nil {
			return err
		}
		return writeIndexes(s.Out, infos)
	})
}

func writeIndexes(w io.Writer, infos []virga.IndexInfo) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "name\tfields\tentries\tbytes\tkind")
	for _, info := range infos {
		kind := ""
		for _, k := range []struct {
			is   bool
			name string
		}{{info.Unique, "unique "}, {info.Sparse, "sparse "}, {info.Geo != "", "geo "}, {info.Multikey, "multikey"}} {
			if k.is {
				kind += k.name
			}
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\n", info.Name, info.Keys(), info.Entries, info.Bytes, kind)
	}
	return table.Flush()
}

func newIndexAdvise(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "advise DATABASE COLLECTION [FILE|-]",
		Short: "Run queries, one a line, and print which indexes they want and which nobody uses",
		Long: `Run queries and print which indexes they want, which indexes of the collection
none of them uses, and which are the beginning of another. A query is a line of JSON:

  {"where": {"category": "tea"}, "sort": {"price": -1}}`,
		Args: takes(2, 3, "DATABASE COLLECTION [FILE|-]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			source := "-"
			if len(args) == 3 {
				source = args[2]
			}
			in, _, err := openSource(source, s.In)
			if err != nil {
				return err
			}
			defer in.Close()
			return reading(args[0], func(db *virga.DB) error {
				coll, err := existing(cmd.Context(), db, args[1])
				if err != nil {
					return err
				}
				if err := runQueries(cmd.Context(), coll, in); err != nil {
					return err
				}
				advice, err := db.Advise(cmd.Context())
				if err != nil {
					return err
				}
				others := func(n virga.IndexNote) bool { return n.Collection != args[1] }
				advice.Unused = slices.DeleteFunc(advice.Unused, others)
				advice.Redundant = slices.DeleteFunc(advice.Redundant, others)
				if text := advice.String(); text != "" {
					_, err = fmt.Fprintln(s.Out, text)
				}
				return err
			})
		},
	}
}

// runQueries runs the query of each line that is not empty.
func runQueries(ctx context.Context, coll *virga.Collection, in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		spec, err := object(lines.Bytes())
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		var sel selection
		if v := spec.Field("where"); v.Exists() {
			sel.where = v.String()
		}
		if v := spec.Field("sort"); v.Exists() {
			sel.sort = v.String()
		}
		choice, err := sel.parse()
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if _, err := choice.on(coll).Get(ctx); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return lines.Err()
}
