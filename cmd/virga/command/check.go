package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga"
)

// errUnsound says that a database does not agree with itself.
var errUnsound = errors.New("the database does not agree with itself")

func newCheck(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "check DATABASE",
		Short: "Compare a database with itself and print every disagreement",
		Args:  takes(1, 1, "DATABASE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return reading(args[0], func(db *virga.DB) error {
				report, err := db.Check(cmd.Context())
				if err != nil {
					return err
				}
				for _, p := range report.Problems {
					fmt.Fprintf(s.Out, "%s: %s\n", p.Collection, p.Text)
				}
				if n := len(report.Problems); n > 0 {
					return fmt.Errorf("%w: %d problems", errUnsound, n)
				}
				_, err = fmt.Fprintf(s.Out, "sound: %d collections, %d documents\n", report.Collections, report.Documents)
				return err
			})
		},
	}
}
