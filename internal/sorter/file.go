package sorter

import (
	"os"
	"path/filepath"
	"time"

	"github.com/virgadb/virga/internal/clock"
)

// filePrefix is what the names of temporary files begin with.
const filePrefix = "virga-spill-"

// createFile makes a temporary file. Where the system allows it its name is removed
// at once, so that the file ends with the process; elsewhere whoever closes it does.
// What a killed process has left is for [Sweep].
func createFile(dir string) (*os.File, error) {
	if dir == "" {
		dir = os.TempDir()
		Sweep(dir, clock.System().Now().Add(-time.Minute))
	}
	f, err := os.CreateTemp(dir, filePrefix+"*")
	if err == nil {
		_ = os.Remove(f.Name())
	}
	return f, err
}

// Sweep removes the temporary files in a folder that killed processes have left: those
// last written before a time, zero for any. Files in use have no name, or cannot be
// removed. What goes wrong is left for the next time.
func Sweep(dir string, before time.Time) {
	names, _ := filepath.Glob(filepath.Join(dir, filePrefix+"*"))
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && (before.IsZero() || info.ModTime().Before(before)) {
			_ = os.Remove(name)
		}
	}
}
