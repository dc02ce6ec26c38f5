//go:build unix

package command_test

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/virgadb/virga/cmd/virga/command"
)

// What is no file must not be replaced by one: it may be a device.
func TestExportToWhatIsNoFile(t *testing.T) {
	db := shop(t)
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	// Open for both, a pipe waits for nobody, and holds more than is written here.
	r, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	run(t, "", "export", db, "products", "-o", pipe).want(t, command.Done, "", "")
	if info, err := os.Stat(pipe); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Fatalf("the pipe is %v, %v", info.Mode(), err)
	}
	got := make([]byte, len(tea))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != tea {
		t.Errorf("through the pipe: %q, %v", got, err)
	}
	dir := t.TempDir()
	run(t, "", "export", db, "products", "-o", dir).want(t, command.Failed, "", "is a directory")
	if left, err := filepath.Glob(dir + ".part*"); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

func TestExportThroughLink(t *testing.T) {
	db := shop(t)
	file, link := filepath.Join(t.TempDir(), "file"), filepath.Join(t.TempDir(), "link")
	if err := os.WriteFile(file, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	run(t, "", "export", db, "products", "-o", link).want(t, command.Done, "", "")
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info.Mode(), err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != tea {
		t.Errorf("behind the link: %q, %v", text, err)
	}
}
