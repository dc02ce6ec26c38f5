package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/memory"
	"github.com/virgadb/virga/internal/storage/storagetest"
)

// mirrorOptions mirror the regions of "d" and, before those, of "i". A value that
// begins with "bad" does not pass.
func mirrorOptions(limit int64) storage.Options {
	return storage.Options{Durability: storage.Fast, Mirror: storage.MirrorOptions{
		Limit: limit,
		Class: func(first byte) (bool, int) { return first == 'd' || first == 'i', int(first - 'd') },
		Check: func(_, value []byte) error {
			if bytes.HasPrefix(value, []byte("bad")) {
				return errors.New("a bad value")
			}
			return nil
		},
	}}
}

// counted is an engine that is no tree, with the calls it gets.
type counted struct {
	gets, nexts atomic.Int64
	slow        bool // as over what is removed: only slow scans learn
}

func (n *counted) engine() storage.Engine {
	return storagetest.Faulty(memory.Open(memory.Options{}), n.plan)
}

func (n *counted) plan(c storagetest.Call) error {
	switch {
	case c.After:
	case c.Op == storagetest.Get:
		n.gets.Add(1)
	case c.Op == storagetest.Next:
		if n.nexts.Add(1); n.slow {
			time.Sleep(300 * time.Microsecond)
		}
	}
	return nil
}

func (n *counted) calls() int64 { return n.gets.Load() + n.nexts.Load() }

// openMirrored opens a store that is verified at the end.
func openMirrored(t *testing.T, e storage.Engine, o storage.Options) *storage.Store {
	t.Helper()
	s := open(t, storagetest.Strict(t, e), o)
	t.Cleanup(func() {
		if err := s.Verify(context.Background()); err != nil && !errors.Is(err, fault.ErrClosed) {
			t.Errorf("verify: %v", err)
		}
	})
	return s
}

// regionKey returns a key of region n of a space.
func regionKey(space byte, n int, format string, args ...any) []byte {
	return fmt.Appendf([]byte{space, 0, 0, 0, byte(n)}, format, args...)
}

func regionRange(space byte, n int) storage.Range {
	return storage.Range{Lo: regionKey(space, n, ""), Hi: regionKey(space, n+1, "")}
}

// fillRegion sets n keys of 6 bytes beside the prefix, with values of that size.
func fillRegion(t *testing.T, s *storage.Store, space byte, region, n, size int) {
	t.Helper()
	for from := 0; from < n; from += 1000 {
		var writes []storage.Write
		for i := from; i < min(n, from+1000); i++ {
			writes = append(writes, storage.Write{Key: regionKey(space, region, "%06d", i), Value: bytes.Repeat([]byte{byte(i)}, size)})
		}
		must(t, commit(s, writes...))
	}
}

// readAll walks a range of the newest state and returns its keys and values.
func readAll(t *testing.T, s *storage.Store, r storage.Range, o storage.ScanOptions) (list []string) {
	t.Helper()
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	c := snap.Scan(r, o)
	defer c.Close()
	for c.Next() {
		list = append(list, fmt.Sprintf("%x=%x@%d", c.Key(), c.Own(), c.Version()))
	}
	must(t, c.Err())
	return list
}

func mirroredNow(t *testing.T, s *storage.Store, space byte, region int) bool {
	t.Helper()
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	return snap.Mirrored(regionKey(space, region, ""))
}

// mirror reads a region until it is mirrored.
func mirror(t *testing.T, s *storage.Store, space byte, region int) {
	t.Helper()
	eventually(t, fmt.Sprintf("mirror of %c%d", space, region), func() bool {
		readAll(t, s, regionRange(space, region), storage.ScanOptions{KeysOnly: true})
		return mirroredNow(t, s, space, region)
	})
}

func TestMirrorServes(t *testing.T) {
	var n counted
	s := openMirrored(t, n.engine(), mirrorOptions(1<<20))
	fillRegion(t, s, 'd', 1, 500, 20)
	fillRegion(t, s, 'd', 2, 10, 20)
	ranges := []storage.Range{
		regionRange('d', 1),
		{Lo: regionKey('d', 1, "000100"), Hi: regionKey('d', 1, "000200")},
		{Lo: regionKey('d', 1, "0001"), Hi: []byte{'d', 0, 0, 0, 2}},
		{Lo: regionKey('d', 1, "z"), Hi: regionKey('d', 1, "a")},
		{Lo: regionKey('d', 1, "000490"), Hi: regionKey('d', 2, "000005")}, // of two regions
		{Lo: regionKey('d', 1, "000490")},
		{Lo: []byte("d"), Hi: []byte("e")},
	}
	options := []storage.ScanOptions{{}, {Reverse: true}, {KeysOnly: true}, {Reverse: true, KeysOnly: true}}
	var want [][]string
	for _, r := range ranges {
		for _, o := range options {
			want = append(want, readAll(t, s, r, o))
		}
	}
	mirror(t, s, 'd', 1)
	before := n.calls()
	for i, r := range ranges {
		for j, o := range options {
			if got := readAll(t, s, r, o); !slices.Equal(got, want[i*len(options)+j]) {
				t.Errorf("scan %x %+v: %d entries, want %d", r, o, len(got), len(want[i*len(options)+j]))
			}
		}
		if touched := n.calls() != before; touched != (i > 3) {
			t.Errorf("scan of %x: the engine was asked: %v", r, touched)
		}
	}
	must(t, commit(s, set(string(regionKey('d', 1, "000007")), []byte("new")), storage.Write{Key: regionKey('d', 1, "000008"), Delete: true}))
	before = n.calls()
	snap, err := s.Snapshot()
	must(t, err)
	for i, value := range map[int]string{7: "new", 8: "", 9: strings.Repeat("\x09", 20)} {
		e, err := snap.Get(regionKey('d', 1, "%06d", i))
		must(t, err)
		if string(e.Value) != value || (e.Value != nil) != (value != "") || e.Checked != (value != "") {
			t.Errorf("key %d is %q, checked %v", i, e.Value, e.Checked)
		}
	}
	values := make([][]byte, 3)
	if !snap.Peek([][]byte{regionKey('d', 1, "000007"), regionKey('d', 1, "000008"), regionKey('d', 1, "000009")}, values) ||
		string(values[0]) != "new" || values[1] != nil || string(values[2]) != strings.Repeat("\x09", 20) {
		t.Errorf("a peek finds %q", values)
	}
	if n.calls() != before {
		t.Error("a mirrored key was read from the engine")
	}
	snap.Release()
	if _, err := snap.Get(regionKey('d', 1, "000009")); !errors.Is(err, fault.ErrClosed) {
		t.Errorf("get after release: %v", err)
	}
	list := s.Mirrors()
	if len(list) != 1 || list[0].Entries != 499 || list[0].Bytes != s.Stats().Mirrors || list[0].Bytes < 499*31 {
		t.Errorf("mirrors %+v, %d bytes", list, s.Stats().Mirrors)
	}
}

func TestMirrorByKeys(t *testing.T) {
	s := openMirrored(t, new(counted).engine(), mirrorOptions(1<<20))
	fillRegion(t, s, 'd', 1, 10, 20)
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	for range 7 {
		_, err := snap.Get(regionKey('d', 1, "000003"))
		must(t, err)
	}
	if len(s.Mirrors()) != 0 {
		t.Error("loaded after few reads")
	}
	eventually(t, "mirror", func() bool {
		_, err := snap.Get(regionKey('d', 1, "000003"))
		must(t, err)
		return mirroredNow(t, s, 'd', 1)
	})
	if snap.Mirrored(regionKey('d', 1, "")) {
		t.Error("an older snapshot has changed")
	}
}

func TestMirrorNone(t *testing.T) {
	for name, s := range map[string]*storage.Store{
		"resident": open(t, memory.Open(memory.Options{}), mirrorOptions(1<<20)),
		"no limit": open(t, new(counted).engine(), mirrorOptions(0)),
		"no class": open(t, new(counted).engine(), storage.Options{Mirror: storage.MirrorOptions{Limit: 1 << 20}}),
	} {
		fillRegion(t, s, 'd', 1, 10, 20)
		for range 100 {
			readAll(t, s, regionRange('d', 1), storage.ScanOptions{})
		}
		if len(s.Mirrors()) != 0 || mirroredNow(t, s, 'd', 1) {
			t.Errorf("%s: something is mirrored", name)
		}
	}
}

func TestMirrorLargeValue(t *testing.T) {
	s := openMirrored(t, new(counted).engine(), mirrorOptions(1<<20))
	k := string(regionKey('d', 1, "large"))
	check := func(what string, want []byte) {
		t.Helper()
		snap, err := s.Snapshot()
		must(t, err)
		defer snap.Release()
		e, err := snap.Get([]byte(k))
		must(t, err)
		c := snap.Scan(regionRange('d', 1), storage.ScanOptions{})
		defer c.Close()
		if !c.Next() || !bytes.Equal(c.Own(), want) || !bytes.Equal(e.Value, want) || e.Parts != c.Parts() || e.Parts == 0 || e.Checked || c.Checked() {
			t.Errorf("%s: %d and %d bytes, parts %d and %d", what, len(e.Value), len(c.Value()), e.Parts, c.Parts())
		}
	}
	must(t, commit(s, set(k, large(1, 3))))
	check("in the engine", large(1, 3))
	mirror(t, s, 'd', 1)
	check("loaded", large(1, 3))
	snap, err := s.Snapshot()
	must(t, err)
	e, err := snap.Get([]byte(k))
	must(t, err)
	must(t, commit(s, storage.Write{Key: []byte(k), Value: large(2, 2), Replaces: e.Parts}))
	if old, err := snap.Get([]byte(k)); err != nil || !bytes.Equal(old.Value, large(1, 3)) {
		t.Errorf("older snapshot: %d bytes, %v", len(old.Value), err)
	}
	snap.Release()
	check("written", large(2, 2))
	must(t, commit(s, set(string(regionKey('d', 1, "plain")), []byte("\xc1marker"))))
	if got, _ := get(t, s, string(regionKey('d', 1, "plain"))); string(got) != "\xc1marker" {
		t.Errorf("a value that begins as a wrapped one does: %q", got)
	}
	if st := s.Stats().Mirrors; st > 1000 {
		t.Errorf("%d bytes counted for two heads", st)
	}
}

func TestMirrorForgets(t *testing.T) {
	s := openMirrored(t, new(counted).engine(), mirrorOptions(1<<20))
	for region := 1; region <= 3; region++ {
		fillRegion(t, s, 'd', region, 50, 20)
		mirror(t, s, 'd', region)
	}
	old, err := s.Snapshot()
	must(t, err)
	// As documents are dropped: the end is the shortest key behind the region.
	_, err = s.Commit(context.Background(), &storage.Request{Garbage: []storage.Range{regionRange('d', 1), {Lo: regionKey('d', 2, "000010"), Hi: regionKey('d', 2, "000020")}}})
	must(t, err)
	if len(s.Mirrors()) != 2 || mirroredNow(t, s, 'd', 1) {
		t.Errorf("mirrors %+v", s.Mirrors())
	}
	if !old.Mirrored(regionKey('d', 1, "")) || count(t, old, regionRange('d', 1)) != 50 {
		t.Error("the older snapshot has lost what was dropped behind it")
	}
	for range 100 { // through the engine, by a snapshot that may
		must(t, walkRange(old, regionRange('d', 1)))
	}
	if len(s.Mirrors()) != 2 {
		t.Errorf("what is dropped is mirrored again: %+v", s.Mirrors())
	}
	old.Release()
	eventually(t, "sweep", func() bool { return s.Stats().Garbage == 0 })
	if got := len(readAll(t, s, regionRange('d', 2), storage.ScanOptions{})); got != 40 {
		t.Errorf("%d keys beside the swept ones, want 40", got)
	}
}

func walkRange(snap *storage.Snapshot, r storage.Range) error {
	c := snap.Scan(r, storage.ScanOptions{})
	defer c.Close()
	for c.Next() {
	}
	return c.Err()
}

func count(t *testing.T, snap *storage.Snapshot, r storage.Range) (n int) {
	t.Helper()
	c := snap.Scan(r, storage.ScanOptions{KeysOnly: true})
	defer c.Close()
	for c.Next() {
		n++
	}
	must(t, c.Err())
	return n
}

// logged collects what a store logs.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) contains(what string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), what)
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func TestMirrorChecks(t *testing.T) {
	var log logged
	o := mirrorOptions(1 << 20)
	o.Logger = log.logger()
	s := openMirrored(t, new(counted).engine(), o)
	bad := set(string(regionKey('d', 1, "000003")), []byte("bad value"))
	fillRegion(t, s, 'd', 1, 10, 20)
	fillRegion(t, s, 'd', 2, 10, 20)
	must(t, commit(s, bad))
	eventually(t, "complaint", func() bool {
		readAll(t, s, regionRange('d', 1), storage.ScanOptions{})
		return log.contains("a bad value")
	})
	mirror(t, s, 'd', 2)
	bad.Key = regionKey('d', 2, "000004")
	must(t, commit(s, bad))
	for range 2000 {
		readAll(t, s, storage.Range{Lo: bad.Key, Hi: regionKey('d', 2, "000005")}, storage.ScanOptions{})
	}
	if len(s.Mirrors()) != 0 || s.Stats().Mirrors != 0 {
		t.Errorf("mirrors %+v, %d bytes", s.Mirrors(), s.Stats().Mirrors)
	}
	if got, _ := get(t, s, string(bad.Key)); string(got) != "bad value" {
		t.Errorf("got %q", got)
	}
}

func TestMirrorLoadFault(t *testing.T) {
	errDisk := errors.New("disk on fire")
	var log logged
	var failing atomic.Bool
	o := mirrorOptions(1 << 20)
	o.Logger = log.logger()
	s := openMirrored(t, storagetest.Faulty(memory.Open(memory.Options{}), func(c storagetest.Call) error {
		if c.Op == storagetest.Next && !c.After && failing.Load() {
			return errDisk
		}
		return nil
	}), o)
	fillRegion(t, s, 'd', 1, 1000, 20)
	failing.Store(true)
	snap, err := s.Snapshot()
	must(t, err)
	defer snap.Release()
	if err := walkRange(snap, regionRange('d', 1)); !errors.Is(err, errDisk) {
		t.Errorf("scan: %v", err)
	}
	eventually(t, "complaint", func() bool { return log.contains("disk on fire") })
	failing.Store(false)
	if len(s.Mirrors()) != 0 || s.Stats().Mirrors != 0 {
		t.Errorf("mirrors %+v, %d bytes", s.Mirrors(), s.Stats().Mirrors)
	}
	if got := len(readAll(t, s, regionRange('d', 1), storage.ScanOptions{})); got != 1000 {
		t.Errorf("%d keys", got)
	}
	must(t, commit(s, set(string(regionKey('d', 1, "x")), []byte("y"))))
}

// lying is an engine that shows another value of one key when told to.
type lying struct {
	storage.Engine
	key []byte
	lie atomic.Bool
}

func (e *lying) View() storage.View { return lyingView{e.Engine.View(), e} }

type lyingView struct {
	storage.View
	engine *lying
}

func (v lyingView) Scan(r storage.Range, o storage.ScanOptions) storage.EngineCursor {
	return lyingCursor{v.View.Scan(r, o), v.engine}
}

type lyingCursor struct {
	storage.EngineCursor
	engine *lying
}

func (c lyingCursor) Value() []byte {
	if c.engine.lie.Load() && bytes.Equal(c.Key(), c.engine.key) {
		return []byte("lie")
	}
	return c.EngineCursor.Value()
}

func TestVerifyMirrors(t *testing.T) {
	e := &lying{Engine: memory.Open(memory.Options{}), key: regionKey('d', 1, "000005")}
	s := open(t, e, mirrorOptions(1<<20))
	fillRegion(t, s, 'd', 1, 10, 20)
	mirror(t, s, 'd', 1)
	must(t, s.Verify(context.Background()))
	e.lie.Store(true)
	err := s.Verify(context.Background())
	if !errors.Is(err, fault.ErrCorrupt) || !strings.Contains(err.Error(), fmt.Sprintf("%x", e.key)) {
		t.Errorf("verify: %v", err)
	}
}
