package virga

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// holdChild opens a database and holds it until its input ends.
func holdChild() error {
	var options []Option
	if os.Getenv("VIRGA_HOLD") == "read" {
		options = append(options, ReadOnly())
	}
	db, err := Open(os.Getenv("VIRGA_HOLD_PATH"), options...)
	if err != nil {
		return err
	}
	n, err := db.Collection("c").Where(nil).Count(context.Background())
	if err != nil {
		return err
	}
	fmt.Println("holds", n)
	_, _ = io.Copy(io.Discard, os.Stdin)
	return db.Close()
}

// hold lets another process open a database, and returns its number and what ends it.
func hold(t *testing.T, path, how string) (pid int, end func()) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childVar+"=hold", "VIRGA_HOLD="+how, "VIRGA_HOLD_PATH="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "holds 1\n" {
		t.Errorf("the other process says %q, %v", line, err)
	}
	return cmd.Process.Pid, func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the other process: %v", err)
		}
	}
}

func TestTwoProcesses(t *testing.T) {
	path := t.TempDir()
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Collection("c").Doc(1).Set(ctx(), M{"v": 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), path) {
		t.Errorf("a second Open in this process: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	pid, end := hold(t, path, "write")
	locked(t, pid, path)
	locked(t, pid, path, ReadOnly())
	end()

	pid, end = hold(t, path, "read")
	locked(t, pid, path)
	reader, err := Open(path, ReadOnly())
	if err != nil {
		t.Fatalf("two readers: %v", err)
	}
	end()
	readOnly(t, reader)
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	openTest(t, path)
}

// locked checks that Open says who has the database, and does not wait for it.
func locked(t *testing.T, pid int, path string, options ...Option) {
	t.Helper()
	db, err := Open(path, options...)
	if err == nil {
		db.Close()
	}
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), strconv.Itoa(pid)) {
		t.Errorf("open: %v, want ErrLocked that names %s and process %d", err, path, pid)
	}
}

// readOnly checks that a database opened read-only reads and does not write.
func readOnly(t *testing.T, db *DB) {
	t.Helper()
	for name, call := range everyWrite(db) {
		if err := call(); !errors.Is(err, ErrReadOnly) {
			t.Errorf("%s: %v, want ErrReadOnly", name, err)
		}
	}
	if doc, err := db.Collection("c").Doc(1).Get(ctx()); err != nil || doc.String() != `{"_id":1,"v":1}` {
		t.Errorf("get: %v, %v", doc, err)
	}
	mustCheck(t, db)
}
