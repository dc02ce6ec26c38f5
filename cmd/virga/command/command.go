// Package command is the program virga: arguments and streams in, an exit code out.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Exit codes of [Run].
const (
	Done    = 0 // the work is done
	Failed  = 1 // it could not be done, or only in part
	Misused = 2 // the arguments make no command; nothing was touched
	Unsound = 3 // check found disagreements in the database
)

// Streams are what a command reads from and writes to. Err takes errors and
// progress; a progress bar is shown when it is a terminal.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// Run carries out the command that args spell and returns its exit code. It has
// written any error to s.Err. When ctx ends the command stops at the next step
// that leaves the database whole.
func Run(ctx context.Context, args []string, s Streams) int {
	root := newRoot(s)
	root.SetArgs(append([]string{}, args...)) // nil would stand for those of the process
	ran, err := root.ExecuteContextC(ctx)
	if err == nil {
		return Done
	}
	fmt.Fprintf(s.Err, "virga: %v\n", err)
	if usage := (*usageError)(nil); errors.As(err, &usage) {
		fmt.Fprintf(s.Err, "run '%s --help' for usage\n", ran.CommandPath())
		return Misused
	}
	if errors.Is(err, errUnsound) {
		return Unsound
	}
	return Failed
}

// A usageError reports arguments that make no command.
type usageError struct{ err error }

func (u *usageError) Error() string { return u.err.Error() }
func (u *usageError) Unwrap() error { return u.err }

// misused returns err as a usageError, and nil for nil.
func misused(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}

// takes returns a check that a command gets between least and most arguments,
// which names describes.
func takes(least, most int, names string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return misused(fmt.Errorf("too few arguments, needs %s", names))
		case len(args) > most:
			return misused(fmt.Errorf("too many arguments, takes %s", names))
		}
		return nil
	}
}

func newRoot(s Streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "virga VERB DATABASE [COLLECTION] …",
		Short: "Work on a Virga database",
		Long: `Work on a Virga database: a folder that no program has open.

Documents go in and out as JSON Lines, one object a line. Dates are written
{"$date": "2024-03-01T12:00:00.000Z"}, as extended JSON has them.

Exit codes: 0 done, 1 error, 2 wrong usage, 3 check found disagreements.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args:              cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misused(fmt.Errorf("no such verb: %s", args[0]))
			}
			cmd.SetOut(s.Err)
			if err := cmd.Help(); err != nil {
				return err
			}
			return misused(errors.New("a verb is needed"))
		},
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return misused(err) })
	root.AddCommand(newImport(s), newExport(s), newFind(s), newCount(s), newWatch(s), newExplain(s), newAggregate(s), newIndex(s), newRules(s), newSchema(s), newStats(s), newCheck(s))
	return root
}
