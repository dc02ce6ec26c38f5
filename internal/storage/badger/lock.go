package badger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/virgadb/virga/internal/fault"
)

// lockName is the file whose lock says who has the folder open. It is never
// removed, so that all agree on which file that is.
const lockName = "LOCK"

// errHeld reports that another holder has the lock.
var errHeld = errors.New("lock is held")

// A folderLock is a lock on a folder: of one writer or of many readers. It goes
// with the process, however that ends.
type folderLock struct {
	f        *os.File
	readOnly bool
}

// lockFolder locks dir or says at once who has it.
func lockFolder(dir string, readOnly bool) (*folderLock, error) {
	name, flags := filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE
	if readOnly {
		flags = os.O_RDONLY
	}
	f, err := os.OpenFile(name, flags, 0o666)
	if err != nil {
		if readOnly && errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: open it once for writing: %w", err, fault.ErrReadOnly)
		}
		return nil, fmt.Errorf("database %s: %w", dir, err)
	}
	if err := tryLock(f, readOnly); err != nil {
		defer f.Close()
		if errors.Is(err, errHeld) {
			return nil, fmt.Errorf("database %s is open in %s: %w", dir, holder(f), fault.ErrLocked)
		}
		return nil, fmt.Errorf("database %s: lock: %w", dir, err)
	}
	if !readOnly {
		// The number only serves messages: that it cannot be written is no reason to fail.
		_ = f.Truncate(0)
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &folderLock{f: f, readOnly: readOnly}, nil
}

// holder names the process that has f locked, as well as can be found out.
func holder(f *os.File) string {
	pid := lockOwner(f)
	if pid == 0 {
		var text [32]byte
		n, _ := f.ReadAt(text[:], 0)
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text[:n])))
	}
	switch pid {
	case 0:
		return "another process"
	case os.Getpid():
		return fmt.Sprintf("this process (%d)", pid)
	}
	return fmt.Sprintf("process %d", pid)
}

func (l *folderLock) release() {
	if !l.readOnly {
		_ = l.f.Truncate(0)
	}
	// Closing does not suffice: a process that is about to run another program, in
	// some goroutine, shares the file until that program runs.
	_ = unlock(l.f)
	l.f.Close()
}
