package command

import (
	"bufio"
	"fmt"
	"io"
	"iter"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
)

func newAggregate(s Streams) *cobra.Command {
	var explain, asJSON bool
	cmd := &cobra.Command{
		Use:   "aggregate DATABASE COLLECTION PIPELINE",
		Short: "Run an aggregation pipeline and print what it yields, as JSON Lines",
		Long: `Run an aggregation pipeline and print what it yields, as JSON Lines.

PIPELINE is a JSON array of stages in MongoDB's form, such as
'[{"$group": {"_id": "$state", "total": {"$sum": "$pop"}}}]', or - to read it
from standard input. Only a pipeline that ends with $out or $merge writes.`,
		Args: takes(3, 3, "DATABASE COLLECTION PIPELINE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			stages, err := pipeline(args[2], s.In)
			if err != nil {
				return err
			}
			open := reading
			if writes(stages) && !explain {
				open = writing
			}
			return open(args[0], func(db *virga.DB) error {
				coll, err := existing(cmd.Context(), db, args[1])
				if err != nil {
					return err
				}
				a := coll.Aggregate().Raw(stages)
				if !explain {
					return writeDocs(s.Out, a.Each(cmd.Context()))
				}
				e, err := a.Explain(cmd.Context())
				if err != nil {
					return err
				}
				return writeExplain(s.Out, e, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&explain, "explain", false, "print how the pipeline runs instead of what it yields; nothing is written")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the explanation as MongoDB does, in JSON")
	return cmd
}

// pipeline reads the stages from an argument, or from in when that is "-".
func pipeline(text string, in io.Reader) (document.Value, error) {
	raw := []byte(text)
	if text == "-" {
		var err error
		if raw, err = io.ReadAll(in); err != nil {
			return document.Value{}, err
		}
	}
	v, err := document.ParseJSON(raw)
	if err == nil && v.Kind() != document.Array {
		err = fmt.Errorf("needs an array of stages, found %s", v.Kind())
	}
	if err != nil {
		return v, misused(fmt.Errorf("pipeline: %w", err))
	}
	return v, nil
}

// writes reports whether a pipeline ends with a stage that writes.
func writes(stages document.Value) bool {
	last := stages.Element(stages.Len() - 1)
	return last.Field("$out").Exists() || last.Field("$merge").Exists()
}

// writeDocs writes documents to w as JSON Lines.
func writeDocs(w io.Writer, docs iter.Seq2[virga.Doc, error]) error {
	out := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	for doc, err := range docs {
		if err != nil {
			_ = out.Flush() // the documents before the error are worth having
			return err
		}
		line = append(document.AppendJSON(line[:0], doc.Value()), '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}
