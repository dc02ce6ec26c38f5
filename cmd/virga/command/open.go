package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga"
)

// reading calls do with the database at path, opened without writing to it. One
// that was not closed, its program having been killed, is recovered first, which
// changes its files and nothing of what they say.
func reading(path string, do func(db *virga.DB) error) error {
	if err := onDisk(path); err != nil {
		return err
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("no database: %w", err)
	}
	err := with(path, do, virga.ReadOnly())
	if errors.Is(err, virga.ErrReadOnly) {
		return with(path, do)
	}
	return err
}

// writing calls do with the database at path, which is created where there is
// none.
func writing(path string, do func(db *virga.DB) error) error {
	if err := onDisk(path); err != nil {
		return err
	}
	return with(path, do)
}

// onDisk refuses a path that names no folder: its data would be gone at the end.
func onDisk(path string) error {
	if path == "" || path == virga.Memory {
		return misused(fmt.Errorf("%q is not a folder", path))
	}
	return nil
}

func with(path string, do func(db *virga.DB) error, options ...virga.Option) error {
	db, err := virga.Open(path, options...)
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

// aboutCollection returns a command that does something with a collection there is, in a
// database that is opened by way of access: reading or writing.
func aboutCollection(verb, short string, access func(string, func(*virga.DB) error) error, do func(context.Context, *virga.Collection) error) *cobra.Command {
	return &cobra.Command{
		Use:   verb + " DATABASE COLLECTION",
		Short: short,
		Args:  takes(2, 2, "DATABASE COLLECTION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return access(args[0], func(db *virga.DB) error {
				coll, err := existing(cmd.Context(), db, args[1])
				if err != nil {
					return err
				}
				return do(cmd.Context(), coll)
			})
		},
	}
}

// readText returns what the file at path holds, or in for "-", up to so many bytes. A
// byte order mark at the beginning is passed over.
func readText(path string, in io.Reader, most int64) (string, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, most))
	return string(bytes.TrimPrefix(text, byteOrderMark)), err
}

// existing returns a collection, and an error when the database has none of that
// name.
func existing(ctx context.Context, db *virga.DB, name string) (*virga.Collection, error) {
	names, err := db.Collections(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(names, name) {
		return nil, fmt.Errorf("%s has no collection %q", db.Path(), name)
	}
	return db.Collection(name), nil
}
