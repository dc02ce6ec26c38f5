package command

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga"
)

func newStats(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "stats DATABASE",
		Short: "Print the collections, the number of their documents, and the space on disk",
		Args:  takes(1, 1, "DATABASE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return reading(args[0], func(db *virga.DB) error {
				stats, err := db.Stats(cmd.Context())
				if err != nil {
					return err
				}
				table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "collection\tdocuments")
				for _, coll := range stats.Collections {
					fmt.Fprintf(table, "%s\t%d\n", coll.Name, coll.Documents)
				}
				fmt.Fprintf(table, "\non disk\t%d bytes\n", stats.DiskBytes)
				return table.Flush()
			})
		},
	}
}
