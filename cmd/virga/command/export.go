package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func newExport(s Streams) *cobra.Command {
	var sel selection
	var output string
	cmd := &cobra.Command{
		Use:   "export DATABASE COLLECTION",
		Short: "Write a collection as JSON Lines",
		Long: `Write the documents of a collection as JSON Lines, in the order of their _id, all
as they were at one moment. Importing the lines makes the same documents again.

A file given by --output is written under another name beside it, which ends in .part1
or a higher number, and takes its place when it is complete. An export that is
interrupted or asked to end removes it. One that is killed leaves it behind; later ones
do not touch it, as they cannot tell whose it is.`,
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

// writeFile makes the file at path, or that it is a link to, from what write writes.
// After an error a file is as it was. What is there and no file, a pipe or a device, is
// written to as it is.
func writeFile(path string, write func(*os.File) error) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return writeInPlace(path, write)
	case err == nil:
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	f, err := createPart(path)
	if err != nil {
		return err
	}
	if err = write(f); err == nil {
		err = f.Sync() // before it takes the place of what was there
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// createPart makes a file beside path under a name that nothing there has.
func createPart(path string) (*os.File, error) {
	for n := 1; ; n++ {
		f, err := os.OpenFile(fmt.Sprintf("%s.part%d", path, n), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

func writeInPlace(path string, write func(*os.File) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
