//go:build darwin || dragonfly || freebsd || linux || openbsd

package badger

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// freeSpace returns the bytes this process may still write to the file system of path.
func freeSpace(path string) (uint64, error) {
	var s unix.Statfs_t
	for {
		switch err := unix.Statfs(path, &s); err {
		case nil:
			return available(&s), nil
		case unix.EINTR:
		default:
			return 0, err
		}
	}
}

// allocated returns the bytes a file has on disk; its length would count the
// holes of sparse files.
func allocated(fi fs.FileInfo) int64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return int64(st.Blocks) * 512
	}
	return fi.Size()
}
