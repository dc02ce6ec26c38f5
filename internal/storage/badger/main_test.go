package badger_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/badger"
	"github.com/virgadb/virga/internal/storage/storagetest"
)

// childEnv names the part this binary plays when a test has started it again.
const childEnv = "VIRGA_BADGER_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "":
		goleak.VerifyTestMain(m)
	case "write":
		writeUntilKilled(os.Args[1], os.Args[2])
	case "hold":
		holdOpen(os.Args[1], os.Args[2] == "readonly")
	case "fill":
		fillDisk(os.Args[1])
	}
}

// child starts this binary in the part given.
func child(t *testing.T, part string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), childEnv+"="+part)
	cmd.Stderr = os.Stderr
	return cmd
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, path string, o badger.Options) *badger.Engine {
	t.Helper()
	e, err := badger.Open(path, o)
	must(t, err)
	t.Cleanup(func() { e.Close() })
	return e
}

// small are options for tests that want tables to be written often.
var small = badger.Options{MemTableSize: 512 << 10}

func set(key string, value any) storage.Write {
	return storage.Write{Key: []byte(key), Value: fmt.Append(nil, value)}
}

func del(key string) storage.Write { return storage.Write{Key: []byte(key), Delete: true} }

func apply(t testing.TB, e *badger.Engine, writes ...storage.Write) {
	t.Helper()
	must(t, e.Apply(e.Version()+1, writes, false))
}

func get(t testing.TB, e *badger.Engine, key string) string {
	t.Helper()
	v := e.View()
	defer v.Release()
	entry, err := v.Get([]byte(key))
	must(t, err)
	if entry.Value == nil {
		return "<none>"
	}
	return string(entry.Value)
}

func TestExam(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) func() storage.Engine {
		path := filepath.Join(t.TempDir(), "db")
		return func() storage.Engine {
			e, err := badger.Open(path, badger.Options{})
			must(t, err)
			return e
		}
	})
}
