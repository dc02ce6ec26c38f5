//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package badger

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func tryLock(f *os.File, shared bool) error {
	how := unix.LOCK_EX
	if shared {
		how = unix.LOCK_SH
	}
	for {
		err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return errHeld
		default:
			return err
		}
	}
}

func unlock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_UN) }

// lockOwner looks the holder of f up in the kernel's table of locks, where there
// is one: unlike what the file says, it is never out of date. 0 is unknown.
func lockOwner(f *os.File) int {
	fi, err := f.Stat()
	if err != nil {
		return 0
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	locks, err := os.Open("/proc/locks")
	if err != nil {
		return 0
	}
	defer locks.Close()
	inode := fmt.Sprintf(":%d", st.Ino)
	for lines := bufio.NewScanner(locks); lines.Scan(); {
		// 1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF
		var kind, mode, access, file string
		var number, pid int
		if n, _ := fmt.Sscanf(lines.Text(), "%d: %s %s %s %d %s", &number, &kind, &mode, &access, &pid, &file); n == 6 &&
			kind == "FLOCK" && strings.HasSuffix(file, inode) {
			return pid
		}
	}
	return 0
}

// isNotFolder reports that a parent of a path is a file.
func isNotFolder(err error) bool { return errors.Is(err, unix.ENOTDIR) }
