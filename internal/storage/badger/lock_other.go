//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package badger

import (
	"fmt"
	"os"

	"github.com/virgadb/virga/internal/fault"
)

// tryLock refuses: without locks two processes would destroy the folder.
func tryLock(*os.File, bool) error {
	return fmt.Errorf("this system has no file locks: %w", fault.ErrNotImplemented)
}

func unlock(*os.File) error { return nil }

func lockOwner(*os.File) int { return 0 }

func isNotFolder(error) bool { return false }
