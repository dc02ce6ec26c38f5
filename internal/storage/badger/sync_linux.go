package badger

import (
	"os"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/sys/unix"
)

// folderSyncs says that a folder's names are made durable by syncing it.
const folderSyncs = true

// beforeSync does nothing: here a sync of a file covers what was written to it
// through any mapping.
func beforeSync(*badger.DB) error { return nil }

// syncData makes the contents of f durable.
func syncData(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); err != unix.EINTR {
			return err
		}
	}
}
