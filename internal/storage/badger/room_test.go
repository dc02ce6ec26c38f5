package badger_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/badger"
)

func TestFull(t *testing.T) {
	free := uint64(1 << 30)
	o := badger.Options{MemTableSize: 4 << 20} // so long that no table needs room
	o.Free = func(string) (uint64, error) { return free, nil }
	path := filepath.Join(t.TempDir(), "db")
	e := open(t, path, o)
	apply(t, e, set("a", "1"))

	free = uint64(4*o.MemTableSize) + 100
	for i := 0; ; i++ { // the plenty of the last look is believed for a while
		err := e.Apply(e.Version()+1, []storage.Write{set("b", strings.Repeat("v", 10_000))}, true)
		if err != nil {
			wantErr(t, err, fault.ErrFull, path)
			break
		}
		if i > 200 {
			t.Fatal("2 MB were let in")
		}
	}
	last := e.Version()
	apply(t, e, set("a", "2")) // there is room for this one
	if e.Version() != last+1 || get(t, e, "a") != "2" {
		t.Errorf("version %d, a %s", e.Version(), get(t, e, "a"))
	}
	free = 1 << 30
	apply(t, e, set("a", strings.Repeat("v", 10_000)))

	must(t, e.Close())
	free = uint64(o.MemTableSize)
	_, err := badger.Open(path, o)
	wantErr(t, err, fault.ErrFull, path)
	o.ReadOnly = true
	must(t, open(t, path, o).Close())

	o.ReadOnly = false
	o.Free = func(string) (uint64, error) { return 0, errors.New("no answer") }
	if _, err := badger.Open(path, o); err == nil || !strings.Contains(err.Error(), "no answer") {
		t.Errorf("error %v", err)
	}
}

// TestFullDisk fills a real, small disk from another process: were it to fill up,
// the machine would kill the writer.
func TestFullDisk(t *testing.T) {
	disk := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("no small file system to fill: mount tmpfs: %v: %s", err, out)
	}
	defer exec.Command("umount", disk).Run()
	ballast := filepath.Join(disk, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 4<<20), 0o666))
	path := filepath.Join(disk, "db")

	first := fillOne(t, path)
	again := fillOne(t, path) // opens, and is full at once or soon
	must(t, os.Remove(ballast))
	more := fillOne(t, path)
	if first == 0 || again < first || more <= again {
		t.Errorf("%d, %d, then with space freed %d batches", first, again, more)
	}
	t.Logf("%d, %d, then with space freed %d batches", first, again, more)
}

// fillOne runs a writer until the disk is full and checks what it left.
func fillOne(t *testing.T, path string) (acknowledged uint64) {
	t.Helper()
	cmd := child(t, "fill", path)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, err := fmt.Sscan(lines.Text(), &acknowledged); err != nil {
			t.Fatalf("child: %s", lines.Text())
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("writer: %v after %d batches", err, acknowledged)
	}
	o := small
	o.ReadOnly = true
	e, err := badger.Open(path, o)
	must(t, err)
	defer e.Close()
	if e.Version() != acknowledged {
		t.Fatalf("version %d, acknowledged were %d", e.Version(), acknowledged)
	}
	v := e.View()
	defer v.Release()
	for i := range acknowledged {
		entry, err := v.Get(fillKey(i + 1))
		if err != nil || len(entry.Value) != 3000 {
			t.Fatalf("batch %d: %d bytes, %v", i+1, len(entry.Value), err)
		}
	}
	return acknowledged
}

func fillKey(version uint64) []byte { return fmt.Append(nil, version*0x9e3779b97f4a7c15, version) }

// fillDisk is the child of TestFullDisk: it writes until the disk is full and ends
// well, which it can only do if nothing has killed it.
func fillDisk(path string) {
	fail := func(err error) {
		fmt.Println(err)
		os.Exit(1)
	}
	e, err := badger.Open(path, small)
	if err != nil {
		fail(err)
	}
	for {
		version := e.Version() + 1
		err := e.Apply(version, []storage.Write{{Key: fillKey(version), Value: make([]byte, 3000)}}, version%50 == 0)
		if errors.Is(err, fault.ErrFull) {
			break
		}
		if err != nil {
			fail(err)
		}
		e.Retire(version)
	}
	fmt.Println(e.Version())
	if err := e.Close(); err != nil {
		fail(err)
	}
}
