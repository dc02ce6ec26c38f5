package badger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/virgadb/virga/internal/fault"
)

// prepareFolder makes sure that path is a folder a database lives in or may be
// made in, and creates it if need be. It writes nothing into it.
func prepareFolder(path string, readOnly bool) error {
	fi, err := os.Stat(path)
	switch {
	case path == "":
		return fmt.Errorf("empty database path: %w", fault.ErrInvalid)
	case errors.Is(err, fs.ErrNotExist) && readOnly:
		return fmt.Errorf("database %s: %w", path, fault.ErrNotFound)
	case errors.Is(err, fs.ErrNotExist):
		return createFolder(path)
	case isNotFolder(err):
		return fmt.Errorf("database %s: %w: %w", path, err, fault.ErrInvalid)
	case err != nil:
		return fmt.Errorf("database %s: %w", path, err)
	case !fi.IsDir():
		return fmt.Errorf("database %s is a file, not a folder: %w", path, fault.ErrInvalid)
	}
	return checkOwner(path, readOnly)
}

// createFolder creates path and its missing parents, durably: a database whose
// folder is lost in a power cut has lost everything.
func createFolder(path string) error {
	var changed []string // folders that get a new entry
	for dir := filepath.Clean(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		changed = append(changed, filepath.Dir(dir))
	}
	if err := os.MkdirAll(path, 0o777); err != nil {
		if errors.Is(err, fs.ErrExist) || isNotFolder(err) {
			return fmt.Errorf("database %s: %w: %w", path, err, fault.ErrInvalid)
		}
		return fmt.Errorf("database %s: %w", path, err)
	}
	for _, dir := range slices.Backward(changed) {
		if err := syncFolder(dir); err != nil {
			return fmt.Errorf("database %s: %w", path, err)
		}
	}
	return nil
}

// checkOwner refuses a folder that holds anything but a database.
func checkOwner(path string, readOnly bool) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("database %s: %w", path, err)
	}
	foreign := ""
	for _, entry := range entries {
		switch entry.Name() {
		case stateName:
			return nil
		case lockName:
		default:
			foreign = entry.Name()
		}
	}
	if foreign != "" {
		return fmt.Errorf("database %s: the folder is no database and holds other files, %s among them: choose an empty or a new one: %w",
			path, foreign, fault.ErrInvalid)
	}
	if readOnly {
		return fmt.Errorf("database %s: the folder is empty: %w", path, fault.ErrNotFound)
	}
	return nil
}

const (
	manifestName = "MANIFEST"
	tableExt     = ".sst"
	valueLogExt  = ".vlog"
)

// hasTables reports whether the folder holds data already.
func hasTables(dir string) bool {
	names, err := filesWith(dir, tableExt, walExt)
	return err != nil || len(names) > 0
}

// filesWith returns the names in dir that end in one of the extensions.
func filesWith(dir string, extensions ...string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if slices.ContainsFunc(extensions, func(ext string) bool { return strings.HasSuffix(entry.Name(), ext) }) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}
