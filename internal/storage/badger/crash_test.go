package badger_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/badger"
	"github.com/virgadb/virga/internal/trial"
)

// TestKill kills a process that writes and looks at what it left: every batch it
// had acknowledged, whole, and none after one that is missing.
func TestKill(t *testing.T) {
	for _, mode := range []string{"sync", "interval", "fast"} {
		t.Run(mode, func(t *testing.T) {
			rnd := trial.Random(t)
			path := filepath.Join(t.TempDir(), "db")
			kills := 2 + trial.Effort()/2
			var acknowledged uint64
			for range kills {
				acknowledged = max(acknowledged, killOne(t, path, mode, time.Duration(20+rnd.IntN(180))*time.Millisecond))
				checkBatches(t, path, acknowledged)
			}
			t.Logf("%d kills, %d batches", kills, acknowledged)
		})
	}
}

// killOne starts a writer, kills it after d and returns the last version it
// acknowledged.
func killOne(t *testing.T, path, mode string, d time.Duration) (acknowledged uint64) {
	t.Helper()
	cmd := child(t, "write", path, mode)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); line != "open\n" {
		t.Fatalf("child: %q, %v", line, err)
	}
	time.AfterFunc(d, func() { cmd.Process.Kill() })
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line that is not whole was not acknowledged
		}
		n, err := strconv.ParseUint(strings.TrimSpace(line), 10, 64)
		if err != nil {
			t.Fatalf("child: %s", line)
		}
		acknowledged = n
	}
	cmd.Wait()
	return acknowledged
}

// batchKeys is how many keys each batch of the writer sets besides its own.
const batchKeys = 8

// writeUntilKilled is the child of TestKill. Every batch sets the same few keys, and
// one of its own, to its version, with enough bytes that tables are written.
func writeUntilKilled(path, mode string) {
	e, err := badger.Open(path, badger.Options{MemTableSize: 512 << 10})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("open")
	if mode == "interval" {
		go func() {
			for range time.Tick(10 * time.Millisecond) {
				e.Sync()
			}
		}()
	}
	for {
		version := e.Version() + 1
		writes := []storage.Write{{Key: batchKey(version), Value: stamp(version)}}
		for i := range batchKeys {
			writes = append(writes, storage.Write{Key: fmt.Append(nil, "shared", i), Value: stamp(version)})
		}
		if version > 100 {
			writes = append(writes, storage.Write{Key: batchKey(version - 100), Delete: true})
		}
		if err := e.Apply(version, writes, mode == "sync"); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		e.Retire(version)
		fmt.Println(version)
	}
}

func batchKey(version uint64) []byte { return fmt.Appendf(nil, "batch%012d", version) }

func stamp(version uint64) []byte {
	return append(binary.BigEndian.AppendUint64(nil, version), strings.Repeat("x", int(version*37%800))...)
}

// checkBatches opens the folder as a restarted process would.
func checkBatches(t *testing.T, path string, acknowledged uint64) {
	t.Helper()
	e, err := badger.Open(path, badger.Options{MemTableSize: 512 << 10})
	must(t, err)
	defer e.Close()
	if e.Unclean() {
		t.Error("a killed process costs a rebuild")
	}
	last := e.Version()
	if last < acknowledged || last > acknowledged+1 {
		t.Fatalf("version %d, acknowledged were %d", last, acknowledged)
	}
	v := e.View()
	defer v.Release()
	for i := range batchKeys {
		entry, err := v.Get(fmt.Append(nil, "shared", i))
		must(t, err)
		if entry.Version != last || string(entry.Value) != string(stamp(last)) {
			t.Errorf("key %d is of batch %d, of %d", i, entry.Version, last)
		}
	}
	c := v.Scan(storage.Range{Lo: []byte("batch"), Hi: []byte("batci")}, storage.ScanOptions{})
	defer c.Close()
	next := uint64(1)
	if last > 100 {
		next = last - 99
	}
	for ; c.Next(); next++ {
		if string(c.Key()) != string(batchKey(next)) || c.Version() != next || string(c.Value()) != string(stamp(next)) {
			t.Fatalf("key %s of version %d, want batch %d", c.Key(), c.Version(), next)
		}
	}
	must(t, c.Err())
	if next != last+1 {
		t.Errorf("batches end at %d, of %d", next-1, last)
	}
}
