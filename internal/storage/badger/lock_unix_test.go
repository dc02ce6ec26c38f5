//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package badger

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestUnlock: a lock goes when it is released, also while a process that is being
// started shares the file.
func TestUnlock(t *testing.T) {
	dir := t.TempDir()
	lock, err := lockFolder(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := unix.Dup(int(lock.f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(shared)
	lock.release()
	again, err := lockFolder(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	again.release()
}
