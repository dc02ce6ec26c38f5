//go:build darwin || dragonfly || freebsd || linux

package badger

import "golang.org/x/sys/unix"

func available(s *unix.Statfs_t) uint64 {
	return uint64(max(int64(s.Bavail), 0)) * uint64(s.Bsize)
}
