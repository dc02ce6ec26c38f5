//go:build unix

package command_test

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/virgadb/virga/cmd/virga/command"
	"github.com/virgadb/virga/internal/trial"
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

// TestExportAskedToEnd sends exports a signal while they write: nothing of them is left.
func TestExportAskedToEnd(t *testing.T) {
	db := path(t)
	run(t, numbered(30_000), "import", db, "rows").want(t, command.Done, "imported 30000\n", "")
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		file := filepath.Join(t.TempDir(), "x")
		for end := time.Now().Add(trial.Patience); !endsInOrder(t, db, file, sig); {
			if time.Now().After(end) {
				t.Fatalf("%v: no export was asked to end before it was done", sig)
			}
		}
	}
}

// endsInOrder signals an export once it has begun its file, and reports false when it was
// done before it heard of that.
func endsInOrder(t *testing.T, db, file string, sig syscall.Signal) bool {
	t.Helper()
	cmd := process(t, "export", db, "rows", "-o", file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	left := func() []string {
		names, err := filepath.Glob(file + "*")
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	for end := time.Now().Add(trial.Patience); len(left()) == 0 && time.Now().Before(end); {
		time.Sleep(100 * time.Microsecond)
	}
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	if err == nil {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		return false
	}
	if names := left(); cmd.ProcessState.ExitCode() != command.Failed || len(names) > 0 {
		t.Errorf("%v: %v, and %v is left", sig, err, names)
	}
	return true
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
