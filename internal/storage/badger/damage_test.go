package badger_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/badger"
	"github.com/virgadb/virga/internal/trial"
)

// built returns the folder of a closed database of several tables.
func built(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "db")
	e := open(t, path, small)
	for i := range 100 {
		var writes []storage.Write
		for j := range 20 {
			writes = append(writes, set(fmt.Sprintf("k%03d%03d", i, j), strings.Repeat("v", 500)))
		}
		apply(t, e, writes...)
	}
	must(t, e.Close())
	return path
}

func matching(t *testing.T, path, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(path, pattern))
	must(t, err)
	if len(names) == 0 {
		t.Fatalf("no %s in %s", pattern, path)
	}
	return names
}

func TestDamage(t *testing.T) {
	cases := []struct {
		name   string
		damage func(t *testing.T, path string)
		reason error
		words  string
	}{
		{"manifest lost", func(t *testing.T, path string) {
			must(t, os.Remove(filepath.Join(path, "MANIFEST")))
		}, fault.ErrCorrupt, "MANIFEST"},
		{"manifest cut", func(t *testing.T, path string) {
			resize(t, filepath.Join(path, "MANIFEST"), -3)
		}, fault.ErrCorrupt, "MANIFEST"},
		{"manifest emptied", func(t *testing.T, path string) {
			must(t, os.Truncate(filepath.Join(path, "MANIFEST"), 0))
		}, fault.ErrCorrupt, "magic"},
		{"manifest of another version", func(t *testing.T, path string) {
			patch(t, filepath.Join(path, "MANIFEST"), 7, []byte{9})
		}, fault.ErrFormat, "version"},
		{"manifest garbled", func(t *testing.T, path string) {
			patch(t, filepath.Join(path, "MANIFEST"), 20, []byte{0xff, 0xff, 0xff})
		}, fault.ErrCorrupt, path("MANIFEST")},
		{"key registry cut", func(t *testing.T, path string) {
			must(t, os.Truncate(filepath.Join(path, "KEYREGISTRY"), 8))
		}, fault.ErrCorrupt, "sanity"},
		{"table lost", func(t *testing.T, path string) {
			must(t, os.Remove(matching(t, path, "*.sst")[0]))
		}, fault.ErrCorrupt, ".sst"},
		{"table cut", func(t *testing.T, path string) {
			resize(t, matching(t, path, "*.sst")[0], -1000)
		}, fault.ErrCorrupt, ".sst"},
		{"table emptied", func(t *testing.T, path string) {
			must(t, os.Truncate(matching(t, path, "*.sst")[0], 0))
		}, fault.ErrCorrupt, ".sst"},
		{"newer format", func(t *testing.T, path string) {
			rewriteState(t, path, "format 1", "format 2")
		}, fault.ErrFormat, "format 2"},
		{"state of something else", func(t *testing.T, path string) {
			must(t, os.WriteFile(filepath.Join(path, "STATE"), []byte("Kansas"), 0o666))
		}, fault.ErrInvalid, "STATE"},
		{"state lost", func(t *testing.T, path string) {
			must(t, os.Remove(filepath.Join(path, "STATE")))
		}, fault.ErrInvalid, "other files"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := built(t)
			c.damage(t, path)
			tables := matching(t, path, "*.sst")
			for _, readOnly := range []bool{true, false} {
				o := small
				o.ReadOnly = readOnly
				_, err := badger.Open(path, o)
				wantErr(t, err, c.reason, path, c.words)
			}
			if left := matching(t, path, "*.sst"); len(left) != len(tables) {
				t.Errorf("%d tables left of %d", len(left), len(tables))
			}
		})
	}
}

// path marks a word that is a part of every message: the manifest's errors have no
// words of their own for each kind of damage.
func path(string) string { return "database" }

func resize(t *testing.T, name string, by int64) {
	t.Helper()
	fi, err := os.Stat(name)
	must(t, err)
	must(t, os.Truncate(name, fi.Size()+by))
}

func patch(t *testing.T, name string, at int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	_, err = f.WriteAt(b, at)
	must(t, err)
}

// TestRandomDamage overwrites bytes of tables at random. Nothing may panic, and
// what Open lets pass Verify must find.
func TestRandomDamage(t *testing.T) {
	rnd := trial.Random(t)
	path := built(t)
	atOpen, byVerify, n := 0, 0, 40*trial.Effort()
	for range n {
		name := matching(t, path, "*.sst")[0]
		whole, err := os.ReadFile(name)
		must(t, err)
		broken := append([]byte(nil), whole...)
		for range 1 + rnd.IntN(4) {
			broken[rnd.IntN(len(broken))] ^= byte(1 + rnd.IntN(255))
		}
		must(t, os.WriteFile(name, broken, 0o666))
		o := small
		o.ReadOnly = true
		e, err := badger.Open(path, o)
		if err != nil {
			wantErr(t, err, fault.ErrCorrupt, path)
			atOpen++
		} else {
			readAll(t, rnd, e)
			if err := e.Verify(context.Background()); err != nil {
				wantErr(t, err, fault.ErrCorrupt, path, ".sst")
				byVerify++
			} else {
				t.Errorf("damage was not found")
			}
			must(t, e.Close())
		}
		must(t, os.WriteFile(name, whole, 0o666))
	}
	t.Logf("%d damaged tables: %d found at open, %d by Verify", n, atOpen, byVerify)
	must(t, open(t, path, small).Close())
}

func readAll(t *testing.T, rnd *rand.Rand, e *badger.Engine) {
	t.Helper()
	v := e.View()
	defer v.Release()
	for _, reverse := range []bool{false, true} {
		c := v.Scan(storage.Range{}, storage.ScanOptions{Reverse: reverse})
		for c.Next() {
			_, _ = c.Key(), c.Value()
		}
		if err := c.Err(); err != nil {
			wantErr(t, err, fault.ErrCorrupt)
		}
		c.Close()
	}
	for range 100 {
		if _, err := v.Get(fmt.Appendf(nil, "k%03d%03d", rnd.IntN(100), rnd.IntN(20))); err != nil {
			wantErr(t, err, fault.ErrCorrupt)
		}
	}
}

// TestEmptyLogs opens what a process leaves that is killed between emptying a log
// and removing it, or between making one and giving it its size.
func TestEmptyLogs(t *testing.T) {
	path := built(t)
	for _, name := range []string{"00050.mem", "000050.vlog"} {
		must(t, os.WriteFile(filepath.Join(path, name), nil, 0o666))
	}
	e := open(t, path, small)
	if e.Version() != 100 || get(t, e, "k099019") == "<none>" {
		t.Errorf("version %d", e.Version())
	}
}

// TestInterruptedCreation opens a folder in which a database was begun.
func TestInterruptedCreation(t *testing.T) {
	for name, files := range map[string][]string{"lock": {"LOCK"}, "state": {"LOCK", "STATE"}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, f := range files {
				must(t, os.WriteFile(filepath.Join(dir, f), nil, 0o666))
			}
			e := open(t, dir, badger.Options{})
			if e.Unclean() {
				t.Error("an empty database is to be rebuilt")
			}
			apply(t, e, set("k", "v"))
			must(t, e.Close())
			must(t, open(t, dir, badger.Options{}).Close())
		})
	}
}

func TestReadOnlyAfterKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	killOne(t, dir, "fast", 100e6)
	before := contents(t, dir)
	_, err := badger.Open(dir, badger.Options{ReadOnly: true})
	wantErr(t, err, fault.ErrReadOnly, dir, "open it once for writing")
	for name, b := range contents(t, dir) {
		if before[name] != b {
			t.Errorf("%s has changed", name)
		}
	}
	must(t, open(t, dir, badger.Options{}).Close())
	must(t, open(t, dir, badger.Options{ReadOnly: true}).Close())
}

// TestUnclean plays a machine that went down: the id of its start in STATE is made
// another one.
func TestUnclean(t *testing.T) {
	for _, c := range []struct {
		mode    string
		reboot  bool
		unclean bool
	}{
		{"fast", true, true}, {"fast", false, false},
		{"sync", true, false}, {"sync", false, false},
	} {
		t.Run(fmt.Sprintf("%s, reboot %t", c.mode, c.reboot), func(t *testing.T) {
			if _, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); errors.Is(err, fs.ErrNotExist) {
				t.Skip("this machine does not tell its starts apart")
			}
			path := filepath.Join(t.TempDir(), "db")
			killOne(t, path, c.mode, 100e6)
			if c.reboot {
				rewriteState(t, path, `boot "`, `boot "x`)
			}
			for range 2 { // it stays so until somebody has done something about it
				e := open(t, path, small)
				if e.Unclean() != c.unclean {
					t.Fatalf("unclean %t, want %t", e.Unclean(), c.unclean)
				}
				must(t, e.Close())
			}
			e := open(t, path, small)
			must(t, e.Rebuilt())
			if e.Unclean() {
				t.Error("still unclean")
			}
			must(t, e.Close())
			if open(t, path, small).Unclean() {
				t.Error("unclean again")
			}
		})
	}
}

func TestUncleanTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	killOne(t, path, "fast", 100e6)
	killOne(t, path, "sync", 100e6) // what the first left may still not be durable
	rewriteState(t, path, `boot "`, `boot "x`)
	if !open(t, path, small).Unclean() {
		t.Error("taken for clean")
	}
}

func TestTornState(t *testing.T) {
	path := built(t)
	patch(t, filepath.Join(path, "STATE"), 30, []byte("????"))
	if !open(t, path, small).Unclean() {
		t.Error("taken for clean")
	}
}

// rewriteState changes the text of STATE and makes it whole again.
func rewriteState(t *testing.T, path, old, new string) {
	t.Helper()
	must(t, badger.RewriteState(path, func(text string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("no %q in %s", old, text)
		}
		return strings.Replace(text, old, new, 1)
	}))
}
