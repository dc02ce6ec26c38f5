//go:build !unix

package bench

import (
	"io/fs"
	"time"
)

// cpuTime returns zero: nothing is known of it here.
func cpuTime() time.Duration { return 0 }

// allocated returns the length of a file.
func allocated(info fs.FileInfo) int64 { return info.Size() }
