package badger

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/clock"
)

// TestWALFiles plays what Badger does with its logs between two syncs.
func TestWALFiles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("a sync goes through Badger here, and there is none in this test")
	}
	dir := t.TempDir()
	begin := func(n int) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d.mem", n)), []byte("log"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(n int) {
		t.Helper()
		if err := os.Remove(filepath.Join(dir, fmt.Sprintf("%05d.mem", n))); err != nil {
			t.Fatal(err)
		}
	}
	begin(7)
	later := clock.NewManual(time.Now().Add(time.Hour), 1)
	w, err := openWALs(dir, nil, later)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { w.close() }()
	check := func(what string, current int, older ...int) {
		t.Helper()
		if err := w.sync(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		fi, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Sorted(maps.Keys(w.synced)); w.number != current || !slices.Equal(got, older) {
			t.Errorf("%s: log %d, older ones synced %v, want %d and %v", what, w.number, got, current, older)
		}
		if !w.changed.Equal(fi.ModTime()) {
			t.Errorf("%s: the folder was not synced", what)
		}
		if name := w.current.Name(); filepath.Base(name) != fmt.Sprintf("%05d.mem", current) {
			t.Errorf("%s: syncs %s", what, name)
		}
	}
	check("one log", 7)
	begin(8)
	check("a second", 8, 7)
	begin(9)
	begin(10)
	check("two at once", 10, 7, 8, 9)
	remove(7)
	remove(8)
	check("tables written", 10, 7, 8, 9) // what is gone is forgotten at the next turn
	begin(11)
	check("another", 11, 9, 10)
	for n := 9; n <= 11; n++ {
		remove(n)
	}
	begin(14)
	check("all gone", 14)
	if err := os.WriteFile(filepath.Join(dir, "000001.sst"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	check("a table", 14)
}
