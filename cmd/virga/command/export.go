package command

import (
	"errors"
	"os"

	"github.com/spf13/cobra"
)

func newExport(s Streams) *cobra.Command {
	var sel selection
	var output string
	cmd := &cobra.Command{
		Use:   "export DATABASE COLLECTION",
		Short: "Write a collection as JSON Lines",
		Long: `Write the documents of a collection as JSON Lines, in the order of their _id, all
as they were at one moment. Importing the lines makes the same documents again.`,
		Args: takes(2, 2, "DATABASE COLLECTION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return find(cmd.Context(), args[0], args[1], &sel, s.Out)
			}
			return writeFile(output, func(f *os.File) error {
				return find(cmd.Context(), args[0], args[1], &sel, f)
			})
		},
	}
	sel.whereFlags(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write, instead of standard output; it appears when it is complete")
	return cmd
}

// writeFile makes the file at path from what write writes. After an error the
// file is as it was.
func writeFile(path string, write func(*os.File) error) error {
	part := path + ".part"
	f, err := os.Create(part)
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Close())
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return nil
}
