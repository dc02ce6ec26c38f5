package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/rules"
)

func newRules(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules check|set|show|simulate …",
		Short: "Check and set security rules, and try what they allow",
		Args:  cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			return misused(errors.New("rules needs one of check, set, show, simulate"))
		},
	}
	cmd.AddCommand(newRulesCheck(s), newRulesSet(s), newRulesShow(s), newRulesSimulate(s))
	return cmd
}

func newRulesCheck(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Compile rules, and print what they say and what is suspicious about them",
		Long: `Compile the rules in FILE, or "-" for standard input: a JSON object with the keys
read, write, create, update and delete, or the name of a mode, such as PRIVATE.`,
		Example: `  virga rules check notes.rules.json`,
		Args:    takes(1, 1, "FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := readRules(args[0], s.In)
			if err != nil {
				return err
			}
			return writeRules(s.Out, r)
		},
	}
}

func newRulesSet(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "set DATABASE COLLECTION FILE",
		Short: "Give a collection the rules in a file",
		Long: `Give a collection, which is created where there is none, the rules in FILE, or "-"
for standard input. They hold for identities only: this command, as the program
itself, may do everything.`,
		Example: `  virga rules set shop.virga notes notes.rules.json
  echo PRIVATE | virga rules set shop.virga notes -`,
		Args: takes(3, 3, "DATABASE COLLECTION FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := readRules(args[2], s.In)
			if err != nil {
				return err
			}
			return writing(args[0], func(db *virga.DB) error {
				if err := db.Collection(args[1]).SetRules(cmd.Context(), r.String()); err != nil {
					return err
				}
				return writeRules(s.Out, r)
			})
		},
	}
}

func newRulesShow(s Streams) *cobra.Command {
	return aboutCollection("show", "Print the rules of a collection, as they were set", reading, func(ctx context.Context, coll *virga.Collection) error {
		r, err := coll.Rules(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(s.Out, strings.TrimRight(r.String(), "\n"))
		return err
	})
}

// maxRules is more than any rules may have, in bytes.
const maxRules = 1 << 20

// readRules compiles the rules in a file.
func readRules(path string, in io.Reader) (*rules.Rules, error) {
	text, err := readText(path, in, maxRules)
	if err != nil {
		return nil, err
	}
	r, err := rules.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// writeRules prints what decides each operation, and the warnings.
func writeRules(w io.Writer, r *rules.Rules) error {
	for op := rules.Read; op <= rules.Delete; op++ {
		if _, err := fmt.Fprintf(w, "%-7s %s\n", op.String()+":", r.Describe(op)); err != nil {
			return err
		}
	}
	for _, warning := range r.Lint() {
		if _, err := fmt.Fprintf(w, "warning: %s\n", warning); err != nil {
			return err
		}
	}
	return nil
}
