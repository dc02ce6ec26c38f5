//go:build !linux

package badger

import (
	"os"
	"runtime"

	"github.com/dgraph-io/badger/v4"
)

// folderSyncs says that a folder's names are made durable by syncing it.
const folderSyncs = runtime.GOOS != "windows" && runtime.GOOS != "plan9"

// beforeSync flushes Badger's mappings into their files: not every system does
// so when a file is synced.
func beforeSync(db *badger.DB) error { return db.Sync() }

// syncData makes the contents of f durable.
func syncData(f *os.File) error { return f.Sync() }
