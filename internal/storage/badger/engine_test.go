package badger_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/badger"
)

// wantErr checks that err has the reason and says each of the words.
func wantErr(t *testing.T, err, reason error, words ...string) {
	t.Helper()
	if !errors.Is(err, reason) {
		t.Fatalf("error %v, want %v", err, reason)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func TestOpenCreatesParents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "c.virga")
	e := open(t, path, badger.Options{})
	apply(t, e, set("k", "v"))
	must(t, e.Close())
	must(t, e.Close()) // twice is once
	if got := get(t, open(t, path, badger.Options{ReadOnly: true}), "k"); got != "v" {
		t.Errorf("got %s", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, []byte("mine"), 0o666))

	_, err := badger.Open("", badger.Options{})
	wantErr(t, err, fault.ErrInvalid)
	_, err = badger.Open(filepath.Join(dir, "none"), badger.Options{ReadOnly: true})
	wantErr(t, err, fault.ErrNotFound, "none")
	_, err = badger.Open(file, badger.Options{})
	wantErr(t, err, fault.ErrInvalid, file, "file")
	_, err = badger.Open(filepath.Join(file, "below"), badger.Options{})
	wantErr(t, err, fault.ErrInvalid, file)
	_, err = badger.Open(dir, badger.Options{MemTableSize: 1})
	wantErr(t, err, fault.ErrInvalid)

	for _, readOnly := range []bool{false, true} {
		_, err = badger.Open(dir, badger.Options{ReadOnly: readOnly})
		wantErr(t, err, fault.ErrInvalid, dir, "file")
	}
	if names := names(t, dir); !slices.Equal(names, []string{"file"}) {
		t.Errorf("the folder now holds %v", names)
	}

	empty := t.TempDir()
	_, err = badger.Open(empty, badger.Options{ReadOnly: true})
	wantErr(t, err, fault.ErrNotFound, empty)
	if names := names(t, empty); len(names) > 0 {
		t.Errorf("opening read-only made %v", names)
	}
}

func TestOpenUnwritableFolder(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o555))
	if probe := filepath.Join(dir, "probe"); os.WriteFile(probe, nil, 0o666) == nil {
		os.Remove(probe)
		t.Skip("this user may write to every folder")
	}
	_, err := badger.Open(dir, badger.Options{})
	wantErr(t, err, fs.ErrPermission, dir)
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	e := open(t, path, badger.Options{})
	self := fmt.Sprint(os.Getpid())
	for _, readOnly := range []bool{false, true} {
		_, err := badger.Open(path, badger.Options{ReadOnly: readOnly})
		wantErr(t, err, fault.ErrLocked, path, self)
	}
	must(t, e.Close())

	a := open(t, path, badger.Options{ReadOnly: true})
	b := open(t, path, badger.Options{ReadOnly: true})
	_, err := badger.Open(path, badger.Options{})
	wantErr(t, err, fault.ErrLocked, path)
	must(t, a.Close())
	_, err = badger.Open(path, badger.Options{})
	wantErr(t, err, fault.ErrLocked, path)
	must(t, b.Close())
	must(t, open(t, path, badger.Options{}).Close())
}

func TestLockOfAnotherProcess(t *testing.T) {
	for _, mode := range []string{"write", "readonly"} {
		t.Run(mode, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "db")
			must(t, open(t, path, badger.Options{}).Close())
			cmd := child(t, "hold", path, mode)
			in, err := cmd.StdinPipe()
			must(t, err)
			out, err := cmd.StdoutPipe()
			must(t, err)
			must(t, cmd.Start())
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
				t.Fatalf("child: %q, %v", line, err)
			}
			_, err = badger.Open(path, badger.Options{})
			wantErr(t, err, fault.ErrLocked, path, fmt.Sprint(cmd.Process.Pid))
			if mode == "readonly" {
				must(t, open(t, path, badger.Options{ReadOnly: true}).Close())
			}
			in.Close()
			must(t, cmd.Wait())
			must(t, open(t, path, badger.Options{}).Close())
		})
	}
}

// holdOpen is the child of TestLockOfAnotherProcess: it lets go when its input ends.
func holdOpen(path string, readOnly bool) {
	e, err := badger.Open(path, badger.Options{ReadOnly: readOnly})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("open")
	bufio.NewReader(os.Stdin).ReadString('\n')
	e.Close()
}

func TestReadOnlyWritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	e := open(t, path, small)
	for i := range 3000 {
		apply(t, e, set(fmt.Sprintf("k%05d", i), strings.Repeat("v", 300)))
	}
	must(t, e.Close())
	before := contents(t, path)
	o := small
	o.ReadOnly = true
	e = open(t, path, o)
	if e.Version() != 3000 || e.Unclean() {
		t.Errorf("version %d, unclean %t", e.Version(), e.Unclean())
	}
	if got := get(t, e, "k02999"); len(got) != 300 {
		t.Errorf("got %q", got)
	}
	wantErr(t, e.Apply(3001, nil, true), fault.ErrReadOnly, path)
	wantErr(t, e.Compact(context.Background()), fault.ErrReadOnly)
	wantErr(t, e.Rebuilt(), fault.ErrReadOnly)
	must(t, e.Sync())
	must(t, e.Verify(context.Background()))
	e.Retire(3000)
	must(t, e.Close())
	if !maps.Equal(before, contents(t, path)) {
		t.Error("the files have changed")
	}
}

// contents returns what each file of a folder holds and when it was written.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	m := map[string]string{}
	for _, name := range names(t, dir) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		fi, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		m[name] = fmt.Sprintf("%s %d %x", fi.ModTime(), len(b), crc32.ChecksumIEEE(b))
	}
	return m
}

func TestClosed(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "db"), badger.Options{})
	apply(t, e, set("k", "v"))
	v := e.View()
	must(t, e.Close())
	_, err := v.Get([]byte("k"))
	wantErr(t, err, fault.ErrClosed)
	c := v.Scan(storage.Range{}, storage.ScanOptions{})
	if c.Next() || !errors.Is(c.Err(), fault.ErrClosed) {
		t.Errorf("cursor: %v", c.Err())
	}
	c.Close()
	wantErr(t, e.Apply(2, nil, false), fault.ErrClosed)
	wantErr(t, e.Sync(), fault.ErrClosed)
	wantErr(t, e.Verify(context.Background()), fault.ErrClosed)
	wantErr(t, e.Compact(context.Background()), fault.ErrClosed)
	e.Retire(1)
}

func TestTooLarge(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "db"), small)
	many := make([]storage.Write, small.MemTableSize*15/100/96)
	for i := range many {
		many[i] = set(fmt.Sprint(i), "")
	}
	for _, writes := range [][]storage.Write{
		{set("k", strings.Repeat("v", 80<<10))},
		{set("a", strings.Repeat("v", 40<<10)), set("b", strings.Repeat("v", 40<<10))},
		{set(strings.Repeat("k", 65001), "v")},
		{set("!badger!", "v")},
		{set("", "v")},
		many,
	} {
		err := e.Apply(1, writes, false)
		if !errors.Is(err, fault.ErrTooLarge) && !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%d writes: %v", len(writes), err)
		}
	}
	wantErr(t, e.Apply(7, nil, false), fault.ErrInternal)
	apply(t, e, set("k", "v"))
	if got := get(t, e, "k"); got != "v" || e.Version() != 1 {
		t.Errorf("got %s, version %d", got, e.Version())
	}
}

// TestLimits holds the engine to what the contract promises for every batch.
func TestLimits(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "db"), badger.Options{})
	many := make([]storage.Write, storage.MaxBatchKeys)
	for i := range many {
		many[i] = set(fmt.Sprintf("k%06d", i), "")
	}
	apply(t, e, many...)
	var big []storage.Write
	for size := 0; size+512<<10+20 < storage.MaxBatchBytes; size += 512<<10 + 20 {
		big = append(big, set(fmt.Sprintf("b%06d", len(big)), strings.Repeat("v", 512<<10)))
	}
	apply(t, e, big...)
	if got := get(t, e, "b000003"); len(got) != 512<<10 {
		t.Errorf("got %d bytes", len(got))
	}
}

// TestVersionSurvives checks that a version is never given out twice: not when all
// that is left of the newest batches are deletions that a compaction drops.
func TestVersionSurvives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	e := open(t, path, small)
	for i := range 500 {
		apply(t, e, set(fmt.Sprint("k", i), strings.Repeat("v", 100)))
	}
	for i := range 500 {
		apply(t, e, del(fmt.Sprint("k", i)))
	}
	apply(t, e)
	e.Retire(e.Version())
	must(t, e.Compact(context.Background()))
	must(t, e.Close())
	e = open(t, path, small)
	if e.Version() != 1001 {
		t.Errorf("version %d, want 1001", e.Version())
	}
	c := e.View().Scan(storage.Range{}, storage.ScanOptions{})
	defer c.Close()
	if c.Next() {
		t.Errorf("key %q is left", c.Key())
	}
}

// checkView compares a view with what it must show, by scans of all kinds.
func checkView(t *testing.T, rnd *rand.Rand, v storage.View, want map[string]string) {
	t.Helper()
	lo, hi := fmt.Sprintf("k%03d", rnd.IntN(200)), fmt.Sprintf("k%03d", 100+rnd.IntN(200))
	for _, r := range []storage.Range{{}, {Lo: []byte(lo), Hi: []byte(hi)}, {Lo: []byte("k1"), Hi: []byte("k2")}} {
		var keys []string
		for k := range want {
			if k >= string(r.Lo) && (r.Hi == nil || k < string(r.Hi)) {
				keys = append(keys, k)
			}
		}
		slices.Sort(keys)
		for _, reverse := range []bool{false, true} {
			var got []string
			c := v.Scan(r, storage.ScanOptions{Reverse: reverse})
			for c.Next() {
				got = append(got, string(c.Key()))
				if string(c.Value()) != want[string(c.Key())] {
					t.Fatalf("key %s: %.20q, want %.20q", c.Key(), c.Value(), want[string(c.Key())])
				}
			}
			must(t, c.Err())
			c.Close()
			if reverse {
				slices.Reverse(got)
			}
			if !slices.Equal(got, keys) {
				t.Fatalf("range %q, reverse %t: %v, want %v", r, reverse, got, keys)
			}
		}
	}
	for k, value := range want {
		if entry, err := v.Get([]byte(k)); err != nil || string(entry.Value) != value {
			t.Fatalf("key %s: %.20q, %v, want %.20q", k, entry.Value, err, value)
		}
	}
}
