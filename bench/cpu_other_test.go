//go:build !unix

package bench

import "time"

// cpuTime returns zero: nothing is known of it here.
func cpuTime() time.Duration { return 0 }
