package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga"
)

func newSchema(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema set|show|clear …",
		Short: "Set, show and clear what the documents of a collection have to be like",
		Args:  cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			return misused(errors.New("schema needs one of set, show, clear"))
		},
	}
	cmd.AddCommand(newSchemaSet(s), newSchemaShow(s), newSchemaClear())
	return cmd
}

func newSchemaSet(s Streams) *cobra.Command {
	var schema virga.Schema
	var moderate, warn bool
	cmd := &cobra.Command{
		Use:   "set DATABASE COLLECTION FILE",
		Short: "Let a collection hold only documents that meet a JSON Schema",
		Long: `Let a collection, which is created where there is none, hold only documents that
meet the JSON Schema in FILE, or "-" for standard input. Documents it holds already
are not looked at.`,
		Example: `  virga schema set shop.virga products products.schema.json --moderate`,
		Args:    takes(3, 3, "DATABASE COLLECTION FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readText(args[2], s.In, maxSchema)
			if err != nil {
				return err
			}
			schema.JSON = text
			if moderate {
				schema.Level = virga.Moderate
			}
			if warn {
				schema.Action = virga.Warn
			}
			return writing(args[0], func(db *virga.DB) error { return db.Collection(args[1]).SetSchema(cmd.Context(), schema) })
		},
	}
	cmd.Flags().BoolVar(&moderate, "moderate", false, "spare changes of documents that did not meet it before")
	cmd.Flags().BoolVar(&warn, "warn", false, "let pass what does not meet it, and log that")
	return cmd
}

// maxSchema is more than any schema may have, in bytes.
const maxSchema = 4 << 20

func newSchemaShow(s Streams) *cobra.Command {
	return aboutCollection("show", "Print the schema of a collection, its level and its action", reading, func(ctx context.Context, coll *virga.Collection) error {
		schema, err := coll.Schema(ctx)
		if err != nil {
			return err
		}
		if schema.JSON == nil {
			_, err = fmt.Fprintln(s.Out, "no schema")
		} else {
			_, err = fmt.Fprintf(s.Out, "%s, %s\n%s\n", schema.Level, schema.Action, schema.JSON)
		}
		return err
	})
}

func newSchemaClear() *cobra.Command {
	return aboutCollection("clear", "Let a collection hold any documents", writing, func(ctx context.Context, coll *virga.Collection) error {
		return coll.SetSchema(ctx, virga.Schema{})
	})
}
