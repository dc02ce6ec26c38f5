package badger

import "golang.org/x/sys/unix"

func available(s *unix.Statfs_t) uint64 {
	return uint64(max(s.F_bavail, 0)) * uint64(s.F_bsize)
}
