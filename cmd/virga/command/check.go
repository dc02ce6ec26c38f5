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
				for _, name := range report.Unread {
					fmt.Fprintf(s.Err, "virga: %s was not compared with documents: that needs a virga built with cgo\n", name)
				}
				if n := len(report.Problems); n > 0 {
					return fmt.Errorf("%w: %s", errUnsound, counted(int64(n), "problem"))
				}
				_, err = fmt.Fprintf(s.Out, "sound: %s, %s\n", counted(int64(report.Collections), "collection"), counted(report.Documents, "document"))
				return err
			})
		},
	}
}

// counted returns a number of things, of which what is one.
func counted(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
