package command

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/query"
)

func newExplain(s Streams) *cobra.Command {
	var sel selection
	var asJSON, counting bool
	cmd := &cobra.Command{
		Use:   "explain DATABASE COLLECTION",
		Short: "Run a query and print how: the plan, what it read, and which index would help",
		Args:  takes(2, 2, "DATABASE COLLECTION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return sel.query(cmd.Context(), args[0], args[1], func(q *virga.Query) error {
				explain := q.Explain
				if counting {
					explain = q.ExplainCount
				}
				e, err := explain(cmd.Context())
				if err != nil {
					return err
				}
				return writeExplain(s.Out, e, asJSON)
			})
		},
	}
	sel.findFlags(cmd)
	sel.near.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as MongoDB does, in JSON")
	cmd.Flags().BoolVar(&counting, "count", false, "explain counting the documents instead of finding them")
	return cmd
}

func writeExplain(w io.Writer, e query.Explain, asJSON bool) error {
	if asJSON {
		text, err := e.MarshalJSON()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s\n", text)
		return err
	}
	_, err := fmt.Fprint(w, e.Tree())
	return err
}
