package command

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga/rules"
)

func newRules(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules check|simulate …",
		Short: "Check security rules, and try what they allow",
		Args:  cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			return misused(errors.New("rules needs one of check, simulate"))
		},
	}
	cmd.AddCommand(newRulesCheck(s), newRulesSimulate(s))
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

// maxRules is more than any rules may have, in bytes.
const maxRules = 1 << 20

// readRules compiles the rules in a file.
func readRules(path string, in io.Reader) (*rules.Rules, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxRules))
	if err != nil {
		return nil, err
	}
	r, err := rules.Parse(string(text))
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
