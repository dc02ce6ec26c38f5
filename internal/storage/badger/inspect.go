package badger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/ristretto/v2/z"

	"github.com/virgadb/virga/internal/fault"
)

// inspect looks for damage that Badger does not survive or does not report when it
// opens a folder: it deletes tables that its MANIFEST does not name, be that file
// lost or cut short; it panics in a goroutine of its own over a table that was
// truncated; it stops at the empty log a process killed between two steps leaves;
// and it leaves goroutines behind when it stops at its registry of keys.
func inspect(dir string, last state, readOnly bool) error {
	if readOnly {
		logs, err := filesWith(dir, walExt)
		if err != nil {
			return fmt.Errorf("database %s: %w", dir, err)
		}
		if len(logs) > 0 {
			return fmt.Errorf("database %s was not closed and has to be recovered: open it once for writing, close it, then open it read-only: %w", dir, fault.ErrReadOnly)
		}
	} else if err := removeEmptyLogs(dir); err != nil {
		return fmt.Errorf("database %s: %w", dir, err)
	}
	if _, err := badger.OpenKeyRegistry(badger.KeyRegistryOptions{Dir: dir, ReadOnly: true}); err != nil {
		return explain(dir, err)
	}
	tables, err := readManifest(dir, last)
	if err != nil {
		return err
	}
	for id := range tables {
		if err := checkTable(table.NewFilename(id, dir), false); err != nil {
			return fmt.Errorf("database %s: %w", dir, err)
		}
	}
	return nil
}

// removeEmptyLogs removes the logs that hold nothing, not even a header. Badger
// empties a log before it removes it, and makes an empty one first.
func removeEmptyLogs(dir string) error {
	names, err := filesWith(dir, walExt, valueLogExt)
	if err != nil {
		return err
	}
	for _, name := range names {
		name = filepath.Join(dir, name)
		fi, err := os.Stat(name)
		if err == nil && fi.Size() == 0 {
			err = os.Remove(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readManifest returns the tables that MANIFEST names. None is right for a folder
// in which no database was finished.
func readManifest(dir string, last state) (map[uint64]badger.TableManifest, error) {
	f, err := os.Open(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		if hasTables(dir) || last.version > 0 {
			return nil, fmt.Errorf("database %s: %s is missing: %w", dir, manifestName, fault.ErrCorrupt)
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", dir, err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", dir, err)
	}
	manifest, end, err := badger.ReplayManifestFile(f, 0, badger.DefaultOptions(dir).WithLogger(nil))
	if err != nil {
		return nil, explain(dir, err)
	}
	// A process that is killed may leave half an entry behind, a clean close does not.
	if last.clean && (end < fi.Size() || fi.Size() < last.manifest) {
		return nil, fmt.Errorf("database %s: %s is cut short: %w", dir, manifestName, fault.ErrCorrupt)
	}
	return manifest.Tables, nil
}

// checkTable checks the index of a table, and with deep set its blocks as well.
func checkTable(name string, deep bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("table %s is damaged: %w", filepath.Base(name), fault.ErrCorrupt)
		}
	}()
	file, err := z.OpenMmapFile(name, os.O_RDONLY, 0)
	if err != nil {
		if file != nil || !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("table %s: %w: %w", filepath.Base(name), err, fault.ErrCorrupt)
		}
		return fmt.Errorf("table %s is missing: %w", filepath.Base(name), fault.ErrCorrupt)
	}
	// Not Close: it syncs the file first.
	defer file.Fd.Close()
	defer z.Munmap(file.Data)
	t, err := table.OpenTable(file, table.Options{ReadOnly: true})
	if err == nil && deep {
		err = t.VerifyChecksum()
	}
	if err != nil {
		return fmt.Errorf("table %s: %w: %w", filepath.Base(name), err, fault.ErrCorrupt)
	}
	return nil
}

// Verify checks the checksum of every block of every table. Logs are checked when
// they are read, at Open.
func (e *Engine) Verify(ctx context.Context) error {
	if e.closed.Load() {
		return fmt.Errorf("database %s: %w", e.path, fault.ErrClosed)
	}
	for _, t := range e.db.Tables() {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := table.NewFilename(t.ID, e.path)
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) && !e.has(t.ID) {
			continue // compacted away meanwhile
		}
		if err := checkTable(name, true); err != nil {
			if e.has(t.ID) {
				return fmt.Errorf("database %s: %w", e.path, err)
			}
		}
	}
	return nil
}

// has reports whether a table is in use.
func (e *Engine) has(id uint64) bool {
	for _, t := range e.db.Tables() {
		if t.ID == id {
			return true
		}
	}
	return false
}
