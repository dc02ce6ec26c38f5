package badger

import (
	"io/fs"

	"golang.org/x/sys/windows"
)

// freeSpace returns the bytes this process may still write to the volume of path.
func freeSpace(path string) (uint64, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	var free uint64
	err = windows.GetDiskFreeSpaceEx(name, &free, nil, nil)
	return free, err
}

func allocated(fi fs.FileInfo) int64 { return fi.Size() }
