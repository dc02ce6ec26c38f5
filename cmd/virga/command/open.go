package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

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
